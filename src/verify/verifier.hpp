// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "doppel/progress.hpp"
#include "protocol/chunk_sizer.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/gate.hpp"
#include "sql/async_session.hpp"
#include "verify/comparer.hpp"
#include "verify/subject.hpp"
#include "verify/suspects.hpp"
#include "verify/touched_keys.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace doppel::verify {

struct VerifierLimits {
    std::size_t rows_max = 20'000;                   ///< of one comparison
    std::chrono::milliseconds time_target{100};      ///< of one comparison
    std::size_t keys_max = 500;                      ///< looked at together
    std::size_t bytes_max = std::size_t{64} * 1024;  ///< of encoded keys in one statement
    std::chrono::milliseconds reconnect_limit{300'000};
};

struct VerifierContext {
    const Subject& subject;
    protocol::Coordinator& coordinator;
    async::Event& changed;
    TouchedKeys& touched;  ///< told by the coordinator
    Logger logger;
    VerifierLimits limits;
    /// Returns when the feed has delivered everything that was committed before the call.
    std::function<async::awaitable<void>()> pass_fence;
    /// The same, and replay has reconciled it.
    std::function<async::awaitable<void>()> catch_up;
    std::function<void(const Differences&)> report;
    const bool& stopping;
    protocol::Gate* gate = nullptr;  ///< asked before each range; nullptr: nothing holds it back
};

/// Compares the shadow with the source while both change, behind the copy and without locks, and
/// repairs what differs.
///
/// Ranges in the closed part are compared one after another (Comparer); where the shadow has
/// another order, a walk along its index follows (ExtraRows). Keys that differ are suspected; after
/// a fence, with replay caught up, they are compared again. What differs then and was not delivered
/// by the feed up to a second fence is a real difference: all changes that the comparison saw were
/// reconciled before it. Such keys are reported and reconciled once more; one that differs again
/// ends the run. A key that the application never leaves alone long enough is left to
/// `settle_locked`.
class Verifier final {
public:
    Verifier(VerifierContext context, sql::AsyncSession& session);

    /// Returns when everything was copied and compared and no key is suspected, or after
    /// `stopping`. Throws Error(failed) when a difference comes back or there are too many.
    async::awaitable<void> run();

    /// Under LOCK TABLES .. WRITE on `session`, with nothing pending: compares the keys that are
    /// undecided. False: some differ; they were reported and are to be reconciled, so the attempt
    /// must be given up. Throws Error(failed) for those that differ again.
    async::awaitable<bool> settle_locked(sql::AsyncSession& session);

    [[nodiscard]] bool finished() const noexcept { return finished_; }
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::uint64_t differences() const noexcept { return suspects_.real(); }
    [[nodiscard]] std::uint64_t repairs() const noexcept { return suspects_.repaired(); }

private:
    [[nodiscard]] bool can_advance() const;
    [[nodiscard]] bool must_settle() const;
    /// Until the next range may be compared; zero: now.
    [[nodiscard]] std::chrono::milliseconds pause() const;
    /// Compares the next range.
    async::awaitable<void> proceed();
    async::awaitable<void> advance();
    async::awaitable<void> advance_walk();
    /// False: there was too much in the range; it must be compared again, in smaller parts.
    bool take_up(
        const Comparison& found, std::size_t rows, std::chrono::steady_clock::duration taken
    );
    void require_possible(const Comparison& found) const;
    async::awaitable<void> settle();
    /// One look at some of the suspected keys.
    async::awaitable<void> look();
    /// Which of these differences the feed has touched.
    async::awaitable<std::optional<std::vector<Suspects::Look>>> judge_touched(
        const Comparison& found
    );
    /// Runs a comparison; nothing when it has to be tried again.
    template <class Work>
    async::awaitable<bool> attempt(const Work& work);
    async::awaitable<void> recover(Error error);
    void act_on(const Suspects::Verdict& verdict);
    void add_suspects(const Comparison& found);
    [[nodiscard]] Differences describe(
        const std::vector<mysql::Key>& keys, Differences::Action action
    ) const;

    VerifierContext context_;
    sql::AsyncSession& session_;
    Comparer comparer_;
    protocol::ChunkSizer pace_;
    Suspects suspects_;
    std::optional<mysql::Key> compared_;  ///< upper end of what was compared
    std::optional<mysql::Key> walked_;    ///< the same of the shadow's own order
    bool compared_source_ = false;
    bool compared_all_ = false;
    bool finished_ = false;
    std::uint64_t rows_ = 0;
    unsigned overflows_ = 0;  ///< in a row
    unsigned misfits_ = 0;    ///< in a row
    std::optional<std::chrono::steady_clock::time_point> suspected_since_;
};

}  // namespace doppel::verify
