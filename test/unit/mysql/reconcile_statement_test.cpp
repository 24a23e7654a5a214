// SPDX-License-Identifier: Apache-2.0
#include "mysql/reconcile_statement.hpp"

#include "support/table_pairs.hpp"

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

using test::composite_key;
using test::composite_pair;
using test::integer_key;
using test::integer_pair;

TEST(ReconcileStatement, DeletesAndInsertsTheSameKeys) {
    const std::vector<Key> keys = {integer_key(1), integer_key(-2)};
    EXPECT_EQ(
        delete_statement(integer_pair(), keys, std::nullopt),
        "DELETE FROM `shop`.`_t_new` WHERE `nr` IN (1,-2)"
    );
    EXPECT_EQ(
        insert_statement(integer_pair(), keys, std::nullopt),
        "INSERT INTO `shop`.`_t_new` (`nr`, `b`) SELECT `id`, `a` FROM `shop`.`t` FORCE INDEX "
        "(`PRIMARY`) WHERE `id` IN (1,-2)"
    );
}

TEST(ReconcileStatement, IsConfinedToTheCopiedPart) {
    const std::vector<Key> keys = {composite_key("x", 1)};
    const std::vector<KeyRange> closed = {{std::nullopt, composite_key("m", 5)}};
    EXPECT_EQ(
        delete_statement(composite_pair(), keys, closed),
        "DELETE FROM `shop`.`_t_new` WHERE (`a`, `b`) IN ((_utf8mb4 x'78',1)) AND (((`a` < "
        "_utf8mb4 "
        "x'6D' OR (`a` = _utf8mb4 x'6D' AND `b` <= 5))))"
    );
}

TEST(ReconcileStatement, TouchesNothingWhileNothingIsCopied) {
    const std::vector<Key> keys = {composite_key("x", 1)};
    const std::string statement = delete_statement(composite_pair(), keys, std::vector<KeyRange>{});
    EXPECT_TRUE(statement.ends_with(" AND FALSE")) << statement;
}

}  // namespace
}  // namespace doppel::mysql
