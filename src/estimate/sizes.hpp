// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "estimate/row_measure.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace doppel::estimate {

/// What the sizes follow from. A value.
struct SizeInput {
    double rows = 0;
    double rows_spread = 1;  ///< the number of rows is right within this factor, 1 or more
    RowAverages row;
    double key_bytes = 8;          ///< of the clustered index
    std::vector<bool> built_late;  ///< of each secondary index: sorted, after the copy
    std::size_t columns = 1;
    std::size_t event_bytes_max = 8192;  ///< binlog_row_event_max_size
    double chunk_rows = 10'000;
    bool several_copiers = true;    ///< chunks are filled side by side
    double seconds = 0;             ///< that the run takes: it writes down how far it is
    double beats_per_second = 0;    ///< heartbeats for replicas
    double compressed_share = 1;    ///< of the bytes, with binlog_transaction_compression
    double changed_rows = 0;        ///< rows that the application changes during the run
    bool compressed_pages = false;  ///< ROW_FORMAT=COMPRESSED: pages are smaller than computed
};

struct Sizes {
    Range data;
    std::vector<Range> indexes;  ///< of each secondary index
    Range secondary;             ///< all of them
    Range table;
    Range sorting;
    Range binlog;
};

/// Pure.
[[nodiscard]] Sizes sizes_of(const SizeInput& input);

/// `expected` within a factor.
[[nodiscard]] Range within(double expected, double factor);
/// Sums add up worst cases: what makes one part larger mostly makes the others larger, too.
[[nodiscard]] Range operator+(const Range& a, const Range& b);
[[nodiscard]] Range operator*(const Range& a, double factor);

}  // namespace doppel::estimate
