// SPDX-License-Identifier: Apache-2.0
#include "replay/batch_turn.hpp"

#include <string>

#include <gtest/gtest.h>

namespace doppel::replay {
namespace {

using mysql::Key;

std::vector<Key> keys(const std::string& text) {
    std::vector<Key> all;
    for (const char each : text) {
        all.push_back(Key{std::string(1, each)});
    }
    return all;
}

std::string text_of(const std::vector<Key>& keys) {
    std::string text;
    for (const Key& key : keys) {
        text += key.bytes;
    }
    return text;
}

/// "abc", or "-abc" when only the deletes are to be run; "" at the end.
std::string next(const BatchTurn& turn) {
    const auto step = turn.next();
    return step ? (step->inserts ? "" : "-") + text_of(step->keys) : "";
}

BatchTurn make_turn(const std::string& batch, const std::string& involved = "") {
    const auto is_involved = [involved](const Key& key) {
        return involved.find(key.bytes) != std::string::npos;
    };
    return {keys(batch), is_involved, BatchTurn::kRefusedMax};
}

TEST(BatchTurn, RunsTheBatchAsAWhole) {
    auto turn = make_turn("abc");
    EXPECT_EQ(next(turn), "abc");
    turn.committed();
    EXPECT_EQ(next(turn), "");
    EXPECT_EQ(turn.end(), BatchTurn::End::all);
}

TEST(BatchTurn, AConflictOfTheWholeBatchLeavesItForAnotherTurn) {
    auto turn = make_turn("abc");
    turn.failed();
    EXPECT_EQ(next(turn), "");
    EXPECT_EQ(turn.end(), BatchTurn::End::none);
}

TEST(BatchTurn, WhatIsRefusedIsDeletedOnceAndHalved) {
    auto turn = make_turn("abcd");
    EXPECT_FALSE(turn.refused());
    EXPECT_EQ(next(turn), "abcd");
    EXPECT_FALSE(turn.refused());
    EXPECT_EQ(next(turn), "-abcd");
    turn.committed();
    EXPECT_EQ(next(turn), "ab");
    turn.committed();
    EXPECT_EQ(next(turn), "cd");
    EXPECT_FALSE(turn.refused());
    EXPECT_EQ(next(turn), "c");
    EXPECT_TRUE(turn.refused()) << "it is this key's own";
    EXPECT_EQ(next(turn), "d");
    turn.committed();
    EXPECT_EQ(next(turn), "");
    EXPECT_EQ(turn.end(), BatchTurn::End::some);
    EXPECT_EQ(text_of(turn.failed_keys()), "c");
}

TEST(BatchTurn, ARefusedKeyAloneIsToldOnce) {
    auto turn = make_turn("a");
    EXPECT_FALSE(turn.refused());
    EXPECT_TRUE(turn.refused());
    EXPECT_EQ(next(turn), "-a");
    turn.failed();
    EXPECT_EQ(next(turn), "");
    EXPECT_EQ(text_of(turn.failed_keys()), "a");
}

TEST(BatchTurn, InvolvedKeysGoLastAndByThemselves) {
    auto turn = make_turn("abcd", "ac");
    EXPECT_EQ(next(turn), "bd");
    turn.committed();
    EXPECT_EQ(next(turn), "ac");
    turn.committed();
    EXPECT_EQ(next(turn), "");
    EXPECT_EQ(turn.end(), BatchTurn::End::some) << "no transaction covered the batch";
    EXPECT_TRUE(turn.failed_keys().empty());
}

TEST(BatchTurn, OneThatFailsForAnotherReasonHoldsNothingUp) {
    auto turn = make_turn("abcd", "d");
    turn.failed();
    EXPECT_EQ(next(turn), "d");
    turn.committed();
    EXPECT_EQ(next(turn), "");
    EXPECT_EQ(text_of(turn.failed_keys()), "abc");
}

}  // namespace
}  // namespace doppel::replay
