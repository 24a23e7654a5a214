// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace doppel::checkpoint {
namespace {

std::string to_json(const Record& record) {
    const nlohmann::json json = {
        {"format", 1},
        {"statement", record.statement},
        {"phase", record.phase},
        {"source", record.source},
        {"shadow", record.shadow},
        {"host", record.host},
        {"process_id", record.process_id},
    };
    // Text that is not UTF-8 cannot be JSON; better a replaced character than no record.
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void StateTable::create(sql::Session& session, std::string_view comment, const Record& record)
    const {
    session.execute(fmt::format(
        "CREATE TABLE {} (id INT NOT NULL PRIMARY KEY, seq BIGINT UNSIGNED NOT NULL, "
        "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), record JSON) "
        "ENGINE=InnoDB COMMENT={}",
        name_.quoted(),
        "'" + std::string(comment) + "'"
    ));
    std::string rows = fmt::format("({}, 0), ({}, 0), ({}, 0)", kFenceId, kMarkerId, kCutoverId);
    for (std::int64_t id = kReplayId; id < kReplayId + kReplaySessionsMax; ++id) {
        rows += fmt::format(", ({}, 0)", id);
    }
    session.execute(fmt::format("INSERT INTO {} (id, seq) VALUES {}", name_.quoted(), rows));
    session.execute(fmt::format(
        "INSERT INTO {} (id, seq, record) VALUES ({}, 0, {})",
        name_.quoted(),
        kRecordId,
        mysql::quote_string(to_json(record))
    ));
}

void StateTable::drop(sql::Session& session) const {
    session.execute("DROP TABLE IF EXISTS " + name_.quoted());
}

std::string StateTable::touch_statement(std::int64_t id) const {
    return fmt::format(
        "UPDATE {} SET seq = seq + 1, at = CURRENT_TIMESTAMP(6) WHERE id = {}", name_.quoted(), id
    );
}

std::string StateTable::mark_statement(std::int64_t id, std::uint64_t seq) const {
    return fmt::format(
        "UPDATE {} SET seq = {}, at = CURRENT_TIMESTAMP(6) WHERE id = {}", name_.quoted(), seq, id
    );
}

}  // namespace doppel::checkpoint
