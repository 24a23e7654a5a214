// SPDX-License-Identifier: Apache-2.0
#include "wire/response.hpp"

#include "samples.hpp"

#include <gtest/gtest.h>

namespace doppel::wire {
namespace {

TEST(OkPacket, IsRead) {
    const auto ok = parse_ok(samples::bytes("00fc2c01050a000300"));
    ASSERT_TRUE(ok.ok());
    EXPECT_EQ(ok->affected_rows, 300u);
    EXPECT_EQ(ok->last_insert_id, 5u);
    EXPECT_EQ(ok->status, 10u);
    EXPECT_EQ(ok->warnings, 3u);
    EXPECT_TRUE(parse_ok(samples::final_ok()).ok());
    EXPECT_TRUE(parse_ok(samples::ok() + "session data").ok());
}

TEST(OkPacket, EveryPrefixFails) {
    const auto whole = samples::ok();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(parse_ok(whole.substr(0, length)).ok()) << length;
    }
    EXPECT_FALSE(parse_ok(samples::unknown_column()).ok());
}

TEST(EofPacket, IsReadAndEveryPrefixFails) {
    const auto whole = samples::bytes("fe03000a00");
    const auto eof = parse_eof(whole);
    ASSERT_TRUE(eof.ok());
    EXPECT_EQ(eof->warnings, 3u);
    EXPECT_EQ(eof->status, 10u);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(parse_eof(whole.substr(0, length)).ok()) << length;
    }
    EXPECT_FALSE(is_eof(samples::final_ok()));
    EXPECT_TRUE(is_eof(whole));
}

TEST(ErrPacket, IsRead) {
    const auto err = parse_err(samples::unknown_column());
    ASSERT_TRUE(err.ok());
    EXPECT_EQ(err->error.number, 1054u);
    EXPECT_EQ(err->error.sqlstate, "42S22");
    EXPECT_EQ(err->message, "Unknown column 'nope' in 'field list'");
    EXPECT_EQ(err->str(), "Unknown column 'nope' in 'field list' (error 1054, SQLSTATE 42S22)");
}

TEST(ErrPacket, IsReadWithoutASqlstate) {
    const auto err = parse_err("\xff\x6a\x04Host is not allowed");
    ASSERT_TRUE(err.ok());
    EXPECT_EQ(err->error.number, 1130u);
    EXPECT_EQ(err->error.sqlstate, "");
    EXPECT_EQ(err->str(), "Host is not allowed (error 1130)");
}

TEST(ErrPacket, EveryPrefixFailsOrKeepsItsNumber) {
    const auto whole = samples::unknown_column();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto err = parse_err(whole.substr(0, length));
        const bool cut = length < 3 || (length > 3 && length < 9);
        EXPECT_EQ(err.ok(), !cut) << length;
        if (err) {
            EXPECT_EQ(err->error.number, 1054u);
            EXPECT_FALSE(err->message.empty());
        }
    }
}

TEST(ErrPacket, TextIsBoundedAndPrintable) {
    const auto err = parse_err("\xff\x6a\x04" + std::string(5000, '\n'));
    ASSERT_TRUE(err.ok());
    EXPECT_EQ(err->message, std::string(2048, '?'));
}

TEST(Classify, ALostSessionIsAnInterruption) {
    EXPECT_EQ(classify({1317, "70100"}, Errc::failed), Errc::interrupted);
    EXPECT_EQ(classify({1040, "08004"}, Errc::refused), Errc::interrupted);
    EXPECT_EQ(classify({1045, "28000"}, Errc::refused), Errc::refused);
    EXPECT_EQ(classify({1054, "42S22"}, Errc::failed), Errc::failed);
}

}  // namespace
}  // namespace doppel::wire
