// SPDX-License-Identifier: Apache-2.0
#include "support/held_run.hpp"

#include "mysql/identifier.hpp"
#include "support/twin.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace doppel::test {
namespace {

constexpr std::chrono::seconds kStartLimit{60};
constexpr std::chrono::seconds kEventLimit{60};
constexpr std::chrono::seconds kEndLimit{120};

std::string last_part(const std::string& text) {
    constexpr std::size_t kBytes = 1'000;
    return text.size() > kBytes ? text.substr(text.size() - kBytes) : text;
}

}  // namespace

HeldRun::HeldRun(
    const Sandbox& sandbox,
    const std::string& schema,
    const std::string& statement,
    const std::vector<std::string>& options,
    const std::string& gate
)
    : control_(sandbox.connect()), gate_(sandbox.connect()) {
    gate_->execute("USE " + mysql::quote_identifier(schema));
    hold_start();
    const auto looks = [this] {
        return control_->query("SHOW GLOBAL STATUS LIKE 'Com_xa_recover'").rows.at(0).at(1);
    };
    const auto before = looks();
    std::vector<std::string> all = options;
    all.emplace_back("--no-native");
    all.emplace_back("--progress-interval=100ms");
    process_ =
        std::make_unique<Process>(sandbox.doppel_command(statement, all), sandbox.environment());
    const auto looked = [&] { return looks() != before || !process_->running(); };
    const bool ready = wait_until(looked, kStartLimit) && process_->running();
    if (ready) {
        gate_->execute("START TRANSACTION");
        gate_->execute(gate);
    }
    end_hold_of_start();
    const auto waits = [this] { return waiting_try() != "NULL" || !process_->running(); };
    if (!ready || !wait_until(waits, kStartLimit) || !process_->running()) {
        throw std::runtime_error(
            "the copy did not come to the held row: " + last_part(process_->out()) + process_->err()
        );
    }
}

HeldRun::~HeldRun() {
    try {
        end_hold_of_start();
    } catch (const std::exception&) {  // NOLINT: the sandbox goes anyway
    }
}

void HeldRun::hold_start() {
    // None of this goes to the binlog: what holds the run must not be part of what it sees.
    control_->execute("SET SESSION sql_log_bin = 0");
    control_->execute("CREATE DATABASE IF NOT EXISTS held_run");
    control_->execute("CREATE TABLE IF NOT EXISTS held_run.x (id INT PRIMARY KEY)");
    control_->execute("XA START 'held_run'");
    control_->execute("INSERT INTO held_run.x VALUES (1)");
    control_->execute("XA END 'held_run'");
    control_->execute("XA PREPARE 'held_run'");
    holds_start_ = true;
}

void HeldRun::end_hold_of_start() {
    if (holds_start_) {
        control_->execute("XA ROLLBACK 'held_run'");
        holds_start_ = false;
    }
}

void HeldRun::release() {
    gate_->execute("ROLLBACK");
}

std::string HeldRun::waiting_try() {
    return control_
        ->query(
            "SELECT MAX(REQUESTING_ENGINE_TRANSACTION_ID) FROM "
            "performance_schema.data_lock_waits w JOIN performance_schema.data_locks l ON "
            "l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID WHERE l.OBJECT_NAME = '_t_new'"
        )
        .scalar()
        .value_or("NULL");
}

std::string HeldRun::waiting_statement() {
    return control_
        ->query(
            "SELECT MAX(t.PROCESSLIST_INFO) FROM performance_schema.data_lock_waits w JOIN "
            "performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID "
            "JOIN performance_schema.threads t ON t.THREAD_ID = w.REQUESTING_THREAD_ID WHERE "
            "l.OBJECT_NAME = '_t_new'"
        )
        .scalar()
        .value_or("NULL");
}

std::uint64_t HeldRun::events_seen() const {
    static const std::string name = "\"events_seen\":";
    const std::string out = process_->out();
    const auto at = out.rfind(name);
    return at == std::string::npos ? 0 : std::stoull(out.substr(at + name.size()));
}

bool HeldRun::wait_for_events_after(std::uint64_t events) const {
    return wait_until([&] { return events_seen() > events; }, kEventLimit);
}

std::vector<std::string> HeldRun::connections() {
    const auto rows = control_->query(fmt::format(
        "SELECT DISTINCT a.PROCESSLIST_ID FROM performance_schema.session_connect_attrs a "
        "WHERE a.ATTR_NAME = '_pid' AND a.ATTR_VALUE = '{}' ORDER BY 1",
        process_->pid()
    ));
    std::vector<std::string> ids;
    for (const auto& row : rows.rows) {
        ids.push_back(row.at(0).value());
    }
    return ids;
}

Finished HeldRun::finish() {
    const int code = process_->wait(kEndLimit);
    return Finished{code, process_->out(), process_->err()};
}

}  // namespace doppel::test
