// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"
#include "tools/load/table_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace doppel::load {

/// Differing rows of two tables, the first few as text.
struct Differences {
    static constexpr std::size_t kDescribed = 10;

    std::uint64_t rows = 0;
    std::vector<std::string> described;  ///< "(12): differs in `c`"
};

/// Compares the rows of a range one by one and adds what differs.
void find_differences(
    TableReader& first, TableReader& second, const mysql::KeyRange& range, Differences& differences
);

}  // namespace doppel::load
