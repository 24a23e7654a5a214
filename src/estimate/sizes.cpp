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
constexpr double kExtentPages = 64;
/// Whole extents are taken from so many pages on (fsp0fsp.h, FSEG_FRAG_ARR_N_SLOTS), the next one
/// when less than an eighth of those before is free (FSEG_FILLFACTOR).
constexpr double kFragmentPages = 32;
constexpr double kFillFactor = 8.0 / 7.0;
/// Where chunks that are filled side by side meet, pages stay partly empty. Measured, as are the
/// two below (bench/estimate).
constexpr double kPagesOfChunk = 3.3;
/// The first chunks are small ones.
constexpr double kFirstChunks = 5;
constexpr double kSpareOfSeveral = 470;
constexpr double kSpareOfOne = 325;
/// Sampled rows stand for all within this factor.
constexpr double kSampleSpread = 1.06;
/// Events: header, checksum, post-header, table id (MySQL internals, "Rows_event").
constexpr double kEventHead = 45;
/// GTID, BEGIN, table map, XID of a chunk, and the fence before it.
constexpr double kChunkLog = 900;
/// A checkpoint and what else is written about once a second.
constexpr double kSecondLog = 1'500;
/// A heartbeat: GTID, BEGIN, table map, a changed row, XID.
constexpr double kBeatLog = 380;
/// What stays of a run whatever the table is: making the tables, the swap, the clean-up.
constexpr double kRunLog = 12'000;

/// Pages with entries of an index whose entries have this size on average.
double leaf_pages(double rows, double entry, double fill, double reserve) {
    const double room = kUsable * fill - reserve;
    return std::ceil(rows / std::max(room / entry - 0.5, 1.0));
}

/// Pages that an index holds for this many of its leaves: those above them, and what is taken in
/// whole extents before the earlier ones are full.
double pages_held(double leaves, double key) {
    const double above =
        leaves <= 1 ? 0 : std::max(1.0, std::ceil(leaves * (key + 12) / (kUsable * 0.9)));
    if (leaves <= kFragmentPages) {
        return leaves + above;
    }
    const double extents = std::ceil((leaves - kFragmentPages) * kFillFactor / kExtentPages + 0.3);
    return kFragmentPages + extents * kExtentPages + above;
}

/// Growing at its end an index is as full as a sorted one, in no order 0.7; in between it depends.
double fill_of(double ascending) {
    const double order = std::clamp((ascending - 0.5) * 2, 0.0, 1.0);
    return kRandomFill + (0.97 - kRandomFill) * order;
}

/// The file has room beyond what is held: each session that inserts wants some extents free, the
/// more the more do so at a time; what is built afterwards may use that.
double file_pages(double early, double late, bool several_copiers) {
    constexpr double kHead = 7;
    if (early + late < kExtentPages) {
        return early + late + kHead;
    }
    const double spare = several_copiers ? kSpareOfSeveral : kSpareOfOne;
    // Files of 4 MiB have all of it already.
    const double most = 2 * (early + late);
    const double pages =
        std::max(early + std::min(spare, most), early + late + std::min(kSpareOfOne, most));
    // Files grow by four extents from 32 MiB on (fsp0fsp.cc, fsp_get_pages_to_extend_ibd).
    const double step = pages > 32 * kExtentPages ? 4 * kExtentPages : kExtentPages;
    return std::round(pages / step + 0.3) * step;
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
    return copied * input.compressed_share + chunks * kChunkLog +
           input.seconds * (kSecondLog + input.beats_per_second * kBeatLog) + kRunLog;
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
    const double compression = input.compressed_pages ? 0.5 : 1;
    double leaves = leaf_pages(rows, std::max(input.row.record, 20.0), 1, kReserve);
    if (input.several_copiers && rows > 0) {
        const double chunks = rows / std::max(input.chunk_rows, 1.0) + kFirstChunks;
        leaves += std::min(chunks * kPagesOfChunk, 0.1 * leaves);
    }
    leaves += std::ceil(rows * input.row.outside / kPage);
    const double clustered = pages_held(leaves, input.key_bytes) * compression;
    sizes.data = within(clustered * kPage, input.compressed_pages ? spread * 1.5 : spread);
    double early = clustered;
    double late_pages = 0;
    double sorting = 0;
    double largest = 0;
    for (std::size_t i = 0; i < input.row.entries.size(); ++i) {
        const bool late = i < input.built_late.size() && input.built_late[i];
        const double ascending = i < input.row.ascending.size() ? input.row.ascending[i] : 0.5;
        const double entry = std::max(input.row.entries[i], 10.0);
        const double pages =
            pages_held(leaf_pages(rows, entry, late ? 1.0 : fill_of(ascending), 0), entry) *
            compression;
        sizes.indexes.push_back(within(pages * kPage, late ? spread : spread * 1.12));
        sizes.secondary = sizes.secondary + sizes.indexes.back();
        (late ? late_pages : early) += pages;
        sorting += late ? rows * entry : 0;
        largest = std::max(largest, late ? rows * entry : 0);
    }
    sizes.table = sizes.data + sizes.secondary;
    const double file = file_pages(early, late_pages, input.several_copiers) * kPage;
    sizes.table.high += file - sizes.table.expected;
    sizes.table.expected = file;
    sizes.sorting = {largest, sorting * 1.1, sorting * 2};
    sizes.binlog =
        within(log_bytes(input), input.rows_spread * (input.compressed_share < 1 ? 1.4 : 1.05));
    return sizes;
}

}  // namespace doppel::estimate
