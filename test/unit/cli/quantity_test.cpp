// SPDX-License-Identifier: Apache-2.0
#include "tools/common/quantity.hpp"

#include "tools/common/suggestion.hpp"

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(Duration, ReadsEveryUnit) {
    EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(*parse_duration("2s"), milliseconds(2'000));
    EXPECT_EQ(*parse_duration("5m"), milliseconds(300'000));
    EXPECT_EQ(*parse_duration("1h"), milliseconds(3'600'000));
    EXPECT_EQ(*parse_duration("0s"), milliseconds(0));
}

TEST(Duration, RefusesABareNumberAndSaysWhatToWrite) {
    const auto parsed = parse_duration("500");
    ASSERT_FALSE(parsed.ok());
    EXPECT_THAT(parsed.failure().message, HasSubstr("write 500ms, 500s, 500m or 500h"));
}

TEST(Duration, RefusesWhatIsNoDuration) {
    for (const char* text :
         {"",
          "s",
          "-1s",
          "+1s",
          " 1s",
          "1 s",
          "1.5s",
          "1d",
          "1S",
          "1ss",
          "99999999999999999999s",
          "9999999999999s"}) {
        EXPECT_FALSE(parse_duration(text).ok()) << text;
    }
}

TEST(Duration, IsWrittenAsItIsRead) {
    for (const char* text : {"0ms", "1ms", "1500ms", "1s", "90s", "2m", "1h", "24h"}) {
        EXPECT_EQ(format_duration(*parse_duration(text)), text);
    }
}

TEST(Count, SuffixesArePowersOfAThousand) {
    EXPECT_EQ(*parse_count("20000"), 20'000U);
    EXPECT_EQ(*parse_count("20k"), 20'000U);
    EXPECT_EQ(*parse_count("2M"), 2'000'000U);
    EXPECT_EQ(*parse_count("1g"), 1'000'000'000U);
    EXPECT_FALSE(parse_count("2 M").ok());
    EXPECT_FALSE(parse_count("-1").ok());
    EXPECT_FALSE(parse_count("").ok());
}

TEST(ByteSize, SuffixesArePowersOf1024) {
    EXPECT_EQ(*parse_byte_size("256k"), 262'144U);
    EXPECT_EQ(*parse_byte_size("1M"), 1'048'576U);
    EXPECT_FALSE(parse_byte_size("1MB").ok());
}

TEST(Suggestion, FindsMisspeltSwappedAndAbbreviatedNames) {
    const std::vector<std::string> names{"host", "chunk-rows", "chunk-time", "password"};
    EXPECT_EQ(nearest_name("hots", names), "host");
    EXPECT_EQ(nearest_name("chunkrows", names), "chunk-rows");
    EXPECT_EQ(nearest_name("chunk-tiem", names), "chunk-time");
    EXPECT_EQ(nearest_name("pass", names), "password");
    EXPECT_EQ(nearest_name("completely-different", names), "");
    EXPECT_EQ(nearest_name("", names), "");
    EXPECT_EQ(nearest_name(std::string(100'000, 'a'), names), "");
}

}  // namespace
}  // namespace doppel::cli
