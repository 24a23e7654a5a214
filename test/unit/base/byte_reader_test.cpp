// SPDX-License-Identifier: Apache-2.0
#include "base/byte_reader.hpp"

#include "base/byte_writer.hpp"

#include <string>

#include <gtest/gtest.h>

namespace doppel::base {
namespace {

TEST(ByteReader, ReadsWhatTheWriterWrote) {
    ByteWriter writer;
    writer.u8(0xfe).u16(0x1234).u24(0x123456).u32(0xdeadbeef).u64(0x0102030405060708ULL);
    writer.big_endian(0x0102, 2).nul_terminated("name").length_encoded_string("text").zeros(2);
    const std::string bytes = writer.str();
    ByteReader reader(bytes);
    EXPECT_EQ(reader.u8(), 0xfe);
    EXPECT_EQ(reader.u16(), 0x1234);
    EXPECT_EQ(reader.u24(), 0x123456U);
    EXPECT_EQ(reader.u32(), 0xdeadbeefU);
    EXPECT_EQ(reader.u64(), 0x0102030405060708ULL);
    EXPECT_EQ(reader.big_endian(2), 0x0102U);
    EXPECT_EQ(reader.nul_terminated(), "name");
    EXPECT_EQ(reader.length_encoded_string(), "text");
    EXPECT_EQ(reader.remaining(), 2U);
    EXPECT_EQ(reader.rest(), std::string_view("\0\0", 2));
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE(reader.at_end());
}

TEST(ByteReader, LengthEncodedIntegersRoundTripAtTheirBorders) {
    for (const std::uint64_t value :
         {0ULL, 250ULL, 251ULL, 0xffffULL, 0x10000ULL, 0xffffffULL, 0x1000000ULL, ~0ULL}) {
        ByteWriter writer;
        writer.length_encoded(value);
        ByteReader reader(writer.str());
        EXPECT_EQ(reader.length_encoded(), value);
        EXPECT_TRUE(reader.ok() && reader.at_end());
    }
}

TEST(ByteReader, NullAndErrorMarksAreNoLengths) {
    for (const char* bytes : {"\xfb", "\xff"}) {
        ByteReader reader(bytes);
        (void)reader.length_encoded();
        EXPECT_FALSE(reader.ok());
    }
}

TEST(ByteReader, StaysFailedAfterTheFirstReadThatDoesNotFit) {
    ByteReader reader("abc");
    EXPECT_EQ(reader.u32(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_EQ(reader.bytes(0), "");
    EXPECT_EQ(reader.remaining(), 0U);
    EXPECT_EQ(reader.nul_terminated(), "");
}

TEST(ByteReader, FailsForAStringThatIsLongerThanTheRest) {
    ByteReader reader(
        "\x05"
        "abc"
    );
    EXPECT_EQ(reader.length_encoded_string(), "");
    EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, FailsForAStringWithoutItsNul) {
    ByteReader reader("abc");
    EXPECT_EQ(reader.nul_terminated(), "");
    EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, ReadsNothingFromNothing) {
    ByteReader reader("");
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(reader.rest(), "");
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.u8(), 0);
    EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace doppel::base
