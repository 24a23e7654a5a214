// SPDX-License-Identifier: Apache-2.0
#include "bench/replay/rounds.hpp"

#include "async/task_group.hpp"
#include "checkpoint/state_table.hpp"
#include "doppel/error.hpp"
#include "migration/sessions.hpp"
#include "mysql/reconcile_statement.hpp"
#include "replay/replayer.hpp"
#include "replay/ways.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/format.h>

namespace doppel::bench {
namespace {

using Clock = std::chrono::steady_clock;
using checkpoint::StateTable;
using mysql::Key;

std::string assignments(const BenchTable& table, const Round& round) {
    return round.form == "upsert" ? replay::upsert_assignments(table.tables(), table.schema())
                                  : std::string();
}

sql::SessionSettings settings_of(const Round& round) {
    sql::SessionSettings settings = migration::writer_settings();
    settings.statements.insert(
        settings.statements.end(), round.settings.begin(), round.settings.end()
    );
    return settings;
}

double rate(std::size_t keys, Clock::time_point began) {
    return static_cast<double>(keys) / std::chrono::duration<double>(Clock::now() - began).count();
}

/// The statements of each batch, made beforehand.
std::vector<std::vector<std::string>> scripts(
    const BenchTable& table, const Round& round, std::size_t keys
) {
    const std::string mark =
        StateTable(table.tables().state).touch_statement(StateTable::kReplayId);
    const std::string upsert = assignments(table, round);
    std::vector<std::vector<std::string>> made;
    for (std::size_t at = 0; at < keys; at += round.batch_keys) {
        const auto begin = table.keys().begin() + static_cast<std::ptrdiff_t>(at);
        const std::vector<Key> batch(
            begin, begin + static_cast<std::ptrdiff_t>(std::min(round.batch_keys, keys - at))
        );
        std::vector<std::string> script{"START TRANSACTION"};
        if (upsert.empty()) {
            script.push_back(mysql::delete_statement(table.tables(), batch, std::nullopt));
            script.push_back(mysql::insert_statement(table.tables(), batch, std::nullopt));
        } else {
            script.push_back(mysql::upsert_statement(table.tables(), batch, upsert));
            script.push_back(mysql::count_statement(table.tables(), batch));
        }
        script.push_back(mark);
        script.emplace_back("COMMIT");
        made.push_back(std::move(script));
    }
    return made;
}

double run_server_alone(
    const BenchTable& table,
    const ConnectionOptions& connection,
    const Round& round,
    std::size_t keys
) {
    const auto session = sql::connect(connection, settings_of(round));
    const auto batches = scripts(table, round, keys);
    const auto began = Clock::now();
    for (const auto& batch : batches) {
        for (const std::string& statement : batch) {
            session->execute(statement);
        }
    }
    return rate(keys, began);
}

/// Holds nobody back.
class OpenGate final : public protocol::Gate {
public:
    void worked(unsigned, std::chrono::microseconds) override {}
    std::chrono::milliseconds pause(unsigned, unsigned) override {
        return std::chrono::milliseconds::zero();
    }
};

/// Replay as a run has it, without feed and copy.
class Replay final {
public:
    Replay(const BenchTable& table, const ConnectionOptions& connection, const Round& round)
        : table_(table),
          changed_(context_.get_executor()),
          tasks_(context_.get_executor(), [this] { stop(); }),
          coordinator_(true, {round.batch_keys, std::size_t{64} << 20}),
          balance_({round.workers, round.workers, round.batch_keys}),
          sessions_(make_sessions(connection, round)),
          replayer_(
              {table.tables(),
               table.schema(),
               coordinator_,
               balance_,
               assignments(table, round),
               changed_,
               gate_,
               Logger(),
               std::chrono::milliseconds(1'000),
               []() -> async::awaitable<void> { co_return; },
               stopping_},
              sessions_,
              marks(round)
          ) {
        coordinator_.resume(std::nullopt, true);
    }

    double run(std::size_t keys) {
        for (std::size_t i = 0; i < keys; ++i) {
            coordinator_.deliver(table_.keys()[i].bytes);
        }
        coordinator_.acknowledge_fence(coordinator_.issue_fence());
        async::asio::co_spawn(context_, conduct(keys), [](std::exception_ptr failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
        context_.run();
        return rate_;
    }

private:
    static std::vector<std::unique_ptr<sql::AsyncSession>> make_sessions(
        const ConnectionOptions& connection, const Round& round
    ) {
        std::vector<std::unique_ptr<sql::AsyncSession>> sessions;
        for (unsigned i = 0; i < round.workers; ++i) {
            sessions.push_back(std::make_unique<sql::AsyncSession>(
                connection, settings_of(round), fmt::format("doppel.bench.{}", i), Logger()
            ));
        }
        return sessions;
    }
    std::vector<replay::ReplayMarks> marks(const Round& round) const {
        const StateTable state(table_.tables().state);
        std::vector<replay::ReplayMarks> made;
        for (unsigned i = 0; i < round.workers; ++i) {
            const std::string mark = state.touch_statement(StateTable::kReplayId + i);
            made.push_back({mark, mark});
        }
        return made;
    }
    async::awaitable<void> conduct(std::size_t keys) {
        for (const auto& session : sessions_) {
            co_await session->open();  // helpers connect anew, which ends this connection
        }
        const auto began = Clock::now();
        replayer_.spawn(tasks_);
        while (coordinator_.pending() > 0 && !stopping_) {
            co_await changed_.wait(std::chrono::milliseconds(20));
        }
        rate_ = rate(keys, began);
        stop();
        co_await tasks_.join();
        for (const auto& session : sessions_) {
            co_await session->close();
        }
    }
    void stop() {
        stopping_ = true;
        changed_.notify();
    }

    const BenchTable& table_;
    async::asio::io_context context_{1};
    bool stopping_ = false;
    async::Event changed_;
    async::TaskGroup tasks_;
    protocol::Coordinator coordinator_;
    protocol::Balance balance_;
    OpenGate gate_;
    std::vector<std::unique_ptr<sql::AsyncSession>> sessions_;
    replay::Replayer replayer_;
    double rate_ = 0;
};

}  // namespace

double run_round(
    BenchTable& table, const ConnectionOptions& connection, const Round& round, std::size_t keys
) {
    table.change_all();
    const double result = round.workers == 0 ? run_server_alone(table, connection, round, keys)
                                             : Replay(table, connection, round).run(keys);
    if (keys == table.keys().size() && table.differences() != 0) {
        throw Error(Errc::failed, "the shadow differs from the source");
    }
    return result;
}

}  // namespace doppel::bench
