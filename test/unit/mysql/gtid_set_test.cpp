// SPDX-License-Identifier: Apache-2.0
#include "mysql/gtid_set.hpp"

#include "base/hex.hpp"

#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

const std::string kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string kB = "f0000000-0000-0000-0000-000000000001";

GtidSet parsed(const std::string& text) {
    const auto set = GtidSet::parse(text);
    EXPECT_TRUE(set.ok()) << text << ": " << (set.ok() ? "" : set.failure().message);
    return set.ok() ? *set : GtidSet();
}

Gtid gtid(const std::string& uuid, const std::string& tag, std::uint64_t number) {
    return {*Uuid::parse(uuid), tag, number};
}

TEST(Uuid, ReadsTheFormsOfTheServer) {
    EXPECT_EQ(Uuid::parse("{3E11FA47-71CA-11E1-9E33-C80AA9429562}")->str(), kA);
    EXPECT_EQ(Uuid::parse("3e11fa4771ca11e19e33c80aa9429562")->str(), kA);
    for (const char* text :
         {"",
          "3e11fa47",
          "3e11fa47-71ca-11e1-9e33-c80aa942956g",
          "3e11fa4771ca-11e1-9e33-c80aa9429562-",
          "3e11fa47071ca011e109e330c80aa9429562"}) {
        EXPECT_FALSE(Uuid::parse(text).ok()) << text;
    }
}

TEST(GtidSet, PrintsCanonically) {
    EXPECT_EQ(parsed("").str(), "");
    EXPECT_EQ(parsed(kA + ":1").str(), kA + ":1");
    EXPECT_EQ(parsed(kA + ":1-1:3-5:4-9:11").str(), kA + ":1:3-9:11");
    EXPECT_EQ(parsed(kA + ":5:1-4").str(), kA + ":1-5");
    EXPECT_EQ(parsed(kB + ":1,\n" + kA + ":7-8").str(), kA + ":7-8," + kB + ":1");
}

TEST(GtidSet, ReadsTags) {
    const auto set = parsed(kA + ":1-5:Zeta:1-3:7:alpha:9,\n" + kA + ":zeta:4");
    EXPECT_TRUE(set.has_tags());
    EXPECT_EQ(set.str(), kA + ":1-5:alpha:9:zeta:1-4:7");
    EXPECT_EQ(parsed(kA + ":tag:1").str(), kA + ":tag:1");
    EXPECT_EQ(set.count(), 11U);
}

TEST(GtidSet, IgnoresSpaceAndEmptyMembers) {
    EXPECT_EQ(parsed(" , " + kA + " : 1 - 5 :\n tag : 3 ,, ").str(), kA + ":1-5:tag:3");
    EXPECT_TRUE(parsed(" ,\n, ").empty());
}

TEST(GtidSet, RefusesMalformedText) {
    for (const std::string& text :
         {kA,
          kA + ":",
          kA + ":0",
          kA + ":5-4",
          kA + ":1-",
          kA + ":x",
          kA + ":1x",
          kA + ":tag",
          kA + ":1:tag",
          kA + ":tag-1:1",
          kA + ":9223372036854775807",
          kA + ":1::2",
          std::string("nonsense:1"),
          kA + ":-3",
          kA + ":" + std::string(33, 'a') + ":1"}) {
        EXPECT_FALSE(GtidSet::parse(text).ok()) << text;
    }
    EXPECT_TRUE(GtidSet::parse(kA + ":1-9223372036854775806").ok());
}

TEST(GtidSet, AddingInOrderKeepsOneInterval) {
    GtidSet set;
    for (std::uint64_t number = 1; number <= 1000; ++number) {
        set.add(gtid(kA, "", number));
    }
    set.add(gtid(kA, "", 1002));
    EXPECT_EQ(set.str(), kA + ":1-1000:1002");
    set.add(gtid(kA, "", 1001));
    set.add(gtid(kA, "", 1001));
    EXPECT_EQ(set.str(), kA + ":1-1002");
    EXPECT_TRUE(set.contains(gtid(kA, "", 1002)));
    EXPECT_FALSE(set.contains(gtid(kA, "t", 1002)));
    EXPECT_FALSE(set.contains(gtid(kB, "", 1)));
}

TEST(GtidSet, IgnoresNumbersOutOfRange) {
    GtidSet set;
    set.add(gtid(kA, "", 0));
    set.add(gtid(kA, "", GtidSet::kNumberMax + 1));
    EXPECT_TRUE(set.empty());
}

TEST(GtidSet, SubtractsAndComparesSets) {
    auto set = parsed(kA + ":1-10:tag:1-3," + kB + ":1-5");
    const auto part = parsed(kA + ":3-4:8-12:tag:1-3," + kB + ":7");
    EXPECT_FALSE(part.is_subset_of(set));
    set.subtract(part);
    EXPECT_EQ(set.str(), kA + ":1-2:5-7," + kB + ":1-5");
    EXPECT_TRUE(parsed(kA + ":2:6").is_subset_of(set));
    EXPECT_TRUE(GtidSet().is_subset_of(set));
    EXPECT_FALSE(set.is_subset_of(GtidSet()));
    set.subtract(set);
    EXPECT_TRUE(set.empty());
}

TEST(GtidSet, AgreesWithASetOfNumbers) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        std::set<std::uint64_t> numbers[2];
        GtidSet sets[2];
        for (int i = 0; i < 60; ++i) {
            const auto side = random() % 2;
            const std::uint64_t first = random() % 40 + 1;
            const std::uint64_t last = first + random() % 4;
            sets[side].add_interval(*Uuid::parse(kA), "", first, last);
            for (auto number = first; number <= last; ++number) {
                numbers[side].insert(number);
            }
        }
        GtidSet both = sets[0];
        both.add(sets[1]);
        GtidSet rest = sets[0];
        rest.subtract(sets[1]);
        for (std::uint64_t number = 1; number < 50; ++number) {
            const bool in_first = numbers[0].count(number) > 0;
            const bool in_second = numbers[1].count(number) > 0;
            EXPECT_EQ(both.contains(gtid(kA, "", number)), in_first || in_second);
            EXPECT_EQ(rest.contains(gtid(kA, "", number)), in_first && !in_second);
        }
        EXPECT_EQ(GtidSet::parse(both.str())->str(), both.str());
        EXPECT_EQ(*GtidSet::decode(both.encode()), both);
    }
}

TEST(GtidSet, EncodesUntaggedAsOldServersDo) {
    const auto set = parsed(kA + ":1-5");
    EXPECT_EQ(
        base::to_hex(set.encode()),
        "0100000000000000"
        "3E11FA4771CA11E19E33C80AA9429562"
        "0100000000000000"
        "01000000000000000600000000000000"
    );
    EXPECT_EQ(*GtidSet::decode(set.encode()), set);
    EXPECT_EQ(base::to_hex(GtidSet().encode()), "0000000000000000");
}

TEST(GtidSet, EncodesTagsInTheTaggedFormat) {
    const auto set = parsed(kA + ":2:tag:1");
    EXPECT_EQ(
        base::to_hex(set.encode()),
        "0102000000000001"
        "3E11FA4771CA11E19E33C80AA9429562"
        "00"
        "0100000000000000"
        "02000000000000000300000000000000"
        "3E11FA4771CA11E19E33C80AA9429562"
        "06746167"
        "0100000000000000"
        "01000000000000000200000000000000"
    );
    EXPECT_EQ(*GtidSet::decode(set.encode()), set);
}

TEST(GtidSet, RefusesEveryPrefixOfABinaryForm) {
    for (const auto& text : {kA + ":1-5:7," + kB + ":9", kA + ":1-5:tag:7," + kB + ":9"}) {
        const auto bytes = parsed(text).encode();
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(GtidSet::decode(std::string_view(bytes).substr(0, size)).ok()) << size;
        }
        EXPECT_FALSE(GtidSet::decode(bytes + "x").ok());
    }
}

TEST(GtidSet, ImpossibleCountsDoNotAllocate) {
    const auto many_sources = *base::from_hex("FFFFFFFFFFFFFF00");
    EXPECT_FALSE(GtidSet::decode(many_sources).ok());
    const auto many_intervals = *base::from_hex(
        "0100000000000000"
        "3E11FA4771CA11E19E33C80AA9429562"
        "FFFFFFFFFFFFFFFF"
    );
    EXPECT_FALSE(GtidSet::decode(many_intervals).ok());
    EXPECT_FALSE(GtidSet::decode(*base::from_hex("0000000000000002")).ok());
}

TEST(GtidSet, RefusesIntervalsOutOfOrder) {
    for (const char* interval :
         {"00000000000000000100000000000000",
          "05000000000000000500000000000000",
          "0100000000000000FFFFFFFFFFFFFFFF"}) {
        EXPECT_FALSE(GtidSet::decode(*base::from_hex(
                                         std::string("0100000000000000") +
                                         "3E11FA4771CA11E19E33C80AA9429562" + "0100000000000000" +
                                         interval
                                     ))
                         .ok());
    }
}

}  // namespace
}  // namespace doppel::mysql
