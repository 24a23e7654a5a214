// SPDX-License-Identifier: Apache-2.0
#include "migration/server_guard.hpp"

#include "doppel/error.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

constexpr std::string_view kDurable = "1";

std::optional<std::string> less_durable(
    const char* variable, const std::string& before, const std::string& now
) {
    if (before != kDurable || now == kDurable) {
        return std::nullopt;
    }
    return fmt::format(
        "{0} was changed from 1 to {1} during the run: if the server crashed, it could forget "
        "changes that are in the new table already. SET GLOBAL {0} = 1 and run again",
        variable,
        now
    );
}

/// "binlog.000012": the name and the number; 0 for a name that is none.
std::pair<std::string_view, std::uint64_t> parts_of(std::string_view file) {
    const std::size_t dot = file.rfind('.');
    if (dot == std::string_view::npos) {
        return {file, 0};
    }
    std::uint64_t number = 0;
    for (const char digit : file.substr(dot + 1, 18)) {
        if (digit < '0' || digit > '9') {
            return {file, 0};
        }
        number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return {file.substr(0, dot), number};
}

bool goes_backwards(const mysql::FileOffset& before, const mysql::FileOffset& now) {
    const auto [base_before, number_before] = parts_of(before.file);
    const auto [base_now, number_now] = parts_of(now.file);
    return base_before == base_now && (number_now < number_before ||
                                       (number_now == number_before && now.offset < before.offset));
}

bool was_reset(const ServerState& before, const ServerState& now) {
    const bool gtids_lost =
        before.executed && !(now.executed && before.executed->is_subset_of(*now.executed));
    return gtids_lost || goes_backwards(before.binlog_end, now.binlog_end);
}

}  // namespace

std::optional<std::string> state_difference(const ServerState& before, const ServerState& now) {
    if (!now.order_commits) {
        return "binlog_order_commits was switched off during the run, so changes may have been "
               "read before they could be seen; SET GLOBAL binlog_order_commits = ON and run again";
    }
    if (was_reset(before, now)) {
        return fmt::format(
            "the binlog begins anew: it ended at {} and now ends at {} (RESET BINARY LOGS AND "
            "GTIDS?), so changes may be missing that were not read; run again",
            before.binlog_end.str(),
            now.binlog_end.str()
        );
    }
    if (auto reason = less_durable("sync_binlog", before.sync_binlog, now.sync_binlog)) {
        return reason;
    }
    return less_durable(
        "innodb_flush_log_at_trx_commit", before.flush_log_at_commit, now.flush_log_at_commit
    );
}

ServerState ServerGuard::read(sql::Session& session) const {
    const auto variables = session.query(
        "SELECT @@GLOBAL.binlog_order_commits, @@GLOBAL.sync_binlog, "
        "@@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.gtid_mode, @@GLOBAL.gtid_executed"
    );
    const sql::Row& row = variables.rows.at(0);
    ServerState state;
    state.order_commits = row.at(0).value_or("1") == "1";
    state.sync_binlog = row.at(1).value_or("");
    state.flush_log_at_commit = row.at(2).value_or("");
    if (row.at(3).value_or("") == "ON") {
        auto set = mysql::GtidSet::parse(row.at(4).value_or(""));
        if (!set) {
            throw Error(Errc::failed, "gtid_executed cannot be read: " + set.failure().message);
        }
        state.executed = std::move(*set);
    }
    const bool renamed = version_.at_least(8, 2);
    const auto status = session.query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    if (status.empty()) {
        throw Error(Errc::failed, "the server does not tell its binlog position");
    }
    state.binlog_end.file = status.rows.front().at(0).value_or("");
    state.binlog_end.offset = std::stoull(status.rows.front().at(1).value_or("4"));
    return state;
}

void ServerGuard::look(sql::Session& session) {
    ServerState now = read(session);
    if (state_) {
        if (const auto reason = state_difference(*state_, now)) {
            throw Error(Errc::failed, *reason);
        }
        // Durability counts from the start on; the binlog only ever grows.
        now.sync_binlog = state_->sync_binlog;
        now.flush_log_at_commit = state_->flush_log_at_commit;
    }
    state_ = std::move(now);
}

}  // namespace doppel::migration
