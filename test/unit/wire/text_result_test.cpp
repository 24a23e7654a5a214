// SPDX-License-Identifier: Apache-2.0
#include "wire/text_result.hpp"

#include "samples.hpp"
#include "wire/capabilities.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::wire {
namespace {

using Step = TextResult::Step;
using testing::ElementsAre;

constexpr std::size_t kLimit = 1 << 20;

const std::vector<TextRow>& expected_rows() {
    static const std::vector<TextRow> kRows{{"7", std::nullopt, "x"}, {"8", "yy", ""}};
    return kRows;
}

std::vector<std::string> answer(bool deprecate_eof) {
    using namespace samples;
    std::vector<std::string> packets{"\3", column_a(), column_b(), column_c()};
    if (!deprecate_eof) {
        packets.push_back(eof());
    }
    packets.push_back(row_1());
    packets.push_back(row_2());
    packets.push_back(deprecate_eof ? final_ok() : eof());
    return packets;
}

std::uint32_t flags(bool deprecate_eof) {
    return deprecate_eof ? capability::kDeprecateEof : 0;
}

TEST(TextResult, IsReadWithAndWithoutEofPackets) {
    for (const bool deprecate_eof : {false, true}) {
        TextResult result(flags(deprecate_eof), kLimit);
        const auto packets = answer(deprecate_eof);
        for (const auto& packet : packets) {
            const auto step = result.on_packet(packet);
            ASSERT_TRUE(step.ok()) << step.failure().message;
            EXPECT_EQ(*step, &packet == &packets.back() ? Step::done : Step::read);
        }
        EXPECT_THAT(result.column_names(), ElementsAre("a", "b", "c"));
        EXPECT_EQ(result.take_rows(), expected_rows());
    }
}

TEST(TextResult, ACutOrPaddedPacketAnywhereFailsOrEndsCleanly) {
    for (const bool deprecate_eof : {false, true}) {
        const auto packets = answer(deprecate_eof);
        for (std::size_t bad = 0; bad < packets.size(); ++bad) {
            for (std::size_t length = 0; length < packets[bad].size(); ++length) {
                TextResult result(flags(deprecate_eof), kLimit);
                for (std::size_t i = 0; i < bad; ++i) {
                    ASSERT_TRUE(result.on_packet(packets[i]).ok());
                }
                const auto step = result.on_packet(packets[bad].substr(0, length));
                EXPECT_FALSE(step.ok()) << bad << ' ' << length;
            }
        }
    }
}

TEST(TextResult, AStatementWithoutRowsEndsWithItsOk) {
    TextResult result(flags(true), kLimit);
    EXPECT_EQ(result.on_packet(samples::ok()).value(), Step::done);
    EXPECT_TRUE(result.rows().empty());
    EXPECT_FALSE(result.on_packet(samples::ok()).ok());
}

TEST(TextResult, AnErrorMayComeFirstOrBetweenRows) {
    for (std::size_t after = 0; after < 7; ++after) {
        TextResult result(flags(true), kLimit);
        for (std::size_t i = 0; i < after; ++i) {
            ASSERT_TRUE(result.on_packet(answer(true)[i]).ok());
        }
        if (after >= 6) {
            break;
        }
        EXPECT_EQ(result.on_packet(samples::unknown_column()).value(), Step::error);
        EXPECT_EQ(result.error().error.number, 1054u);
    }
}

TEST(TextResult, RefusesMoreThanItsLimit) {
    TextResult result(flags(true), 1000);
    ASSERT_TRUE(result.on_packet("\1").ok());
    ASSERT_TRUE(result.on_packet(samples::column_a()).ok());
    int rows = 0;
    while (rows < 1000 && result.on_packet("\xfb").ok()) {
        ++rows;
    }
    EXPECT_GT(rows, 5);
    EXPECT_LT(rows, 50);
}

TEST(TextResult, RefusesTooManyColumnsLocalInfileAndSecondResults) {
    EXPECT_FALSE(TextResult(flags(true), kLimit).on_packet(samples::bytes("fd011000")).ok());
    EXPECT_FALSE(TextResult(flags(true), kLimit).on_packet(samples::bytes("fb2f657463")).ok());
    EXPECT_FALSE(TextResult(flags(true), kLimit).on_packet(samples::bytes("0000000a000000")).ok());
}

}  // namespace
}  // namespace doppel::wire
