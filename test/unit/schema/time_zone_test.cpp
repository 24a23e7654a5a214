// SPDX-License-Identifier: Apache-2.0
#include "schema/time_zone.hpp"

#include "unit/schema/builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

using test::column;
using test::table;
using ::testing::HasSubstr;

ColumnMap pairs_of(const TableDefinition& source) {
    ColumnMap map;
    for (const Column& each : source.columns) {
        map.pairs.push_back({each.name, each.name});
    }
    return map;
}

std::string dependence(const TableDefinition& source, const TableDefinition& shadow) {
    return zone_dependence(source, shadow, pairs_of(source)).value_or("");
}

TEST(ZoneDependence, ComesWithConversionsOfTimestamps) {
    const TableDefinition both = table({column("t", "timestamp"), column("d", "datetime")});
    EXPECT_EQ(dependence(both, both), "");
    const TableDefinition dates = table({column("t", "datetime"), column("d", "datetime")});
    EXPECT_THAT(dependence(both, dates), HasSubstr("`t` changes from timestamp to datetime"));
    EXPECT_THAT(dependence(dates, both), HasSubstr("`t` changes from datetime to timestamp"));
    const TableDefinition finer = table({column("t", "timestamp(3)"), column("d", "datetime")});
    EXPECT_EQ(dependence(both, finer), "");
}

TEST(ZoneDependence, ComesWithDefaultsOfNewColumns) {
    const TableDefinition source = table({column("t", "timestamp")});
    Column added = column("n", "datetime");
    added.default_value = "CURRENT_TIMESTAMP";
    added.extra = "DEFAULT_GENERATED";
    ColumnMap map = pairs_of(source);
    map.added.push_back("n");
    const auto with = [&](const Column& column) {
        return zone_dependence(source, table({source.columns[0], column}), map).value_or("");
    };
    EXPECT_THAT(with(added), HasSubstr("`n` has an expression"));
    added.data_type = "timestamp";  // the present time in UTC, whatever the zone
    EXPECT_EQ(with(added), "");
    added.extra.clear();
    added.default_value = "2001-01-01 00:00:00";
    EXPECT_THAT(with(added), HasSubstr("`n` has a time"));
    added.data_type = "datetime";
    EXPECT_EQ(with(added), "");
}

TEST(ZoneDependence, ComesWithExpressionsThatReadTimestamps) {
    const TableDefinition source = table({column("made_at", "timestamp"), column("a", "int")});
    TableDefinition shadow = source;
    shadow.checks.push_back({"c", "(`a` > 0)", true});
    EXPECT_EQ(dependence(source, shadow), "");
    shadow.checks.push_back({"past", "(`Made_At` > _utf8mb4'2001-01-01')", true});
    EXPECT_THAT(dependence(source, shadow), HasSubstr("`past`"));
    shadow.checks.back().enforced = false;
    EXPECT_EQ(dependence(source, shadow), "");

    shadow.indexes.push_back(test::index("i", {""}));
    shadow.indexes.back().parts[0].expression = "cast(`made_at` as date)";
    EXPECT_THAT(dependence(source, shadow), HasSubstr("index `i`"));
    shadow.indexes.clear();

    Column generated = column("g", "datetime");
    generated.generated = GeneratedKind::stored_value;
    generated.generation_expression = "from_unixtime(`a`)";
    shadow.columns.push_back(generated);
    EXPECT_THAT(dependence(source, shadow), HasSubstr("generated column `g`"));
}

TEST(TimeZones, KnowsUtcByItsNames) {
    EXPECT_TRUE(is_utc("SYSTEM", "UTC"));
    EXPECT_TRUE(is_utc("+00:00", "CET"));
    EXPECT_TRUE(is_utc("utc", ""));
    EXPECT_FALSE(is_utc("SYSTEM", "CET"));
    EXPECT_FALSE(is_utc("Europe/London", "UTC"));
    // What the server calls London in winter, too.
    EXPECT_FALSE(is_utc("SYSTEM", "GMT"));
}

}  // namespace
}  // namespace doppel::schema
