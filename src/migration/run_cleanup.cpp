// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_table.hpp"
#include "doppel/cleanup.hpp"
#include "doppel/error.hpp"
#include "migration/cleanup_plan.hpp"
#include "migration/earlier_run.hpp"
#include "migration/remains.hpp"
#include "migration/verify_request.hpp"
#include "shadow/shadow.hpp"
#include "sql/primary.hpp"
#include "sql/server_role.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace doppel {
namespace {

using migration::Remains;
using Kind = CleanupTable::Kind;

/// To drop a big table takes time.
constexpr std::chrono::hours kSilenceMax{1};

Error nothing_changed(const Error& error) {
    return {error, fmt::format("{}. Nothing was changed", error.what())};
}

/// Errors that say that the account or the server does not let us.
bool is_refusal(const Error& error) {
    constexpr unsigned kRefusals[] = {1044, 1142, 1227, 1290, 1836};
    return std::find(std::begin(kRefusals), std::end(kRefusals), error.server_errno()) !=
           std::end(kRefusals);
}

class Cleanup final {
public:
    Cleanup(sql::Session& session, CleanupDialogue& dialogue, const Logger& logger)
        : session_(session), dialogue_(dialogue), logger_(logger) {}

    void run(const mysql::TableName& name) {
        Remains remains = migration::read_remains(session_, name);
        table_ = remains.table;
        try {
            take_lock(remains);
            remains = migration::read_remains(session_, table_);
            plan_ = plan(remains);
            require_own_server(remains);
            if (!dialogue_.confirm(plan_)) {
                throw Error(Errc::stopped, "not confirmed");
            }
            if (!plan_.remove.empty()) {
                end_earlier_sessions(remains);
            }
        } catch (const Error& error) {
            throw nothing_changed(error);
        }
        while (remove_next()) {
        }
    }

private:
    void take_lock(const Remains& remains) {
        const std::string name = mysql::quote_string(shadow::lock_name(table_));
        const auto got = session_.query("SELECT GET_LOCK(" + name + ", 1)").scalar();
        if (got.value_or("0") == "1") {
            return;
        }
        const auto holder = session_.query("SELECT IS_USED_LOCK(" + name + ")").scalar();
        const auto standing = migration::judge_standing(remains);
        std::string who;
        if (holder) {
            who = fmt::format(": connection {} holds its lock", *holder);
        }
        if (standing.record) {
            who += fmt::format(
                "{} process {} on {} recorded itself last",
                who.empty() ? ":" : ",",
                standing.record->process_id,
                standing.record->host
            );
        }
        throw Error(
            Errc::refused,
            fmt::format(
                "a migration or a clean-up of {} is running{}. Stop it first{}",
                table_.str(),
                who,
                holder ? fmt::format(
                             "; if its host is gone for good, KILL {} ends the connection", *holder
                         )
                       : ""
            )
        );
    }

    static CleanupPlan plan(const Remains& remains) {
        auto plan = migration::plan_cleanup(remains);
        if (!plan) {
            throw Error(Errc::refused, plan.failure().message);
        }
        return *std::move(plan);
    }

    /// The lock counts on one server only, and what a replica loses its source does not.
    void require_own_server(const Remains& remains) {
        const auto standing = migration::judge_standing(remains);
        if (plan_.remove.empty() ||
            (standing.point && standing.point->server.uuid == remains.server_uuid)) {
            return;
        }
        std::optional<sql::ReplicationSource> source;
        try {
            source = sql::replicates_from(session_);
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted) {
                throw;
            }
            throw Error(
                Errc::refused,
                fmt::format(
                    "the migration did not run on this server as far as is recorded, and the "
                    "account "
                    "may not see whether this is a replica ({}); it needs REPLICATION CLIENT",
                    error.what()
                )
            );
        }
        if (source) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "this server is a replica of {}, and the migration did not run here: clean up "
                    "there, and the replica follows",
                    source->address
                )
            );
        }
    }

    void end_earlier_sessions(const Remains& remains) {
        const checkpoint::StateTable state(remains.state->name);
        if (const auto run_id = state.read_run_id(session_)) {
            migration::take_sessions_of(session_, *run_id);
        }
    }

    /// Looks again, and removes the first of what is left. False when nothing is.
    bool remove_next() {
        std::string what = "the clean-up stopped";
        try {
            const Remains remains = migration::read_remains(session_, table_);
            require_lock(remains);
            const CleanupPlan now = plan(remains);
            if (now.remove.empty()) {
                return false;
            }
            const CleanupTable& next = now.remove.front();
            require_confirmed(next);
            what = next.table + " could not be removed";
            remove(next, remains);
            removed_any_ = true;
            logger_.debug("removed {}", next.table);
            dialogue_.removed(next);
            return true;
        } catch (const Error& error) {
            throw in_context(error, what);
        }
    }

    void require_lock(const Remains& remains) const {
        if (remains.lock_holder != session_.connection_id()) {
            throw Error(Errc::interrupted, "the migration's lock was lost");
        }
    }

    void require_confirmed(const CleanupTable& next) const {
        const bool confirmed =
            std::any_of(plan_.remove.begin(), plan_.remove.end(), [&](const CleanupTable& table) {
                return table.kind == next.kind && table.table == next.table;
            });
        if (!confirmed) {
            throw Error(
                Errc::refused, "the tables were changed by somebody else just now; run again"
            );
        }
    }

    void remove(const CleanupTable& next, const Remains& remains) {
        const checkpoint::StateTable state(remains.state->name);
        switch (next.kind) {
            case Kind::shadow:
                shadow::drop(session_, remains.shadow->name);
                break;
            case Kind::old_table:
                state.write_swapped(session_);  // without the old table it cannot be seen
                shadow::drop(session_, remains.old_table->name);
                break;
            case Kind::state:
                state.drop(session_);
                break;
        }
    }

    [[nodiscard]] Error in_context(const Error& error, const std::string& what) const {
        const bool lost = error.code() == Errc::interrupted;
        const std::string tail =
            removed_any_ || lost ? "the same command goes on from here" : "Nothing was changed";
        const std::string text =
            fmt::format("{}: {}{}{}", what, error.what(), lost || removed_any_ ? "; " : ". ", tail);
        if (!removed_any_ && is_refusal(error)) {
            return {Errc::refused, text};
        }
        return {error, text};
    }

    sql::Session& session_;
    CleanupDialogue& dialogue_;
    const Logger& logger_;
    mysql::TableName table_;
    CleanupPlan plan_;
    bool removed_any_ = false;
};

void clean_up(
    const std::string& text,
    const ConnectionOptions& connection,
    CleanupDialogue& dialogue,
    const Logger& logger
) {
    const auto table = migration::parse_table_name(text, connection.default_schema);
    if (!table) {
        throw Error(Errc::usage, table.failure().message);
    }
    ConnectionOptions options = sql::find_primary(connection);
    options.default_schema.clear();
    sql::SessionSettings settings;
    settings.program_name = "doppel cleanup";
    settings.statement_timeout = kSilenceMax;
    settings.statements = {
        "SET SESSION wait_timeout = 86400",  // a person is asked meanwhile
        "SET SESSION lock_wait_timeout = 30",
    };
    const auto session = sql::connect(options, settings);
    Cleanup(*session, dialogue, logger).run(*table);
}

}  // namespace

const char* to_string(CleanupTable::Kind kind) {
    switch (kind) {
        case Kind::shadow:
            return "shadow";
        case Kind::old_table:
            return "old_table";
        case Kind::state:
            break;
    }
    return "state";
}

Outcome run_cleanup(
    const std::string& table,
    const ConnectionOptions& connection,
    CleanupDialogue& dialogue,
    const Logger& logger
) {
    try {
        clean_up(table, connection, dialogue, logger);
        return Outcome{true, Errc::failed, {}, std::nullopt};
    } catch (const Error& error) {
        return Outcome{false, error.code(), error.what(), std::nullopt};
    } catch (const std::exception& error) {
        return Outcome{
            false, Errc::failed, fmt::format("internal error: {}", error.what()), std::nullopt};
    }
}

}  // namespace doppel
