// SPDX-License-Identifier: Apache-2.0
#include "misfit/contest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::misfit {
namespace {

using mysql::Key;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Error kAnyDuplicate(Errc::failed, "Duplicate entry", ServerError{1062, "23000"});
const Error kAnyTooLong(Errc::failed, "Data too long", ServerError{1406, "22001"});

Offence collision(const std::string& one, const std::string& other) {
    return {{Key{one}, Key{other}}, {}, std::nullopt};
}

Offence refusal(const std::string& key) {
    return {{Key{key}}, "too long", kAnyTooLong};
}

class Contests : public ::testing::Test {
protected:
    void met(const std::string& key, const Error& error = kAnyDuplicate) {
        contest_.met(Key{key}, error, now_);
    }
    /// Looks every 500 ms; what was seen, with so many changes of the rows each.
    void look(const std::vector<Offence>& seen, std::uint64_t changes = 0) {
        now_ += milliseconds(500);
        const std::vector<std::uint64_t> counts(seen.size(), changes);
        contest_.looked(now_, contest_.suspects(), seen, counts);
    }

    Contest::Clock::time_point now_;
    Contest contest_;
};

TEST_F(Contests, LooksAtTheKeysThatWaitLongest) {
    EXPECT_FALSE(contest_.look_due(now_));
    for (int i = 0; i < 12; ++i) {
        now_ += milliseconds(1);
        met(std::string(1, static_cast<char>('z' - i)), i == 1 ? kAnyTooLong : kAnyDuplicate);
    }
    EXPECT_TRUE(contest_.look_due(now_));
    const auto suspects = contest_.suspects();
    EXPECT_THAT(suspects.duplicates, SizeIs(9));
    EXPECT_EQ(suspects.duplicates.front(), Key{"z"});
    EXPECT_THAT(suspects.refused, ElementsAre(Key{"y"}));
    look({});
    EXPECT_FALSE(contest_.look_due(now_)) << "not at once again";
    EXPECT_TRUE(contest_.look_due(now_ + seconds(1)));
}

TEST_F(Contests, ThePairThatStaysIsReal) {
    met("b");
    for (int i = 0; i < 6; ++i) {
        EXPECT_THAT(contest_.ripe(), IsEmpty());
        look({collision("a", "b")});
    }
    ASSERT_THAT(contest_.ripe(), SizeIs(1));
    EXPECT_TRUE(contest_.stands(collision("b", "a"), 0));
    EXPECT_FALSE(contest_.stands(collision("a", "b"), 1)) << "it was changed meanwhile";
    EXPECT_FALSE(contest_.stands(collision("a", "c"), 0));
}

TEST_F(Contests, RowsMayTakeTurnsInBeingTheRefusedOne) {
    for (int i = 0; i < 6; ++i) {
        const std::string refused = i % 2 == 0 ? "b" : "a";
        contest_.settled(Key{i % 2 == 0 ? "a" : "b"});
        met(refused);
        look({collision("a", "b")});
    }
    EXPECT_THAT(contest_.ripe(), SizeIs(1));
}

TEST_F(Contests, OneLookWithoutThePairForgetsIt) {
    met("b");
    for (int i = 0; i < 20; ++i) {
        look(i % 4 == 3 ? std::vector<Offence>() : std::vector{collision("a", "b")});
        EXPECT_THAT(contest_.ripe(), IsEmpty());
    }
}

TEST_F(Contests, ChangingPairsAreAnApplicationThatMovesValues) {
    met("b");
    for (int i = 0; i < 60; ++i) {
        look({collision(std::string(1, static_cast<char>('c' + i % 7)), "b")});
        EXPECT_THAT(contest_.ripe(), IsEmpty());
    }
}

TEST_F(Contests, ARefusedRowIsRealSooner) {
    met("a", kAnyTooLong);
    for (int i = 0; i < 4; ++i) {
        EXPECT_THAT(contest_.ripe(), IsEmpty());
        look({refusal("a")});
    }
    EXPECT_THAT(contest_.ripe(), SizeIs(1));
    look({});
    EXPECT_THAT(contest_.ripe(), IsEmpty()) << "the application mended it";
}

TEST_F(Contests, AKeyThatNeverGetsThroughIsGivenUp) {
    met("a");
    now_ += seconds(61);
    EXPECT_FALSE(contest_.futile(now_)) << "that was one try";
    for (int i = 0; i < 20; ++i) {
        met("a");
    }
    ASSERT_TRUE(contest_.futile(now_));
    EXPECT_EQ(contest_.futile(now_)->first, Key{"a"});
    contest_.settled(Key{"a"});
    EXPECT_FALSE(contest_.futile(now_));
    EXPECT_TRUE(contest_.empty());
    met("a");
    EXPECT_FALSE(contest_.futile(now_)) << "it had got through in between";
}

}  // namespace
}  // namespace doppel::misfit
