// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"
#include "doppel/log.hpp"
#include "misfit/contest.hpp"
#include "misfit/look.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/coordinator.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <functional>
#include <set>
#include <vector>

namespace doppel::replay {

struct JudgeContext {
    const mysql::TablePair& tables;
    const misfit::NewSchema& schema;
    protocol::Coordinator& coordinator;
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    /// Returns when the feed has delivered everything that was committed before the call.
    std::function<async::awaitable<void>()> pass_fence;
};

/// Decides about the keys that the shadow refuses: whether a row in their way is only stale, the
/// application is just moving values around, or the data does not fit the new schema. It looks at
/// the rows on the server, in trials that are taken back; misfit::Contest weighs what was seen.
class Judge final {
public:
    /// `session`: also used by others, but not while `look` runs.
    Judge(JudgeContext context, sql::AsyncSession& session);

    [[nodiscard]] misfit::Contest& contest() noexcept { return contest_; }
    [[nodiscard]] const misfit::Contest& contest() const noexcept { return contest_; }
    /// Refused at present, or in the way of one that is: such keys are best reconciled together.
    [[nodiscard]] bool is_involved(const mysql::Key& key) const;

    /// Looks if it is time to. Throws Error(data_misfit) with the rows when the data does not fit.
    async::awaitable<void> look();

    /// For keys that stay refused after all that is pending was waited for long enough.
    [[nodiscard]] Error futile() const;

private:
    struct Seen {
        std::vector<misfit::Offence> offences;
        std::vector<mysql::Key> stale;
    };

    [[nodiscard]] Seen look_at(sql::Session& session, misfit::Contest::Suspects suspects) const;
    /// `visible`: up to which delivery the look saw the rows for certain.
    void take_in(
        const misfit::Contest::Suspects& suspects, const Seen& seen, protocol::Sequence visible
    );
    /// Names the rows if what was ripe is real.
    async::awaitable<void> convict();
    [[nodiscard]] std::vector<misfit::Offence> standing();
    /// What the server says of each; nothing where it says nothing any more.
    [[nodiscard]] std::vector<std::optional<Error>> said_of(
        sql::Session& session, const std::vector<misfit::Offence>& offences
    ) const;
    void report(
        const std::vector<misfit::Offence>& offences, const std::vector<std::optional<Error>>& said
    ) const;
    std::uint64_t changes(const misfit::Offence& offence, protocol::Sequence visible);
    [[nodiscard]] misfit::LookTables look_tables() const;

    JudgeContext context_;
    sql::AsyncSession& session_;
    misfit::Contest contest_;
    std::set<mysql::Key> in_the_way_;
};

}  // namespace doppel::replay
