// SPDX-License-Identifier: Apache-2.0
#include "shadow/names.hpp"

#include <cstddef>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::shadow {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

std::size_t characters(const std::string& text) {
    std::size_t count = 0;
    for (const char byte : text) {
        count += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1U : 0U;
    }
    return count;
}

TEST(DerivedNames, AddASuffixToShortNames) {
    const DerivedNames names = derive_names("t");
    EXPECT_EQ(names.shadow, "_t_new");
    EXPECT_EQ(names.old_table, "_t_old");
    EXPECT_EQ(names.state, "_t_doppel");
}

TEST(DerivedNames, AreCutToTheirLimitWithAHash) {
    const std::string exact(51, 'a');
    EXPECT_EQ(derive_names(exact).shadow, "_" + exact + "_new");
    const std::string longer(52, 'a');
    const DerivedNames names = derive_names(longer);
    EXPECT_EQ(names.shadow.size(), 56U);
    EXPECT_THAT(names.shadow, StartsWith("_aaaa"));
    EXPECT_THAT(names.shadow, EndsWith("_new"));
    EXPECT_EQ(names.state.size(), 56U);
    EXPECT_THAT(names.state, EndsWith("_doppel"));
}

TEST(DerivedNames, DifferWhereLongNamesDifferOnlyAtTheEnd) {
    const std::string prefix(63, 'x');
    EXPECT_NE(derive_names(prefix + "1").shadow, derive_names(prefix + "2").shadow);
    EXPECT_NE(derive_names(prefix + "1").state, derive_names(prefix + "2").state);
}

TEST(DerivedNames, CountAndCutWholeCharacters) {
    std::string table;
    for (int i = 0; i < 64; ++i) {
        table += "ä";
    }
    const DerivedNames names = derive_names(table);
    EXPECT_EQ(characters(names.shadow), 56U);
    EXPECT_EQ((names.shadow.size() - 14) % 2, 0U);
    EXPECT_THAT(names.shadow, StartsWith("_ää"));
}

// Runs of earlier releases must be found again, so these never change.
TEST(DerivedNames, StayTheSameForEver) {
    EXPECT_EQ(
        derive_names(std::string(64, 'a')).shadow, "_" + std::string(42, 'a') + "_285ec3ac_new"
    );
    EXPECT_EQ(lock_name({"s", "t"}), "doppel:81bd89195c76cc76:s.t");
}

TEST(LockName, FitsAndTellsTablesApart) {
    EXPECT_NE(lock_name({"a.b", "c"}), lock_name({"a", "b.c"}));
    EXPECT_NE(lock_name({"a", "T"}), lock_name({"a", "t"}));
    std::string umlauts;
    for (int i = 0; i < 64; ++i) {
        umlauts += "ü";
    }
    EXPECT_EQ(characters(lock_name({umlauts, umlauts})), 64U);
}

TEST(StateComment, BeginsWithThePrefix) {
    EXPECT_EQ(state_comment({"s", "t"}), "doppel state v1 of s.t");
}

TEST(FitIdentifier, LeavesWhatFits) {
    const std::string fits(64, 'c');
    EXPECT_EQ(fit_identifier(fits), fits);
    EXPECT_EQ(fit_identifier(fits + "d").size(), 64U);
    EXPECT_NE(fit_identifier(fits + "d"), fit_identifier(fits + "e"));
}

TEST(Names, TheStateCommentIsPlainText) {
    EXPECT_EQ(state_comment({"s", "o'b\\\xC3\xA9"}), "doppel state v1 of s.o?b???");
}

}  // namespace
}  // namespace doppel::shadow
