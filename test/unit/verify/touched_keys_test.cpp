// SPDX-License-Identifier: Apache-2.0
#include "verify/touched_keys.hpp"

#include <gmock/gmock.h>

namespace doppel::verify {
namespace {

using testing::UnorderedElementsAre;

TEST(TouchedKeys, KnowsWhatCameWhileItWasAsked) {
    TouchedKeys touched;
    touched.note("before");
    touched.begin();
    EXPECT_TRUE(touched.empty());
    touched.note("a");
    touched.note("b");
    touched.note("a");
    touched.end();
    touched.note("after");
    EXPECT_FALSE(touched.empty());
    EXPECT_THAT(touched.keys(), UnorderedElementsAre(mysql::Key{"a"}, mysql::Key{"b"}));
    touched.begin();
    EXPECT_TRUE(touched.empty()) << "each time anew";
}

TEST(TouchedKeys, AdmitsThatItLostCount) {
    TouchedKeys touched;
    touched.begin();
    for (std::size_t i = 0; i < TouchedKeys::kKeysMax; ++i) {
        touched.note(std::to_string(i));
    }
    EXPECT_FALSE(touched.overflowed());
    touched.note("one more");
    EXPECT_TRUE(touched.overflowed());
    EXPECT_FALSE(touched.empty());
    touched.begin();
    EXPECT_FALSE(touched.overflowed());
    const std::string wide(3'000, 'x');
    for (int i = 0; i < 1'500; ++i) {
        touched.note(wide + std::to_string(i));
    }
    EXPECT_TRUE(touched.overflowed()) << "of bytes";
}

}  // namespace
}  // namespace doppel::verify
