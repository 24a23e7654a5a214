// SPDX-License-Identifier: Apache-2.0
#include "copy/partial_copy.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace doppel::copy {
namespace {

using mysql::Key;
using mysql::KeyRange;

Key key(char text) {
    return Key{std::string(1, text)};
}

std::vector<Key> keys(const std::string& text) {
    std::vector<Key> all;
    for (const char each : text) {
        all.push_back(key(each));
    }
    return all;
}

bool contains(const KeyRange& range, const Key& one) {
    return (!range.lower || range.lower->bytes < one.bytes) &&
           (!range.upper || one.bytes <= range.upper->bytes);
}

TEST(PartialCopy, PartsAreAdjacentAndReachFromEndToEnd) {
    PartialCopy copy({key('a'), key('z')}, keys("cek"), 32);
    EXPECT_EQ(copy.next(), (KeyRange{key('a'), key('z')}));
    copy.refused();
    EXPECT_EQ(copy.next(), (KeyRange{key('a'), key('c')}));
    copy.taken();
    EXPECT_EQ(copy.next(), (KeyRange{key('c'), key('z')}));
    copy.refused();
    EXPECT_EQ(copy.next(), (KeyRange{key('c'), key('e')}));
    copy.taken();
    EXPECT_EQ(copy.next(), (KeyRange{key('e'), key('z')})) << "with rows that are newer";
    copy.taken();
    EXPECT_FALSE(copy.next());
    EXPECT_TRUE(copy.left_out().empty());
}

TEST(PartialCopy, EveryKeyIsTakenOrLeftOut) {
    for (const std::size_t refused_max : {1U, 2U, 32U}) {
        const std::set<char> refused{'b', 'f', 'g'};
        const auto all = keys("abcdefgh");
        PartialCopy copy({std::nullopt, std::nullopt}, all, refused_max);
        std::set<Key> seen;
        while (const auto range = copy.next()) {
            std::set<Key> part;
            bool is_refused = false;
            for (const Key& each : all) {
                if (contains(*range, each)) {
                    part.insert(each);
                    is_refused = is_refused || refused.contains(each.bytes.front());
                }
            }
            if (is_refused) {
                copy.refused();
            } else {
                seen.insert(part.begin(), part.end());
                copy.taken();
            }
        }
        const auto left_out = copy.left_out();
        for (const char each : refused) {
            EXPECT_FALSE(seen.contains(key(each)));
        }
        EXPECT_EQ(seen.size() + left_out.size(), all.size()) << refused_max;
        seen.insert(left_out.begin(), left_out.end());
        EXPECT_EQ(seen.size(), all.size()) << refused_max;
        EXPECT_EQ(left_out.size() == refused.size(), refused_max > 2);
    }
}

TEST(PartialCopy, AChunkWhoseRowsAreGoneNeedsNothing) {
    const PartialCopy copy({key('a'), key('z')}, {}, 32);
    EXPECT_FALSE(copy.next());
    EXPECT_TRUE(copy.left_out().empty());
}

}  // namespace
}  // namespace doppel::copy
