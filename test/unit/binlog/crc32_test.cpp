// SPDX-License-Identifier: Apache-2.0
#include "binlog/crc32.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

namespace doppel::binlog {
namespace {

std::uint32_t zlib_crc32(std::string_view bytes, std::uint32_t start = 0) {
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
    return static_cast<std::uint32_t>(::crc32_z(start, data, bytes.size()));
}

std::string random_bytes(std::size_t size) {
    std::mt19937 random(static_cast<unsigned>(size));
    std::uniform_int_distribution<int> byte(0, 255);
    std::string bytes(size, '\0');
    for (char& c : bytes) {
        c = static_cast<char>(byte(random));
    }
    return bytes;
}

TEST(Crc32, IsTheOneOfTheStandard) {
    EXPECT_EQ(crc32_of("123456789"), 0xcbf43926U);  // the check value of CRC-32/ISO-HDLC
    EXPECT_EQ(crc32_of(""), 0U);
}

TEST(Crc32, OfEverySizeAndAlignmentIsZlibs) {
    const std::string bytes = random_bytes(1'100);
    for (std::size_t size = 0; size + 16 < bytes.size(); ++size) {
        const std::size_t at = size % 16;
        const auto part = std::string_view(bytes).substr(at, size);
        ASSERT_EQ(crc32_of(part), zlib_crc32(part)) << size << " bytes";
    }
    for (const std::size_t size : {8'192U, 65'537U, 1'000'003U}) {
        const std::string large = random_bytes(size);
        EXPECT_EQ(crc32_of(large), zlib_crc32(large)) << size << " bytes";
    }
}

TEST(Crc32, GoesOnFromWhatCameBefore) {
    const std::string bytes = random_bytes(1'000);
    const std::string_view view(bytes);
    for (const std::size_t cut : {0U, 1U, 17U, 64U, 500U, 999U, 1'000U}) {
        EXPECT_EQ(crc32_of(view.substr(cut), crc32_of(view.substr(0, cut))), zlib_crc32(view));
    }
}

TEST(Crc32, ChangesWithEveryBit) {
    std::string bytes = random_bytes(200);
    const auto before = crc32_of(bytes);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        char& byte = bytes[bit / 8];
        const char old = byte;
        byte = static_cast<char>(old ^ (1 << (bit % 8)));
        EXPECT_NE(crc32_of(bytes), before) << "bit " << bit;
        byte = old;
    }
}

}  // namespace
}  // namespace doppel::binlog
