// SPDX-License-Identifier: Apache-2.0
#include "estimate/sizes.hpp"

#include <algorithm>
#include <cmath>

namespace doppel::estimate {
namespace {

constexpr double kPage = 16'384;
/// Of a page, for records (mysql-server storage/innobase/include/page0types.h: header, trailer, the
/// two records at its ends).
constexpr double kUsable = 16'252;
/// Kept free in a page of the clustered index that is filled in order (dict0dict.ic,
/// dict_index_get_space_reserve).
constexpr double kReserve = 1'024;
/// What a page is full of after many inserts in no order: ln 2, as for any B-tree.
constexpr double kRandomFill = 0.70;
constexpr double kExtent = 1'048'576;
/// Whole extents are taken from so many pages on (fsp0fsp.h, FSEG_FRAG_ARR_N_SLOTS).
constexpr double kFragmentPages = 32;
/// Sampled rows stand for all within this factor.
constexpr double kSampleSpread = 1.06;
/// Events: header, checksum, post-header, table id (MySQL internals, "Rows_event").
constexpr double kEventHead = 45;
/// GTID, BEGIN, table map, XID of a chunk, and the fence before it.
constexpr double kChunkLog = 900;
/// A checkpoint and what else is written about once a second.
constexpr double kSecondLog = 1'500;
/// What stays of a run whatever the table is: making the tables, the swap, the clean-up.
constexpr double kRunLog = 12'000;

/// Bytes of the pages of an index whose entries have this size on average.
double index_bytes(double rows, double entry, double key, double fill, double reserve) {
    const double room = kUsable * fill - reserve;
    const double fitting = std::max(room / entry - 0.5, 1.0);
    const double leaves = std::ceil(rows / fitting);
    const double above = leaves <= 1 ? 0 : std::max(1.0, leaves * (key + 12) / (kUsable * 0.9));
    const double pages = leaves + std::ceil(above);
    // The last extent of each segment is half empty on average.
    const double slack = pages > 2 * kFragmentPages ? kExtent / 2 : 0;
    return pages * kPage + slack;
}

/// Growing at its end an index is as full as a sorted one, in no order 0.7; in between it depends.
double fill_of(double ascending) {
    const double order = std::clamp((ascending - 0.5) * 2, 0.0, 1.0);
    return kRandomFill + (0.97 - kRandomFill) * order;
}

/// Files grow by four extents from 32 MiB on (fsp0fsp.cc, fsp_get_pages_to_extend_ibd).
double file_bytes(double pages_bytes) {
    constexpr double kHead = 7 * kPage;
    const double step = pages_bytes > 32 * kExtent ? 4 * kExtent : kExtent;
    return pages_bytes < kExtent ? pages_bytes + kHead
                                 : std::ceil((pages_bytes + kHead) / step) * step;
}

double log_bytes(const SizeInput& input) {
    const double row = std::max(input.row.logged, 1.0);
    const double head = kEventHead + static_cast<double>(input.columns) / 8;
    const double in_event =
        std::max(1.0, std::floor((static_cast<double>(input.event_bytes_max) - head) / row));
    const double per_row = row + head / in_event;
    const double chunks = input.rows / std::max(input.chunk_rows, 1.0);
    // A changed row is deleted and inserted anew: two images, in transactions of many keys.
    const double copied = (input.rows * per_row + input.changed_rows * 2.2 * per_row);
    return copied * input.compressed_share + chunks * kChunkLog + input.seconds * kSecondLog +
           kRunLog;
}

}  // namespace

Range within(double expected, double factor) {
    return {expected / factor, expected, expected * factor};
}

Range operator+(const Range& a, const Range& b) {
    return {a.low + b.low, a.expected + b.expected, a.high + b.high};
}

Range operator*(const Range& a, double factor) {
    return {a.low * factor, a.expected * factor, a.high * factor};
}

Sizes sizes_of(const SizeInput& input) {
    Sizes sizes;
    const double spread = input.rows_spread * kSampleSpread;
    const double rows = std::max(input.rows, 0.0);
    double data = index_bytes(rows, std::max(input.row.record, 20.0), input.key_bytes, 1, kReserve);
    data += rows * input.row.outside;
    const double compression = input.compressed_pages ? 0.5 : 1;
    sizes.data = within(data * compression, input.compressed_pages ? spread * 1.5 : spread);
    double sorting = 0;
    double largest = 0;
    for (std::size_t i = 0; i < input.row.entries.size(); ++i) {
        const bool late = i < input.built_late.size() && input.built_late[i];
        const double ascending = i < input.row.ascending.size() ? input.row.ascending[i] : 0.5;
        const double entry = std::max(input.row.entries[i], 10.0);
        const double bytes =
            index_bytes(rows, entry, entry, late ? 1.0 : fill_of(ascending), 0) * compression;
        sizes.indexes.push_back(within(bytes, late ? spread : spread * 1.12));
        sizes.secondary = sizes.secondary + sizes.indexes.back();
        sorting += late ? rows * entry : 0;
        largest = std::max(largest, late ? rows * entry : 0);
    }
    sizes.table = sizes.data + sizes.secondary;
    sizes.table.expected = file_bytes(sizes.table.expected);
    sizes.table.high = file_bytes(sizes.table.high);
    sizes.sorting = {largest, sorting * 1.1, sorting * 2};
    sizes.binlog =
        within(log_bytes(input), input.rows_spread * (input.compressed_share < 1 ? 1.4 : 1.05));
    return sizes;
}

}  // namespace doppel::estimate
