// SPDX-License-Identifier: Apache-2.0
#include "verify/suspects.hpp"

#include <gmock/gmock.h>

namespace doppel::verify {
namespace {

using mysql::Key;
using testing::ElementsAre;
using testing::IsEmpty;

using Keys = std::vector<Key>;
using Looks = std::vector<Suspects::Look>;

constexpr std::size_t kMany = 1'000'000;

Keys keys(std::initializer_list<const char*> names) {
    Keys result;
    for (const char* name : names) {
        result.push_back(Key{name});
    }
    return result;
}

TEST(Suspects, AreGoneOnceTheyAreTheSame) {
    Suspects suspects;
    suspects.add(keys({"a", "b", "a"}));
    EXPECT_EQ(suspects.size(), 2U);
    const auto verdict = suspects.judge(keys({"a", "b"}), Looks{});
    EXPECT_THAT(verdict.repair, IsEmpty());
    EXPECT_TRUE(suspects.empty());
    EXPECT_EQ(suspects.real(), 0U);
}

TEST(Suspects, AnUntouchedDifferenceIsRealAndIsRepairedOnce) {
    Suspects suspects;
    suspects.add(keys({"a"}));
    auto verdict = suspects.judge(keys({"a"}), Looks{{Key{"a"}, false}});
    EXPECT_THAT(verdict.repair, ElementsAre(Key{"a"}));
    EXPECT_THAT(verdict.returned, IsEmpty());
    EXPECT_EQ(suspects.size(), 1U) << "its repair must be looked at";
    EXPECT_EQ(suspects.repaired(), 0U);
    verdict = suspects.judge(keys({"a"}), Looks{});
    EXPECT_TRUE(suspects.empty());
    EXPECT_EQ(suspects.real(), 1U);
    EXPECT_EQ(suspects.repaired(), 1U);
}

TEST(Suspects, ARealDifferenceThatComesBackIsReported) {
    Suspects suspects;
    suspects.add(keys({"a"}));
    (void)suspects.judge(keys({"a"}), Looks{{Key{"a"}, false}});
    const auto verdict = suspects.judge(keys({"a"}), Looks{{Key{"a"}, false}});
    EXPECT_THAT(verdict.repair, IsEmpty());
    EXPECT_THAT(verdict.returned, ElementsAre(Key{"a"}));
}

TEST(Suspects, ItComesBackAlsoAfterItWasTheSameForAWhile) {
    Suspects suspects;
    suspects.add(keys({"a"}));
    (void)suspects.judge(keys({"a"}), Looks{{Key{"a"}, false}});
    (void)suspects.judge(keys({"a"}), Looks{});
    suspects.add(keys({"a"}));
    EXPECT_THAT(
        suspects.judge(keys({"a"}), Looks{{Key{"a"}, false}}).returned, ElementsAre(Key{"a"})
    );
}

TEST(Suspects, ATouchedDifferenceIsNeverRealAndEndsUndecided) {
    Suspects suspects;
    suspects.add(keys({"hot"}));
    unsigned looks = 0;
    while (!suspects.empty()) {
        const auto verdict = suspects.judge(keys({"hot"}), Looks{{Key{"hot"}, true}});
        EXPECT_THAT(verdict.repair, IsEmpty());
        EXPECT_THAT(verdict.returned, IsEmpty());
        ++looks;
        ASSERT_LE(looks, Suspects::kLooksMax);
    }
    EXPECT_EQ(looks, Suspects::kLooksMax);
    EXPECT_THAT(suspects.undecided(), ElementsAre(Key{"hot"}));
}

TEST(Suspects, LooksAreCountedAlsoWhenTheKeyIsSpeltOtherwise) {
    Suspects suspects;
    suspects.add(keys({"a"}));
    Keys looked = keys({"a"});
    for (unsigned look = 0; look < Suspects::kLooksMax; ++look) {
        const Key seen{look % 2 == 0 ? "A" : "a"};
        (void)suspects.judge(looked, Looks{{seen, true}});
        looked = {seen};
    }
    EXPECT_TRUE(suspects.empty());
    EXPECT_EQ(suspects.undecided().size(), 1U);
}

TEST(Suspects, UnderTheLockEveryDifferenceIsReal) {
    Suspects suspects;
    suspects.add(keys({"a", "b"}));
    for (unsigned look = 0; look < Suspects::kLooksMax; ++look) {
        (void)suspects.judge(keys({"a", "b"}), Looks{{Key{"a"}, true}, {Key{"b"}, true}});
    }
    ASSERT_EQ(suspects.undecided().size(), 2U);
    EXPECT_THAT(suspects.judge_locked(keys({"b"})).repair, ElementsAre(Key{"b"}));
    EXPECT_THAT(suspects.undecided(), ElementsAre(Key{"b"})) << "to be looked at once more";
    EXPECT_THAT(suspects.judge_locked(keys({"b"})).returned, ElementsAre(Key{"b"}));
    EXPECT_THAT(suspects.judge_locked(Keys{}).returned, IsEmpty());
    EXPECT_THAT(suspects.undecided(), IsEmpty());
}

TEST(Suspects, AreTakenInBoundedNumbersThoseSeenLeastFirst) {
    Suspects suspects;
    suspects.add(keys({"a", "b", "c"}));
    (void)suspects.judge(keys({"a"}), Looks{{Key{"a"}, true}});
    EXPECT_THAT(suspects.next(2, kMany), ElementsAre(Key{"b"}, Key{"c"}));
    EXPECT_THAT(suspects.next(kMany, 2), ElementsAre(Key{"b"}, Key{"c"}));
    EXPECT_EQ(suspects.next(kMany, 0).size(), 1U) << "always one at least";
    EXPECT_EQ(suspects.looks(), 1U);
}

TEST(Suspects, TooManyAreNoAccident) {
    Suspects suspects;
    for (std::size_t i = 0; i <= Suspects::kRepairsMax; ++i) {
        EXPECT_FALSE(suspects.too_many_real());
        const Key key{std::to_string(i)};
        suspects.add(Keys{key});
        (void)suspects.judge(Keys{key}, Looks{{key, false}});
    }
    EXPECT_TRUE(suspects.too_many_real());
}

}  // namespace
}  // namespace doppel::verify
