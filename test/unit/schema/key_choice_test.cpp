// SPDX-License-Identifier: Apache-2.0
#include "schema/key_choice.hpp"

#include "schema/key_types.hpp"
#include "unit/schema/builders.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

using mysql::KeyKind;
using test::column;
using test::index;
using test::table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ColumnMap same_names(const TableDefinition& source) {
    ColumnMap map;
    for (const Column& each : source.columns) {
        map.pairs.push_back({each.name, each.name});
    }
    return map;
}

/// The only rejection when the key column changes from one to the other; empty when it is usable.
std::string change(const Column& before, const Column& after) {
    const TableDefinition source = table({before}, {index("PRIMARY", {before.name})});
    const TableDefinition shadow = table({after}, {index("PRIMARY", {after.name})});
    const KeyDecision decision = choose_key(source, shadow, same_names(source));
    return decision.choice ? "" : decision.rejected.at(0).reason;
}

std::string change(const std::string& before, const std::string& after) {
    return change(column("k", before), column("k", after));
}

std::string rejection(Column key_column, Index key) {
    const TableDefinition source = table({std::move(key_column)}, {std::move(key)});
    const KeyCandidates candidates = key_candidates(source);
    return candidates.rejected.empty() ? "" : candidates.rejected.at(0).reason;
}

TEST(KeyCandidates, PutPrimaryFirstThenIntegersThenTheNarrowest) {
    const TableDefinition source = table(
        {column("c", "char(1)"),
         column("b", "bigint"),
         column("i", "int"),
         column("d", "date"),
         column("u", "binary(16)")},
        {index("wide", {"b", "i"}),
         index("text", {"c"}),
         index("PRIMARY", {"u"}),
         index("b", {"b"}),
         index("i", {"i"}),
         index("d", {"d"})}
    );
    std::vector<std::string> names;
    for (const Index* each : key_candidates(source).indexes) {
        names.push_back(each->name);
    }
    EXPECT_THAT(names, ElementsAre("PRIMARY", "i", "b", "wide", "text", "d"));
}

TEST(KeyCandidates, SayWhyAnIndexIsUnusable) {
    Column nullable = column("a", "int");
    nullable.nullable = true;
    EXPECT_EQ(rejection(nullable, index("u", {"a"})), "column `a` allows NULL");

    Column generated = column("a", "int");
    generated.generated = GeneratedKind::virtual_value;
    EXPECT_THAT(rejection(generated, index("u", {"a"})), HasSubstr("virtual generated"));

    Index invisible = index("u", {"a"});
    invisible.visible = false;
    EXPECT_THAT(rejection(column("a", "int"), invisible), HasSubstr("invisible"));

    Index prefix = index("u", {"a"});
    prefix.parts[0].prefix_length = 5;
    EXPECT_THAT(rejection(column("a", "char(9)"), prefix), HasSubstr("prefix"));

    EXPECT_THAT(rejection(column("a", "int"), index("u", {""})), HasSubstr("expression"));
    EXPECT_THAT(rejection(column("a", "int"), index("u", {"x"})), HasSubstr("cannot be seen"));

    Index hash = index("u", {"a"});
    hash.type = "HASH";
    EXPECT_THAT(rejection(column("a", "int"), hash), HasSubstr("HASH"));

    for (const char* type : {"float", "double", "json", "point", "vector(3)"}) {
        EXPECT_THAT(rejection(column("a", type), index("u", {"a"})), HasSubstr(type)) << type;
    }
    for (const char* type :
         {"tinyint",
          "bigint unsigned",
          "binary(4)",
          "varbinary(9)",
          "char(3)",
          "varchar(7)",
          "decimal(9,2)",
          "date",
          "time(3)",
          "datetime",
          "timestamp(3)",
          "year",
          "bit(8)",
          "set('a')",
          "enum('a')"}) {
        EXPECT_EQ(rejection(column("a", type), index("u", {"a"})), "") << type;
    }
}

TEST(KeyCandidates, AcceptDescendingButNotMixedOrder) {
    Index mixed = index("u", {"a", "a"});
    mixed.parts[1].descending = true;
    EXPECT_THAT(rejection(column("a", "int"), mixed), HasSubstr("mixes"));
    mixed.parts[0].descending = true;
    EXPECT_EQ(rejection(column("a", "int"), mixed), "");
}

TEST(KeyCandidates, DoNotMentionIndexesThatAreNotUnique) {
    Index plain = index("k", {"a"});
    plain.unique = false;
    const TableDefinition source = table({column("a", "int")}, {plain});
    EXPECT_THAT(key_candidates(source).indexes, IsEmpty());
    EXPECT_THAT(key_candidates(source).rejected, IsEmpty());
}

TEST(KeyChoice, TellsKindsPlacesAndNamesOfTheColumns) {
    const TableDefinition source = table(
        {column("x", "int"),
         column("b", "binary(4)"),
         column("s", "varchar(9)"),
         column("u", "int unsigned")},
        {index("PRIMARY", {"s", "u", "b"})}
    );
    const TableDefinition shadow = table(
        {column("b2", "binary(4)"), column("s", "varchar(9)"), column("u", "bigint")},
        {index("other", {"u"}), index("k", {"s", "u", "b2"})}
    );
    const ColumnMap map{{{"b", "b2"}, {"s", "s"}, {"u", "u"}}, {"x"}, {}, {}, {}};
    const KeyDecision decision = choose_key(source, shadow, map);
    ASSERT_TRUE(decision.choice.has_value());
    EXPECT_EQ(decision.choice->index, "PRIMARY");
    EXPECT_EQ(decision.choice->shadow_index, "k");
    EXPECT_THAT(decision.choice->ordinals, ElementsAre(2U, 3U, 1U));
    EXPECT_EQ(decision.choice->source_key, (mysql::KeyPlaces{"s", "u", "b"}));
    EXPECT_EQ(decision.choice->shadow_key, (mysql::KeyPlaces{"s", "u", "b2"}));
    const auto& columns = decision.choice->shape.columns();
    EXPECT_EQ(columns[0].kind, KeyKind::text);
    EXPECT_EQ(columns[0].collation, "utf8mb4_0900_ai_ci");
    EXPECT_EQ(columns[1].kind, KeyKind::unsigned_integer);
    EXPECT_EQ(columns[2].fixed_length_bytes, 4U);
    EXPECT_FALSE(decision.choice->descending);
}

TEST(KeyChoice, LetsNumbersChangeToExactNumbers) {
    EXPECT_EQ(change("int", "bigint unsigned"), "");
    EXPECT_EQ(change("bigint", "smallint"), "");
    EXPECT_EQ(change("int", "decimal(20,2)"), "");
    EXPECT_EQ(change("bit(8)", "int"), "");
    EXPECT_EQ(change("bit(8)", "bit(9)"), "");
    EXPECT_EQ(change("year", "smallint"), "");
    EXPECT_THAT(change("int", "varchar(20)"), HasSubstr("no integer"));
    EXPECT_THAT(change("int", "double"), HasSubstr("no integer"));
    EXPECT_THAT(change("int", "bit(8)"), HasSubstr("no integer"));
    EXPECT_THAT(change("bit(8)", "varbinary(8)"), HasSubstr("type changes"));
}

Column text(const std::string& type, const std::string& charset, const std::string& collation) {
    Column result = column("k", type);
    result.charset = charset;
    result.collation = collation;
    return result;
}

TEST(KeyChoice, LetsTextChangeItsCollationAndMostCharsets) {
    EXPECT_EQ(change("varchar(10)", "varchar(20)"), "");
    EXPECT_EQ(change("char(10)", "varchar(10)"), "");
    EXPECT_THAT(change("varchar(10)", "char(10)"), HasSubstr("type changes"));
    EXPECT_THAT(change("varchar(10)", "varchar(9)"), HasSubstr("shorter"));
    const Column latin = text("varchar(10)", "latin1", "latin1_swedish_ci");
    const Column japanese = text("varchar(10)", "sjis", "sjis_japanese_ci");
    EXPECT_EQ(change(latin, column("k", "varchar(10)")), "");
    EXPECT_EQ(change(column("k", "varchar(10)"), latin), "");
    EXPECT_EQ(change(japanese, text("varchar(10)", "sjis", "sjis_bin")), "");
    EXPECT_THAT(change(japanese, latin), HasSubstr("changes from sjis to latin1"));
    EXPECT_THAT(change(latin, japanese), HasSubstr("changes from latin1 to sjis"));
}

TEST(KeyChoice, TellsRowsApartByBytesWhereTheCollationChanges) {
    const Column before = text("varchar(10)", "latin1", "latin1_swedish_ci");
    const Column after = text("varchar(10)", "utf8mb4", "utf8mb4_bin");
    const auto place = place_in_shadow(before, after);
    ASSERT_TRUE(place.ok());
    EXPECT_TRUE(place->bytewise);
    EXPECT_EQ(place->charset, "utf8mb4");
    EXPECT_EQ(place->collation, "utf8mb4_bin");
    const auto own = place_in_source(before, *place);
    EXPECT_TRUE(own.bytewise);
    EXPECT_EQ(own.charset, "latin1");
    EXPECT_EQ(own.collation, "latin1_swedish_ci");
    const auto same = place_in_shadow(before, before);
    ASSERT_TRUE(same.ok());
    EXPECT_FALSE(same->bytewise);
    EXPECT_FALSE(place_in_source(before, *same).bytewise);
}

TEST(KeyChoice, PadsBytesThatGetPadded) {
    const auto padded = [](const char* before, const char* after) {
        return place_in_shadow(column("k", before), column("k", after))->padded_bytes;
    };
    EXPECT_EQ(padded("binary(4)", "binary(6)"), 6U);
    EXPECT_EQ(padded("binary(4)", "binary(4)"), 0U);
    EXPECT_EQ(padded("binary(4)", "varbinary(6)"), 0U);
    EXPECT_EQ(change("varbinary(16)", "varbinary(17)"), "");
    EXPECT_THAT(change("varbinary(16)", "varbinary(15)"), HasSubstr("shorter"));
    EXPECT_THAT(change("varbinary(4)", "binary(16)"), HasSubstr("padded"));
    EXPECT_THAT(change("binary(16)", "char(16)"), HasSubstr("type changes"));
}

TEST(KeyChoice, WantsTimesAndMembersToKeepTheirValues) {
    EXPECT_EQ(change("date", "datetime(3)"), "");
    EXPECT_THAT(change("date", "timestamp"), HasSubstr("type changes"));
    EXPECT_THAT(change("timestamp", "datetime"), HasSubstr("type changes"));
    EXPECT_THAT(change("datetime", "timestamp"), HasSubstr("type changes"));
    EXPECT_EQ(change("enum('a','b')", "enum('a','b')"), "");
    EXPECT_EQ(change("enum('a','b')", "enum('a','b','c')"), "");
    EXPECT_EQ(change("set('a','b')", "set('a','b','c')"), "");
    EXPECT_THAT(change("enum('a','b')", "enum('b','a')"), HasSubstr("list of values"));
    EXPECT_THAT(change("enum('a','b')", "enum('a','b''','c')"), HasSubstr("list of values"));
    EXPECT_THAT(change("enum('a')", "set('a')"), HasSubstr("list of values"));
    Column fine = column("k", "datetime(6)");
    fine.fractional_digits = 6;
    EXPECT_THAT(change(fine, column("k", "datetime")), HasSubstr("fractional"));
    EXPECT_EQ(change(column("k", "datetime"), fine), "");
}

TEST(KeyChoice, CountsTheValuesOfAnEnum) {
    EXPECT_EQ(key_column(column("k", "enum('a','b,c','it''s',',')")).members, 4U);
    std::string many = "set('0'";
    for (int i = 1; i < 54; ++i) {
        many += ",'" + std::to_string(i) + "'";
    }
    EXPECT_THAT(rejection(column("a", many + ")"), index("u", {"a"})), HasSubstr("more than 53"));
}

TEST(KeyChoice, ComparesDecimalsByDigitsBehindThePoint) {
    const auto decimal = [](unsigned precision, unsigned scale) {
        Column result = column("k", "decimal(1,1)");
        result.numeric_precision = precision;
        result.numeric_scale = scale;
        return result;
    };
    EXPECT_EQ(change(decimal(10, 2), decimal(12, 4)), "");
    EXPECT_EQ(change(decimal(10, 2), decimal(9, 2)), "");  // too large values fail by themselves
    EXPECT_THAT(change(decimal(10, 2), decimal(12, 1)), HasSubstr("fractional digits"));
    EXPECT_EQ(change(decimal(10, 0), column("k", "bigint")), "");
    EXPECT_THAT(change(decimal(10, 1), column("k", "bigint")), HasSubstr("fractional digits"));
}

TEST(KeyChoice, GoesToTheNextKeyAndKeepsTheReasons) {
    const TableDefinition source = table(
        {column("id", "int"), column("u", "bigint")}, {index("PRIMARY", {"id"}), index("u", {"u"})}
    );
    TableDefinition shadow = source;
    shadow.indexes.erase(shadow.indexes.begin());
    const KeyDecision second = choose_key(source, shadow, same_names(source));
    ASSERT_TRUE(second.choice.has_value());
    EXPECT_EQ(second.choice->index, "u");
    ASSERT_EQ(second.rejected.size(), 1U);
    EXPECT_THAT(second.rejected[0].reason, HasSubstr("no index of the new table begins"));

    shadow.indexes.clear();
    const KeyDecision none = choose_key(source, shadow, same_names(source));
    EXPECT_FALSE(none.choice.has_value());
    EXPECT_EQ(none.rejected.size(), 2U);
}

TEST(KeyChoice, RejectsKeysOfColumnsThatAreNotCopied) {
    const TableDefinition source = table({column("id", "int")}, {index("PRIMARY", {"id"})});
    const KeyDecision decision = choose_key(source, source, ColumnMap{});
    ASSERT_FALSE(decision.choice.has_value());
    EXPECT_THAT(decision.rejected.at(0).reason, HasSubstr("not copied"));
}

TEST(KeyChoice, TakesAnyIndexThatFindsTheRows) {
    const TableDefinition source = table(
        {column("a", "int"), column("b", "int"), column("c", "int")}, {index("PRIMARY", {"a", "b"})}
    );
    const auto found = [&](const Index& candidate) {
        const TableDefinition shadow = table(source.columns, {candidate});
        return choose_key(source, shadow, same_names(source)).choice.has_value();
    };
    EXPECT_TRUE(found(index("PRIMARY", {"b", "a"})));
    EXPECT_TRUE(found(index("PRIMARY", {"b", "a", "c"})));
    Index plain = index("k", {"a", "b"});
    plain.unique = false;
    plain.parts[1].descending = true;
    EXPECT_TRUE(found(plain));
    plain.visible = false;
    EXPECT_FALSE(found(plain));
    EXPECT_FALSE(found(index("PRIMARY", {"a", "c", "b"})));
    EXPECT_FALSE(found(index("PRIMARY", {"a"})));
    Index prefix = index("k", {"a", "b"});
    prefix.parts[0].prefix_length = 3;
    EXPECT_FALSE(found(prefix));
}

TEST(KeyChoice, LeavesOutTimestampsWhereUtcWouldChangeTheRows) {
    const TableDefinition source = table(
        {column("ts", "timestamp"), column("u", "int")},
        {index("PRIMARY", {"ts"}), index("u", {"u"})}
    );
    const auto chosen = [&](const std::optional<std::string>& why_not) {
        return choose_key(source, source, same_names(source), why_not).choice->index;
    };
    EXPECT_EQ(chosen(std::nullopt), "PRIMARY");
    EXPECT_EQ(chosen("column `x` changes"), "u");
}

}  // namespace
}  // namespace doppel::schema
