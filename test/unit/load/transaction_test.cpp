// SPDX-License-Identifier: Apache-2.0
#include "tools/load/transaction.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

TEST(Transaction, IsTheSameForTheSameSeed) {
    RandomSequence a(7);
    RandomSequence b(7);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(
            statements_for(random_transaction(a, 1'000), "`t`"),
            statements_for(random_transaction(b, 1'000), "`t`")
        );
    }
}

TEST(Transaction, StaysWithinTheTable) {
    RandomSequence random(1);
    for (int i = 0; i < 1'000; ++i) {
        const Transaction transaction = random_transaction(random, 3);
        for (const auto id :
             {transaction.increment_id, transaction.update_id, transaction.replace_id}) {
            EXPECT_GE(id, 1U);
            EXPECT_LE(id, 3U);
        }
    }
}

TEST(Transaction, WritesTheSameToBothTables) {
    RandomSequence random(5);
    const Transaction transaction = random_transaction(random, 100);
    auto first = statements_for(transaction, "`one`");
    const auto second = statements_for(transaction, "`two`");
    ASSERT_EQ(kStatements, first.size());
    for (std::size_t i = 0; i < kStatements; ++i) {
        first[i].replace(first[i].find("`one`"), 5, "`two`");
        EXPECT_EQ(second[i], first[i]);
    }
}

TEST(Transaction, InsertsTheRowItDeleted) {
    Transaction transaction;
    transaction.increment_id = 1;
    transaction.update_id = 2;
    transaction.update_c = "x";
    transaction.replace_id = 3;
    transaction.replacement = {4, "c", "p"};
    const auto statements = statements_for(transaction, "`t`");
    EXPECT_EQ("UPDATE `t` SET k = k + 1 WHERE id = 1", statements[0]);
    EXPECT_EQ("UPDATE `t` SET c = 'x' WHERE id = 2", statements[1]);
    EXPECT_EQ("DELETE FROM `t` WHERE id = 3", statements[2]);
    EXPECT_EQ("INSERT INTO `t` (id, k, c, pad) VALUES (3,4,'c','p')", statements[3]);
}

TEST(InitialRow, DependsOnIdAndRowsOnlyAndFitsTheColumns) {
    const RowValues row = initial_row(12, 1'000);
    EXPECT_EQ(values_tuple(12, row), values_tuple(12, initial_row(12, 1'000)));
    EXPECT_NE(row.c, initial_row(13, 1'000).c);
    EXPECT_EQ(119U, row.c.size());
    EXPECT_EQ(59U, row.pad.size());
    EXPECT_EQ(9, std::count(row.c.begin(), row.c.end(), '-'));
    EXPECT_LE(row.k, 1'000U);
}

TEST(RandomSequence, SpreadsOverItsRange) {
    RandomSequence random(1);
    std::vector<int> seen(10);
    for (int i = 0; i < 10'000; ++i) {
        ++seen[random.up_to(10) - 1];
    }
    for (const int count : seen) {
        EXPECT_NEAR(1'000, count, 200);
    }
}

}  // namespace
}  // namespace doppel::load
