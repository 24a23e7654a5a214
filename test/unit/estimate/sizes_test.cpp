// SPDX-License-Identifier: Apache-2.0
#include "estimate/sizes.hpp"

#include <gtest/gtest.h>

namespace doppel::estimate {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

SizeInput a_million() {
    SizeInput input;
    input.rows = 1e6;
    input.row.rows = 1000;
    input.row.record = 200;
    input.row.logged = 190;
    input.row.entries = {20};
    input.row.ascending = {0.5};
    input.built_late = {false};
    input.columns = 4;
    return input;
}

TEST(Sizes, OfAMillionRowsOfTwoHundredBytes) {
    const Sizes sizes = sizes_of(a_million());
    // 75.6 records in a page: 13,220 pages, 350 more where chunks meet, and an eighth that is held
    // and still empty.
    EXPECT_NEAR(sizes.data.expected / kMebibyte, 242, 4);
    // 568 entries in a page that is full to seven tenths, and the same eighth.
    EXPECT_NEAR(sizes.indexes[0].expected / kMebibyte, 33, 2);
    EXPECT_GE(sizes.table.expected, sizes.data.expected + sizes.secondary.expected);
    // Row images and the heads of events of 8 KiB.
    EXPECT_NEAR(sizes.binlog.expected / 1e6, 191, 2);
}

TEST(Sizes, ASortedIndexIsFullerThanOneFilledInNoOrder) {
    SizeInput late = a_million();
    late.built_late = {true};
    EXPECT_LT(sizes_of(late).secondary.expected, 0.8 * sizes_of(a_million()).secondary.expected);
    EXPECT_GT(sizes_of(late).sorting.expected, 0);
    EXPECT_EQ(sizes_of(a_million()).sorting.expected, 0);
    SizeInput in_order = a_million();
    in_order.row.ascending = {1.0};
    EXPECT_NEAR(sizes_of(in_order).secondary.expected / sizes_of(late).secondary.expected, 1, 0.06);
}

TEST(Sizes, UncertainRowsWidenTheRange) {
    SizeInput unsure = a_million();
    unsure.rows_spread = 1.25;
    EXPECT_GT(sizes_of(unsure).binlog.high, sizes_of(a_million()).binlog.high);
    EXPECT_LT(sizes_of(unsure).binlog.low, sizes_of(a_million()).binlog.low);
    EXPECT_EQ(sizes_of(unsure).binlog.expected, sizes_of(a_million()).binlog.expected);
}

TEST(Sizes, ChangesOfTheApplicationAreLoggedTwice) {
    SizeInput busy = a_million();
    busy.changed_rows = 1e5;
    EXPECT_NEAR(sizes_of(busy).binlog.expected / sizes_of(a_million()).binlog.expected, 1.22, 0.02);
    busy.changed_rows = 0;
    busy.compressed_share = 0.4;
    EXPECT_NEAR(sizes_of(busy).binlog.expected / sizes_of(a_million()).binlog.expected, 0.4, 0.01);
}

// Shapes that were altered on MySQL 9.7 (bench/estimate), with what FILE_SIZE then was.
TEST(Sizes, OfFilesThatWereMeasured) {
    SizeInput input;
    input.rows = 300'000;
    input.row.record = 30.4;
    input.key_bytes = 4;
    EXPECT_NEAR(sizes_of(input).table.expected / 19'922'944, 1, 0.08);
    input.rows = 150'000;
    input.row.record = 212.4;
    input.row.entries = {13.4};
    input.row.ascending = {0.5};
    input.built_late = {true};
    EXPECT_NEAR(sizes_of(input).table.expected / 50'331'648, 1, 0.08);
    // Small files have all the room that four copiers want, too.
    SizeInput small;
    small.rows = 30'000;
    small.row.record = 73;
    small.key_bytes = 16;
    EXPECT_NEAR(sizes_of(small).table.expected / 11'534'336, 1, 0.08);
}

TEST(Sizes, OfAnEmptyTable) {
    SizeInput empty = a_million();
    empty.rows = 0;
    const Sizes sizes = sizes_of(empty);
    EXPECT_LT(sizes.table.expected, kMebibyte);
    EXPECT_LE(sizes.data.low, sizes.data.expected);
    EXPECT_LE(sizes.data.expected, sizes.data.high);
}

}  // namespace
}  // namespace doppel::estimate
