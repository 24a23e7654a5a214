// SPDX-License-Identifier: Apache-2.0
#include "replay/judge.hpp"

#include "misfit/report.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

namespace doppel::replay {
namespace {

using misfit::Contest;
using misfit::Offence;
using mysql::Key;
using sql::FailureKind;
using Clock = Contest::Clock;

/// Enough to tell of ten keys.
constexpr std::size_t kOffencesTold = 20;

}  // namespace

Judge::Judge(JudgeContext context, sql::AsyncSession& session)
    : context_(std::move(context)), session_(session) {}

bool Judge::is_involved(const Key& key) const {
    return contest_.contains(key) || in_the_way_.contains(key);
}

misfit::LookTables Judge::look_tables() const {
    return {context_.tables, context_.schema};
}

std::uint64_t Judge::changes(const Offence& offence, protocol::Sequence visible) {
    std::uint64_t count = 0;
    for (const Key& key : offence.keys) {
        count += context_.coordinator.changes(key, visible);
    }
    return count;
}

Judge::Seen Judge::look_at(sql::Session& session, Contest::Suspects suspects) const {
    const misfit::LookTables tables = look_tables();
    Seen seen;
    if (!suspects.duplicates.empty()) {
        try {
            const auto look = misfit::look_for_duplicates(session, tables, suspects.duplicates);
            for (const auto& [one, other] : look.collisions) {
                seen.offences.push_back(Offence{{one, other}, {}, std::nullopt});
            }
            seen.stale = look.stale;
        } catch (const Error& error) {
            if (sql::classify_write_failure(error) != FailureKind::misfit) {
                throw;
            }
            // One of the rows was changed so that it is refused for another reason now.
            suspects.refused.insert(
                suspects.refused.end(), suspects.duplicates.begin(), suspects.duplicates.end()
            );
        }
    }
    for (const Key& key : suspects.refused) {
        const auto error = misfit::try_rows(session, tables, std::span(&key, 1));
        if (error && sql::classify_write_failure(*error) == FailureKind::misfit) {
            seen.offences.push_back(Offence{
                {key}, misfit::constraint_of(context_.schema, *error), error});
        }
    }
    return seen;
}

void Judge::take_in(
    const Contest::Suspects& suspects, const Seen& seen, protocol::Sequence visible
) {
    in_the_way_.clear();
    for (const Key& key : seen.stale) {
        // Its own change is on its way. Both together settle what one alone cannot: rows that
        // exchange their values without end.
        context_.coordinator.request(key.bytes);
        in_the_way_.insert(key);
    }
    std::vector<std::uint64_t> counts;
    for (const Offence& offence : seen.offences) {
        counts.push_back(changes(offence, visible));
    }
    contest_.looked(Clock::now(), suspects, seen.offences, counts);
    std::set<Key> watched;
    for (const Offence& offence : contest_.offences()) {
        watched.insert(offence.keys.begin(), offence.keys.end());
    }
    context_.coordinator.watch().retain(watched);
}

async::awaitable<void> Judge::look() {
    if (!contest_.look_due(Clock::now())) {
        co_return;
    }
    if (contest_.futile(Clock::now())) {
        throw futile();
    }
    const Contest::Suspects suspects = contest_.suspects();
    std::optional<Error> failure;
    try {
        auto work = [this, &suspects](sql::Session& session) { return look_at(session, suspects); };
        const protocol::Sequence visible = context_.coordinator.visible_through();
        const Seen seen = co_await session_.run(work);
        take_in(suspects, seen, visible);
        co_await convict();
        co_return;
    } catch (const Error& error) {
        failure = error;
    }
    contest_.looked_in_vain(Clock::now());
    switch (sql::classify_write_failure(*failure)) {
        case FailureKind::connection_lost:
            context_.logger.warning("replay: lost the connection: {}", failure->what());
            co_await session_.reconnect(context_.reconnect_limit);
            co_return;
        case FailureKind::conflict:
            co_return;
        default:
            throw *failure;
    }
}

std::vector<Offence> Judge::standing() {
    // Looks that may have seen the rows as they were before their last delivery do not count.
    constexpr auto kAll = std::numeric_limits<protocol::Sequence>::max();
    std::vector<Offence> standing;
    for (const Offence& offence : contest_.ripe()) {
        if (contest_.stands(offence, changes(offence, kAll))) {
            standing.push_back(offence);
        }
    }
    return standing;
}

std::vector<std::optional<Error>> Judge::said_of(
    sql::Session& session, const std::vector<Offence>& offences
) const {
    const misfit::LookTables tables = look_tables();
    std::vector<std::optional<Error>> said;
    for (const Offence& offence : offences) {
        said.push_back(
            offence.error ? offence.error : misfit::try_rows(session, tables, offence.keys)
        );
    }
    return said;
}

async::awaitable<void> Judge::convict() {
    if (contest_.ripe().empty()) {
        co_return;
    }
    co_await context_.pass_fence();
    std::vector<Offence> offences = standing();
    if (offences.empty()) {
        co_return;
    }
    // One that is certain decides; the others that were seen are told as well.
    for (Offence& other : contest_.offences()) {
        if (offences.size() < kOffencesTold) {
            offences.push_back(std::move(other));
        }
    }
    auto work = [this, &offences](sql::Session& session) { return said_of(session, offences); };
    const auto said = co_await session_.run(work);
    report(offences, said);
}

void Judge::report(
    const std::vector<Offence>& offences, const std::vector<std::optional<Error>>& said
) const {
    if (!said.front()) {
        return;  // mended in this moment
    }
    const std::string constraint = misfit::constraint_of(context_.schema, *said.front());
    misfit::Groups rows;
    for (std::size_t i = 0; i < offences.size(); ++i) {
        if (said[i] && misfit::constraint_of(context_.schema, *said[i]) == constraint) {
            rows.push_back(offences[i].keys);
        }
    }
    throw misfit::report(
        context_.schema, context_.tables.shape, misfit::group_collisions(rows), *said.front()
    );
}

Error Judge::futile() const {
    auto key = contest_.futile(Clock::now());
    if (!key) {
        key = contest_.oldest();
    }
    if (!key) {
        return {Errc::failed, "internal error: no key is refused"};
    }
    return misfit::report_futile(
        context_.schema, context_.tables.shape, {{key->first}}, key->second
    );
}

}  // namespace doppel::replay
