// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/bisection.hpp"
#include "mysql/key.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace doppel::replay {

/// One turn of a batch: which transaction to run next, and what became of its keys. Pure.
///
/// The batch is run as a whole. When it is refused, or holds keys that are refused already or stand
/// in the way of those (involved ones), its parts are run: the deletes of what is refused by
/// themselves, so that its rows are missing for a while and stand in nobody's way; then halves, so
/// that one key does not hold up another. The involved keys go last: a row that is in the shadow
/// already keeps its place, so that the same keys stay refused and whoever looks at them sees the
/// same rows each time.
class BatchTurn final {
public:
    /// So many refused keys are found one by one; the rest waits for another turn.
    static constexpr std::size_t kRefusedMax = 32;

    struct Step {
        std::vector<mysql::Key> keys;
        bool inserts = true;  ///< false: only the rows of the shadow are deleted
    };
    enum class End {
        all,   ///< every key was reconciled, by one transaction
        some,  ///< all but those of `failed`, which may be all
        none,
    };

    BatchTurn(
        const std::vector<mysql::Key>& keys,
        const std::function<bool(const mysql::Key&)>& is_involved,
        std::size_t refused_max
    );

    /// The transaction to run; nothing at the end. The same until its outcome is told.
    [[nodiscard]] std::optional<Step> next() const;
    void committed();
    /// The shadow refused a row; of a step that inserts. True when it was said of a single key,
    /// which is told once in a turn.
    [[nodiscard]] bool refused();
    /// It failed for another reason: the keys wait for another turn.
    void failed();

    // Once there is nothing next.
    [[nodiscard]] End end() const noexcept { return end_; }
    [[nodiscard]] std::vector<mysql::Key> failed_keys() const;

private:
    struct Part {
        std::vector<mysql::Key> keys;
        misfit::Bisection cut;
        bool deleted = false;
    };

    [[nodiscard]] const Part* part() const;
    [[nodiscard]] Part* part();

    std::array<Part, 2> parts_;  ///< the keys that are not involved, and those that are
    bool whole_;
    bool deleting_ = false;
    bool ended_ = false;
    End end_ = End::some;
};

}  // namespace doppel::replay
