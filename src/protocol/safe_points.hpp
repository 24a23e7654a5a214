// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/coordinator.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace doppel::protocol {

/// Which states of a run may be written into a checkpoint. A state, taken at one moment, says how
/// far the table is copied and which part of the feed was delivered by then. From there a run can
/// go on once everything that had been delivered at that moment is reconciled: all later changes
/// are delivered again, and what lies beyond the copied part is copied again.
///
/// Rows that a chunk left out are requested while it is open, so they count as delivered before
/// the state that calls the chunk copied.
///
/// `State`: any value. Pure; used on the coordinator's thread.
template <class State>
class SafePoints final {
public:
    /// States that wait. Where replay falls behind, the one to be replaced is the newest: an older
    /// one is safe sooner.
    static constexpr std::size_t kWaitingMax = 16;

    /// `state` is how things are now.
    void note(const Coordinator& coordinator, State state) {
        if (waiting_.size() == kWaitingMax) {
            waiting_.pop_back();
        }
        waiting_.push_back({coordinator.delivered(), std::move(state)});
    }

    /// The newest state that has become safe since the last call, if any.
    [[nodiscard]] std::optional<State> settle(const Coordinator& coordinator) {
        std::optional<State> safe;
        while (!waiting_.empty() && coordinator.reconciled_through(waiting_.front().delivered)) {
            safe = std::move(waiting_.front().state);
            waiting_.pop_front();
        }
        return safe;
    }

private:
    struct Waiting {
        Sequence delivered = 0;
        State state;
    };
    std::deque<Waiting> waiting_;
};

}  // namespace doppel::protocol
