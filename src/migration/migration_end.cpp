// SPDX-License-Identifier: Apache-2.0
//
// What a run does when its work is done or has failed: removing what is not needed any more, and
// telling what stays.
#include "base/fault_point.hpp"
#include "migration/migration.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

constexpr std::chrono::milliseconds kLimitWhenStopping{5'000};

/// Of the server where the change was made, not a loss of it.
bool is_answer(const Error& error) {
    return error.server_errno() != 0 && error.code() != Errc::interrupted;
}

}  // namespace

async::awaitable<void> Migration::clean_up(bool drop_old) {
    const mysql::TableName old_table = sibling(plan_->names.old_table);
    bool old_table_stays = !drop_old;
    const std::function<void(sql::Session&)> drop = [&](sql::Session& session) {
        if (!old_table_stays) {
            own_->state().write_swapped(session);  // without the old table it cannot be seen
            base::fault_point("cleaning.noted");
            session.execute("DROP TABLE IF EXISTS " + old_table.quoted());
            old_table_stays = true;  // done: the state table may be gone when this is repeated
        }
        base::fault_point("cleaning.before_state");
        own_->state().drop(session);
    };
    main_session_->persist();
    std::optional<Error> failure;
    try {
        co_await main_session_->run_surely(
            drop, stopping_ ? kLimitWhenStopping : options_.reconnect_limit
        );
    } catch (const Error& error) {
        failure = error;
    }
    if (failure && is_answer(*failure)) {
        notice(fmt::format(
            "the change is made, but {}{}{} could not be removed: {}",
            drop_old ? old_table.str() : "",
            drop_old ? " or " : "",
            own_->state().name().str(),
            failure->what()
        ));
    } else if (failure) {
        throw Error(
            failure->code() == Errc::displaced ? Errc::displaced : Errc::interrupted,
            fmt::format(
                "the tables were swapped, but the server was lost before what is left could be "
                "removed ({}), so whether one that takes its place has the change is not known. "
                "The same command looks there, and goes on or cleans up",
                failure->what()
            )
        );
    }
}

async::awaitable<std::string> Migration::tell_what_is_left() {
    if (run_ && run_->fate() != cutover::Cutover::Fate::not_swapped) {
        co_return fmt::format(
            "Whether the tables were swapped is not known, so nothing was removed. If {0} does not "
            "exist the change is made: drop {1}. If it does, {2} is unchanged: drop {0} and {1}, "
            "and run again",
            own_->shadow().str(),
            own_->state().name().str(),
            table_.str()
        );
    }
    const bool locked = co_await ends_with_lock();
    if (!locked) {
        co_return fmt::format(
            "{} is untouched. Whether {} and {} belong to another run by now is not known, as the "
            "migration lock was lost; doppel cleanup removes them if not",
            table_.str(),
            own_->shadow().str(),
            own_->state().name().str()
        );
    }
    main_session_->persist();
    co_return co_await own_->remove_all(*main_session_);
}

}  // namespace doppel::migration
