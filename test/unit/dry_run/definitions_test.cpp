// SPDX-License-Identifier: Apache-2.0
#include "dry_run/definitions.hpp"

#include "dry_run/data_fit.hpp"
#include "dry_run/key_spread.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::dry_run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(UnifiedDiff, ShowsChangesWithThreeLinesAround) {
    const std::string before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    const std::string after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
    EXPECT_EQ(
        unified_diff(before, after, "a", "b"),
        "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    );
    EXPECT_EQ(unified_diff(before, before, "a", "b"), "");
}

TEST(UnifiedDiff, ChangesFarApartAreHunksOfTheirOwn) {
    std::string before;
    std::string after;
    for (int i = 0; i < 30; ++i) {
        before += std::to_string(i) + "\n";
        after += (i == 3 || i == 25 ? "x" : std::to_string(i)) + std::string("\n");
    }
    const std::string diff = unified_diff(before, after, "a", "b");
    EXPECT_THAT(diff, HasSubstr("@@ -1,7 +1,7 @@\n"));
    EXPECT_THAT(diff, HasSubstr("@@ -23,7 +23,7 @@\n"));
    EXPECT_EQ(unified_diff("", "1\n", "a", "b"), "--- a\n+++ b\n@@ -1,0 +1,1 @@\n+1\n");
}

schema::Column column(const std::string& name, const std::string& type) {
    schema::Column made;
    made.name = name;
    made.type = type;
    made.data_type = type.substr(0, type.find('('));
    made.nullable = false;
    return made;
}

schema::TableDefinition table() {
    schema::TableDefinition made;
    made.name = {"s", "t"};
    made.columns = {column("id", "int"), column("a", "int"), column("b", "int")};
    made.indexes = {
        {"PRIMARY", true, true, "BTREE", {{"id", "", 0, false}}, ""},
        {"a", false, true, "BTREE", {{"a", "", 0, false}}, ""}};
    return made;
}

TEST(Definitions, TellTheScratchTableUnderTheSourcesName) {
    schema::TableDefinition scratch = table();
    scratch.name.table = "_t_dry";
    scratch.create_text =
        "CREATE TABLE `_t_dry` (\n  `id` int,\n  CONSTRAINT `x_` CHECK (1),\n"
        "  CONSTRAINT `_t_dry_chk_1` CHECK (2)\n) ENGINE=InnoDB AUTO_INCREMENT=7";
    EXPECT_EQ(
        as_source(scratch, "t", {{"x_", "x"}}),
        "CREATE TABLE `t` (\n  `id` int,\n  CONSTRAINT `x` CHECK (1),\n"
        "  CONSTRAINT `t_chk_1` CHECK (2)\n) ENGINE=InnoDB"
    );
}

TEST(Definitions, TellWhatBecomesOfColumns) {
    schema::TableDefinition shadow = table();
    shadow.columns = {
        column("id", "int"), column("c", "int"), column("b", "bigint"), column("n", "int")};
    schema::ColumnMap columns;
    columns.pairs = {{"id", "id"}, {"a", "c"}, {"b", "b"}};
    columns.added = {"n"};
    std::vector<std::string> how;
    for (const DryRunColumn& told : describe_columns(table(), shadow, columns)) {
        how.push_back(told.how);
    }
    EXPECT_THAT(how, ElementsAre("copied", "renamed", "converted", "default"));
}

TEST(Definitions, TellWhatBecomesOfIndexes) {
    schema::TableDefinition shadow = table();
    shadow.indexes = {
        {"PRIMARY", true, true, "BTREE", {{"id", "", 0, false}}, ""},
        {"ab", false, true, "BTREE", {{"a", "", 0, false}, {"b", "", 0, false}}, ""},
        {"ab2", false, true, "BTREE", {{"a", "", 0, false}, {"b", "", 0, false}}, ""},
        {"only_a", false, true, "BTREE", {{"a", "", 0, false}}, ""}};
    const auto told = describe_indexes(table(), shadow, {"ab"});
    ASSERT_EQ(told.size(), 5U);
    EXPECT_EQ(told[0].change, "kept");
    EXPECT_EQ(told[1].change, "added");
    EXPECT_EQ(told[1].built, "after the copy");
    EXPECT_THAT(told[2].remark, HasSubstr("the same columns as `ab`"));
    EXPECT_THAT(told[3].remark, HasSubstr("redundant: `ab` begins"));
    EXPECT_EQ(told[4].change, "dropped");
    EXPECT_EQ(told[4].name, "a");
}

DryRunDecision guessed(const std::string& clauses, mysql::ServerVersion version) {
    const auto parsed = statement::parse_alter("ALTER TABLE t " + clauses);
    if (!parsed) {
        throw std::invalid_argument(parsed.failure().message);
    }
    return guess(table(), *parsed, version);
}

TEST(Guess, GoesByTheManual) {
    const mysql::ServerVersion now{mysql::Flavor::mysql, 9, 7, 0};
    const mysql::ServerVersion old{mysql::Flavor::mysql, 8, 0, 20};
    EXPECT_EQ(guessed("ADD COLUMN x INT", now).method, "instant");
    EXPECT_EQ(guessed("ADD COLUMN x INT FIRST", now).method, "instant");
    EXPECT_EQ(guessed("ADD COLUMN x INT FIRST", old).method, "shadow");
    EXPECT_EQ(guessed("DROP COLUMN a", old).method, "shadow");
    EXPECT_EQ(guessed("DROP INDEX a", now).method, "inplace");
    EXPECT_EQ(guessed("ADD KEY (b)", now).method, "shadow");
    EXPECT_EQ(guessed("MODIFY a BIGINT", now).method, "shadow");
    EXPECT_FALSE(guessed("FORCE", now).certain);
}

TEST(KeySpread, DividesNumbersAndStrings) {
    mysql::KeyColumn number;
    number.name = "id";
    const mysql::KeyShape numbers({number});
    const auto key = [&](const char* value) { return *numbers.encode_text({std::string(value)}); };
    EXPECT_THAT(spread(numbers, key("-100"), key("300"), 4), ElementsAre("0", "100", "200"));
    EXPECT_THAT(spread(numbers, key("1"), key("2"), 4), IsEmpty());
    EXPECT_THAT(
        spread(numbers, key("-9223372036854775808"), key("9223372036854775807"), 2),
        ElementsAre("-1")
    );
    mysql::KeyColumn binary;
    binary.name = "id";
    binary.kind = mysql::KeyKind::binary_string;
    const mysql::KeyShape strings({binary});
    const auto low = *strings.encode_text({std::string("00")});
    const auto high = *strings.encode_text({std::string("80")});
    EXPECT_THAT(spread(strings, low, high, 2), ElementsAre(HasSubstr("x'40")));
}

TEST(Demands, AreWhatCanRefuseARow) {
    misfit::NewSchema schema{table(), table(), {}, {}};
    schema.columns.pairs = {{"id", "id"}, {"a", "a"}, {"b", "b"}};
    EXPECT_FALSE(demands_of(schema).any());
    schema.source.columns[1].nullable = true;
    EXPECT_THAT(demands_of(schema).columns, ElementsAre("a"));
    schema.source.columns[1].nullable = false;
    schema.shadow.indexes.push_back({"u", true, true, "BTREE", {{"b", "", 0, false}}, ""});
    EXPECT_FALSE(demands_of(schema).of_rows());
    EXPECT_THAT(demands_of(schema).unique_indexes, ElementsAre("u"));
}

}  // namespace
}  // namespace doppel::dry_run
