// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace doppel::misfit {

/// Finds the items of a row of them that a statement refuses, by halving what fails. From left to
/// right, so that a few offenders in many items cost a few statements each. Pure.
class Bisection final {
public:
    struct Piece {
        std::size_t begin = 0;
        std::size_t end = 0;  ///< one past the last
        [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
        bool operator==(const Piece&) const = default;
    };

    /// Ends after `offenders_max` offenders: what is left then is in `rest`.
    Bisection(std::size_t items, std::size_t offenders_max);

    /// What to try next; nothing at the end. The same until `taken`, `refused` or `put_aside`.
    [[nodiscard]] std::optional<Piece> next() const;
    /// The piece that is next was taken.
    void taken();
    /// It was refused: an offender if it is a single item.
    void refused();
    /// It failed for another reason: it will not be tried again.
    void put_aside();

    [[nodiscard]] const std::vector<std::size_t>& offenders() const noexcept { return offenders_; }
    /// Pieces that were not tried, or put aside.
    [[nodiscard]] std::vector<Piece> rest() const;

private:
    std::size_t offenders_max_;
    std::vector<Piece> open_;  ///< the next one last
    std::vector<Piece> aside_;
    std::vector<std::size_t> offenders_;
};

}  // namespace doppel::misfit
