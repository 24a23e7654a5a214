// SPDX-License-Identifier: Apache-2.0
#include "protocol/chunk_ledger.hpp"

#include "doppel/error.hpp"
#include "unit/protocol/letter_key.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

using State = ChunkLedger::State;

TEST(ChunkLedger, EverythingIsUnopenedAtFirst) {
    ChunkLedger ledger;
    EXPECT_EQ(ledger.locate("a").state, State::unopened);
    EXPECT_FALSE(ledger.complete());
    EXPECT_TRUE(ledger.closed_ranges().empty());
}

TEST(ChunkLedger, AKeyIsLocatedByTheUpperBoundInclusive) {
    ChunkLedger ledger;
    const auto first = ledger.add(letter_key('f'));
    const auto second = ledger.add(letter_key('m'));
    ledger.open(first);
    EXPECT_EQ(ledger.locate("f").state, State::open);
    EXPECT_EQ(ledger.locate("f").chunk, first);
    EXPECT_EQ(ledger.locate("g").state, State::unopened);
    ledger.open(second);
    EXPECT_EQ(ledger.locate("g").chunk, second);
    ledger.close(first);
    EXPECT_EQ(ledger.locate("a").state, State::closed);
    EXPECT_EQ(ledger.locate("m").state, State::open);
    EXPECT_EQ(ledger.locate("n").state, State::unopened);
}

TEST(ChunkLedger, ChunksMayCloseInAnyOrder) {
    ChunkLedger ledger;
    const auto a = ledger.add(letter_key('f'));
    const auto b = ledger.add(letter_key('m'));
    const auto c = ledger.add(std::nullopt);
    ledger.open(a);
    ledger.open(b);
    ledger.open(c);
    ledger.close(c);
    EXPECT_EQ(
        ledger.closed_ranges(), (std::vector{mysql::KeyRange{letter_key('m'), std::nullopt}})
    );
    ledger.close(a);
    EXPECT_EQ(
        ledger.closed_ranges(),
        (std::vector{
            mysql::KeyRange{std::nullopt, letter_key('f')},
            mysql::KeyRange{letter_key('m'), std::nullopt}})
    );
    EXPECT_FALSE(ledger.complete());
    ledger.close(b);
    EXPECT_TRUE(ledger.complete());
    EXPECT_EQ(ledger.closed_ranges(), (std::vector{mysql::KeyRange{}}));
}

TEST(ChunkLedger, ACancelledChunkIsUnopenedAgainAndGetsALaterOpening) {
    ChunkLedger ledger;
    const auto chunk = ledger.add(std::nullopt);
    const Opening first = ledger.open(chunk);
    EXPECT_FALSE(ledger.all_done_since(first));
    ledger.cancel(chunk);
    EXPECT_EQ(ledger.locate("a").state, State::unopened);
    EXPECT_TRUE(ledger.all_done_since(first));
    EXPECT_GT(ledger.open(chunk), first);
    EXPECT_TRUE(ledger.all_done_since(first));
    EXPECT_FALSE(ledger.all_done_since(first + 1));
}

TEST(ChunkLedger, WrongTransitionsAreRefused) {
    ChunkLedger ledger;
    const auto chunk = ledger.add(std::nullopt);
    EXPECT_THROW(ledger.close(chunk), Error);
    EXPECT_THROW(ledger.cancel(chunk), Error);
    EXPECT_THROW(ledger.add(letter_key('z')), Error);
    EXPECT_THROW(ledger.open(chunk + 1), Error);
    ledger.open(chunk);
    EXPECT_THROW(ledger.open(chunk), Error);
}

}  // namespace
}  // namespace doppel::protocol
