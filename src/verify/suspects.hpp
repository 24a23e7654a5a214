// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace doppel::verify {

/// Keys in which the tables were seen to differ, and what that means. A difference alone means
/// nothing: the change may be on its way. It is real when it is there although the feed has passed
/// a fence and replay has caught up, and the feed has not delivered the key since (`Look`). Pure.
///
///                        equal
///     suspected --look---------------------> gone
///       ^  |  '--touched, again and again--> undecided: to be judged under the table lock
///       |  '--real--> to be repaired --real again--> returned: the run must stop
///       '----------------'
class Suspects final {
public:
    /// Looks at a key that the application changes all the time, before it is left undecided.
    static constexpr unsigned kLooksMax = 12;
    /// More real differences are no accident: repairing them would hide what makes them.
    static constexpr std::size_t kRepairsMax = 1'000;
    static constexpr std::size_t kUndecidedMax = 200;

    /// A difference that was seen after a fence with replay caught up.
    struct Look {
        mysql::Key key;
        bool touched = false;  ///< the feed delivered the key since
    };
    struct Verdict {
        std::vector<mysql::Key> repair;    ///< real: reconcile them; they stay suspected
        std::vector<mysql::Key> returned;  ///< real again after their repair
    };

    void add(std::span<const mysql::Key> keys);
    /// At most `keys_max` keys of at most `bytes_max` bytes to look at next, at least one; those
    /// that were looked at least come first. Requires not empty.
    [[nodiscard]] std::vector<mysql::Key> next(std::size_t keys_max, std::size_t bytes_max) const;
    /// `looked` were looked at; those in `different` still differ, the others are the same now.
    /// Keys in `different` may be spelt otherwise than in `looked` where the server takes different
    /// bytes for the same key.
    [[nodiscard]] Verdict judge(
        std::span<const mysql::Key> looked, std::span<const Look> different
    );
    /// The same for undecided keys, under a lock that keeps everybody away: what differs is real.
    /// Keys that are the same are undecided no more.
    [[nodiscard]] Verdict judge_locked(std::span<const mysql::Key> different);

    [[nodiscard]] bool empty() const noexcept { return suspected_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return suspected_.size(); }
    /// The most looks that any suspected key has had.
    [[nodiscard]] unsigned looks() const;
    [[nodiscard]] const std::set<mysql::Key>& undecided() const noexcept { return undecided_; }
    /// Real differences so far, each counted once.
    [[nodiscard]] std::uint64_t real() const noexcept { return real_.size(); }
    /// Those of them that were seen to be the same after their repair.
    [[nodiscard]] std::uint64_t repaired() const noexcept { return repaired_.size(); }
    [[nodiscard]] bool too_many_real() const noexcept { return real_.size() > kRepairsMax; }
    [[nodiscard]] bool too_many_undecided() const noexcept {
        return undecided_.size() > kUndecidedMax;
    }

private:
    void judge_real(const mysql::Key& key, Verdict& verdict);
    void note_same(const mysql::Key& key);

    std::map<mysql::Key, unsigned> suspected_;  ///< with the number of looks
    std::set<mysql::Key> undecided_;
    std::set<mysql::Key> real_;
    std::set<mysql::Key> repaired_;
};

}  // namespace doppel::verify
