// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/bisection.hpp"
#include "mysql/key_condition.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace doppel::copy {

/// A chunk of which the shadow refuses rows: which part of it to copy next, and which keys are left
/// out in the end. Their rows are to be reconciled: ask for them while the chunk is open, so that
/// they wait for its end like those that the feed brings. Pure.
class PartialCopy final {
public:
    /// So many refused rows are found one by one; what is not copied by then is left out as a
    /// whole.
    static constexpr std::size_t kRefusedMax = 32;

    /// `keys`: of the chunk's rows, in order.
    PartialCopy(mysql::KeyRange chunk, std::vector<mysql::Key> keys, std::size_t refused_max);

    /// The part to copy; nothing at the end. With what lies between the keys: rows there are newer,
    /// and the feed brings them. The same until `taken` or `refused`.
    [[nodiscard]] std::optional<mysql::KeyRange> next() const;
    void taken() { cut_.taken(); }
    void refused() { cut_.refused(); }

    /// Once there is nothing next.
    [[nodiscard]] std::vector<mysql::Key> left_out() const;

private:
    mysql::KeyRange chunk_;
    std::vector<mysql::Key> keys_;
    misfit::Bisection cut_;
};

}  // namespace doppel::copy
