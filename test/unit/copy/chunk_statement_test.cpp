// SPDX-License-Identifier: Apache-2.0
#include "copy/chunk_statement.hpp"

#include "support/table_pairs.hpp"

#include <gtest/gtest.h>

namespace doppel::copy {
namespace {

using test::composite_key;
using test::composite_pair;
using test::integer_key;
using test::integer_pair;

TEST(ChunkStatement, CopiesARangeAboveTheLowerUpToTheUpperBound) {
    EXPECT_EQ(
        copy_statement(integer_pair(), {integer_key(-5), integer_key(10)}),
        "INSERT INTO `shop`.`_t_new` (`nr`, `b`) SELECT `id`, `a` FROM `shop`.`t` FORCE INDEX "
        "(`PRIMARY`) WHERE `id` > -5 AND `id` <= 10"
    );
}

TEST(ChunkStatement, TheOnlyChunkHasNoBounds) {
    EXPECT_NE(copy_statement(integer_pair(), {}).find("WHERE TRUE"), std::string::npos);
}

TEST(ChunkStatement, CompositeBoundsAreExpanded) {
    EXPECT_NE(
        copy_statement(composite_pair(), {composite_key("x", 1), composite_key("y", 2)})
            .find("(`a` > _utf8mb4 x'78' OR (`a` = _utf8mb4 x'78' AND `b` > 1)) AND "
                  "(`a` < _utf8mb4 x'79' OR (`a` = _utf8mb4 x'79' AND `b` <= 2))"),
        std::string::npos
    );
}

TEST(ChunkStatement, KeysOfARangeComeInTheirOrder) {
    EXPECT_EQ(
        keys_statement(integer_pair(), {std::nullopt, integer_key(10)}),
        "SELECT `id` FROM `shop`.`t` FORCE INDEX (`PRIMARY`) WHERE `id` <= 10 ORDER BY `id`"
    );
}

TEST(ChunkStatement, ClearingNamesTheColumnsOfTheShadow) {
    EXPECT_EQ(
        clear_statement(integer_pair(), {std::nullopt, integer_key(7)}),
        "DELETE FROM `shop`.`_t_new` WHERE `nr` <= 7"
    );
}

TEST(ChunkStatement, ABoundaryIsLookedForBehindTheLastOne) {
    EXPECT_EQ(
        boundary_statement(integer_pair(), integer_key(7), 100),
        "SELECT `id` FROM `shop`.`t` FORCE INDEX (`PRIMARY`) WHERE `id` > 7 ORDER BY `id` LIMIT 1 "
        "OFFSET 99"
    );
}

}  // namespace
}  // namespace doppel::copy
