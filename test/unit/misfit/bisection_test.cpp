// SPDX-License-Identifier: Apache-2.0
#include "misfit/bisection.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::misfit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Refuses every piece that holds one of `bad`; how many tries it took.
unsigned run(Bisection& cut, const std::set<std::size_t>& bad) {
    unsigned tries = 0;
    while (const auto piece = cut.next()) {
        ++tries;
        const auto first = bad.lower_bound(piece->begin);
        const bool refused = first != bad.end() && *first < piece->end;
        refused ? cut.refused() : cut.taken();
    }
    return tries;
}

TEST(Bisection, FindsAllOffendersInFewTries) {
    Bisection cut(1'000, 10);
    EXPECT_LE(run(cut, {0, 499, 500, 999}), 80U);
    EXPECT_THAT(cut.offenders(), ElementsAre(0, 499, 500, 999));
    EXPECT_THAT(cut.rest(), IsEmpty());
}

TEST(Bisection, TakesAllWhereNothingIsRefused) {
    Bisection cut(7, 10);
    EXPECT_EQ(run(cut, {}), 1U);
    EXPECT_THAT(cut.offenders(), IsEmpty());
    EXPECT_EQ(run(cut, {}), 0U);
    Bisection none(0, 10);
    EXPECT_FALSE(none.next());
}

TEST(Bisection, EndsAfterSoManyOffendersAndTellsTheRest) {
    std::set<std::size_t> all;
    for (std::size_t i = 0; i < 100; ++i) {
        all.insert(i);
    }
    Bisection cut(100, 3);
    EXPECT_LE(run(cut, all), 20U);
    EXPECT_THAT(cut.offenders(), ElementsAre(0, 1, 2));
    std::size_t expected = 3;
    for (const auto piece : cut.rest()) {
        EXPECT_EQ(piece.begin, expected) << "every item is an offender, taken, or in the rest";
        expected = piece.end;
    }
    EXPECT_EQ(expected, 100U);
}

TEST(Bisection, WhatIsPutAsideIsInTheRest) {
    Bisection cut(4, 10);
    cut.refused();
    EXPECT_EQ(*cut.next(), (Bisection::Piece{0, 2}));
    cut.put_aside();
    EXPECT_EQ(*cut.next(), (Bisection::Piece{2, 4}));
    cut.taken();
    EXPECT_FALSE(cut.next());
    EXPECT_THAT(cut.rest(), ElementsAre(Bisection::Piece{0, 2}));
}

}  // namespace
}  // namespace doppel::misfit
