// SPDX-License-Identifier: Apache-2.0
#include "replay/ways.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::replay {
namespace {

mysql::TablePair tables_with_key(std::vector<mysql::KeyColumn> columns) {
    mysql::KeyPlaces places;
    for (const auto& column : columns) {
        places.emplace_back(column.name);
    }
    return mysql::TablePair{
        {"app", "t"},
        {"app", "_t_new"},
        {"app", "_t_doppel"},
        "PRIMARY",
        mysql::KeyShape(std::move(columns)),
        places,
        places,
        "",
        ""};
}

mysql::KeyColumn column_of(mysql::KeyKind kind) {
    mysql::KeyColumn column;
    column.name = "id";
    column.kind = kind;
    return column;
}

mysql::TablePair integer_key() {
    return tables_with_key({column_of(mysql::KeyKind::signed_integer)});
}

schema::Index index_over(
    const std::string& name, bool unique, std::vector<schema::IndexPart> parts
) {
    schema::Index index;
    index.name = name;
    index.unique = unique;
    index.parts = std::move(parts);
    return index;
}

schema::TableDefinition shadow_with(std::vector<schema::Index> more) {
    schema::TableDefinition shadow;
    shadow.indexes.push_back(index_over("PRIMARY", true, {{"id", ""}}));
    shadow.indexes.insert(shadow.indexes.end(), more.begin(), more.end());
    return shadow;
}

TEST(MayShareWork, WithPlainIndexesOnly) {
    EXPECT_TRUE(may_share_work(integer_key(), shadow_with({})));
    EXPECT_TRUE(may_share_work(integer_key(), shadow_with({index_over("a", false, {{"a", ""}})})));
}

TEST(MayShareWork, NotWhereRowsOfDifferentKeysCanCollide) {
    EXPECT_FALSE(may_share_work(integer_key(), shadow_with({index_over("a", true, {{"a", ""}})})));
    EXPECT_FALSE(
        may_share_work(integer_key(), shadow_with({index_over("f", true, {{"", "lower(`a`)"}})}))
    );
}

TEST(MayShareWork, WhereAUniqueIndexHoldsTheWholeKey) {
    EXPECT_TRUE(
        may_share_work(integer_key(), shadow_with({index_over("a", true, {{"a", ""}, {"id", ""}})}))
    );
    schema::IndexPart prefix{"id", ""};
    prefix.prefix_length = 3;
    EXPECT_FALSE(
        may_share_work(integer_key(), shadow_with({index_over("a", true, {{"a", ""}, prefix})}))
    );
}

TEST(MayShareWork, NotWhereTheKeyIsOnlyPartOfThePrimaryOneOrAnotherOne) {
    auto tables = integer_key();
    schema::TableDefinition shadow;
    shadow.indexes.push_back(index_over("PRIMARY", true, {{"other", ""}}));
    shadow.indexes.push_back(index_over("id", true, {{"id", ""}}));
    EXPECT_FALSE(may_share_work(tables, shadow));
}

TEST(MayShareWork, NotWithKeysThatOnlyTheServerCompares) {
    EXPECT_FALSE(may_share_work(tables_with_key({column_of(mysql::KeyKind::text)}), shadow_with({}))
    );
    auto tables = integer_key();
    tables.shadow_key.front().bytewise = true;
    EXPECT_FALSE(may_share_work(tables, shadow_with({})));
}

schema::Column column(const std::string& name, const std::string& type) {
    schema::Column made;
    made.name = name;
    made.type = type;
    made.data_type = type;
    return made;
}

/// Both tables have `id` and `a`.
misfit::NewSchema new_schema() {
    misfit::NewSchema made;
    made.source.columns = {column("id", "int"), column("a", "int")};
    made.shadow = shadow_with({index_over("a", false, {{"a", ""}})});
    made.shadow.columns = made.source.columns;
    made.columns.pairs = {{"id", "id"}, {"a", "a"}};
    return made;
}

TEST(UpsertAssignments, AreOfAllColumnsThatAreInserted) {
    EXPECT_EQ(
        upsert_assignments(integer_key(), new_schema()), "`id` = VALUES(`id`), `a` = VALUES(`a`)"
    );
}

TEST(UpsertAssignments, LeaveNewColumnsWithAConstantDefaultAlone) {
    auto schema = new_schema();
    schema.shadow.columns.push_back(column("note", "int"));
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "`id` = VALUES(`id`), `a` = VALUES(`a`)");
}

TEST(UpsertAssignments, NoneWhereANewColumnWouldKeepAnOldValue) {
    for (const char* extra : {"DEFAULT_GENERATED", "on update CURRENT_TIMESTAMP"}) {
        auto schema = new_schema();
        schema.shadow.columns.push_back(column("note", "timestamp"));
        schema.shadow.columns.back().extra = extra;
        EXPECT_EQ(upsert_assignments(integer_key(), schema), "") << extra;
        schema.columns.pairs.push_back({"note", "note"});
        EXPECT_NE(upsert_assignments(integer_key(), schema), "") << extra;
    }
    auto schema = new_schema();
    schema.shadow.columns.push_back(column("number", "int"));
    schema.shadow.columns.back().auto_increment = true;
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "");
}

TEST(UpsertAssignments, NoneWithJson) {
    auto schema = new_schema();
    schema.shadow.columns.back() = column("a", "json");
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "");
}

TEST(UpsertAssignments, NoneWhereAnotherRowCouldBeMet) {
    auto schema = new_schema();
    schema.shadow.indexes.push_back(index_over("u", true, {{"a", ""}}));
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "");
}

TEST(UpsertAssignments, NoneWhereTheKeyIsNotTheWholePrimaryKey) {
    auto schema = new_schema();
    schema.shadow.indexes.front().parts.push_back({"a", ""});
    EXPECT_TRUE(may_share_work(integer_key(), schema.shadow));
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "");
    schema.shadow.indexes.erase(schema.shadow.indexes.begin());
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "");
}

TEST(UpsertAssignments, NoneWhereTheKeyChangesItsType) {
    auto schema = new_schema();
    schema.shadow.columns.front().type = "bigint";
    EXPECT_EQ(upsert_assignments(integer_key(), schema), "");
}

}  // namespace
}  // namespace doppel::replay
