// SPDX-License-Identifier: Apache-2.0
#include "mysql/serialization.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

TEST(Serialization, ReadsTheExamplesOfTheManual) {
    // libs/mysql/serialization/readme.md gives them with the most significant byte first.
    base::ByteReader unsigned_example("\xfb\xff\x07");
    EXPECT_EQ(read_varlen_unsigned(unsigned_example), 65535U);
    base::ByteReader positive("\xf3\xff\x0f");
    EXPECT_EQ(read_varlen_signed(positive), 65535);
    base::ByteReader negative("\xeb\xff\x0f");
    EXPECT_EQ(read_varlen_signed(negative), -65535);
    base::ByteReader more_negative("\xfb\xff\x0f");
    EXPECT_EQ(read_varlen_signed(more_negative), -65536);
}

TEST(Serialization, ReadsEveryLength) {
    using namespace std::string_view_literals;
    base::ByteReader reader(
        "\x00"
        "\xfe"
        "\x01\x02"
        "\x7f\xff\xff\xff\xff\xff\xff\xff"
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv
    );
    EXPECT_EQ(read_varlen_unsigned(reader), 0U);
    EXPECT_EQ(read_varlen_unsigned(reader), 127U);
    EXPECT_EQ(read_varlen_unsigned(reader), 128U);
    EXPECT_EQ(read_varlen_unsigned(reader), (std::uint64_t{1} << 56) - 1);
    EXPECT_EQ(read_varlen_unsigned(reader), ~std::uint64_t{0});
    EXPECT_TRUE(reader.ok() && reader.at_end());
}

TEST(Serialization, FailsWhenBytesAreMissing) {
    for (const char* bytes : {"", "\x01", "\x7f\x01\x01\x01\x01\x01\x01", "\xff\x01"}) {
        base::ByteReader reader(bytes);
        (void)read_varlen_unsigned(reader);
        EXPECT_FALSE(reader.ok());
    }
}

}  // namespace
}  // namespace doppel::mysql
