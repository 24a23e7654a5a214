// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::checkpoint {
namespace {

using ::testing::HasSubstr;

Record record() {
    Record record;
    record.stage = Stage::running;
    record.statement = "ALTER TABLE t ADD COLUMN `a\"\\` INT";
    record.source = "t";
    record.shadow = "_t_new";
    record.old_table = "_t_old";
    record.source_definition = "CREATE TABLE `t` (\n  `id` int)";
    record.shadow_definition = "CREATE TABLE `_t_new` (\n  `\u00fc` int)";
    record.shadow_columns = {"id int", "name varchar(3)"};
    record.check_names = {{"_t_new_chk_1", "positive"}};
    record.key_index = "PRIMARY";
    record.settings = {"a", "b"};
    record.drop_old = true;
    record.run_id = "0123";
    record.host = "db1";
    record.process_id = 17;
    record.started_at = "2026-01-02T03:04:05Z";
    return record;
}

Point point() {
    Point point;
    point.server = {"3e11fa47-71ca-11e1-9e33-c80aa9429562", 1'700'000'000.25, true};
    point.place = *mysql::GtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:tag:7");
    point.low_water = mysql::Key{std::string("\x80\x00\xff", 3)};
    point.rows_copied = 12;
    return point;
}

TEST(Record, ComesBackAsItWas) {
    const auto again = parse_record(to_json(record()));
    ASSERT_TRUE(again) << again.failure().message;
    EXPECT_EQ(*again, record());
}

TEST(Record, KeepsItsStage) {
    for (const Stage stage : {Stage::preparing, Stage::running, Stage::swapped}) {
        Record one = record();
        one.stage = stage;
        EXPECT_EQ(parse_record(to_json(one))->stage, stage);
    }
}

TEST(Record, ReplacesBytesThatAreNoText) {
    Record one = record();
    one.statement = "a\xff";
    const auto again = parse_record(to_json(one));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->statement, as_recorded("a\xff"));
}

TEST(Record, OfAnotherFormatIsNotRead) {
    const auto other = parse_record(R"({"format": 1, "statement": "x"})");
    ASSERT_FALSE(other);
    EXPECT_THAT(other.failure().message, HasSubstr("written in format 1 by another version"));
    EXPECT_FALSE(parse_record(R"({"statement": "x"})"));
    EXPECT_FALSE(parse_record("[2]"));
    EXPECT_FALSE(parse_record("{"));
}

TEST(Record, ThatIsDamagedIsNotRead) {
    const std::string whole = to_json(record());
    for (const char* field :
         {"stage", "statement", "shadow", "shadow_definition", "check_names", "run_id"}) {
        std::string damaged = whole;
        damaged.replace(damaged.find(std::string("\"") + field + "\""), 2, "\"_");
        EXPECT_FALSE(parse_record(damaged)) << field;
    }
    std::string stage = whole;
    stage.replace(stage.find("running"), 7, "jumping");
    EXPECT_THAT(parse_record(stage).failure().message, HasSubstr("unknown stage 'jumping'"));
}

TEST(Point, ComesBackAsItWas) {
    const auto again = parse_point(to_json(point(), {}, "r"));
    ASSERT_TRUE(again) << again.failure().message;
    EXPECT_EQ(again->server.uuid, point().server.uuid);
    EXPECT_EQ(again->server.started_at, point().server.started_at);
    EXPECT_TRUE(again->server.durable);
    EXPECT_EQ(again->place, point().place);
    EXPECT_EQ(again->low_water, point().low_water);
    EXPECT_FALSE(again->copied);
    EXPECT_EQ(again->rows_copied, 12U);
}

TEST(Point, KnowsFilesAndTheEndOfTheTable) {
    Point one = point();
    one.place = mysql::FileOffset{"binlog.000007", 4'567'890'123};
    one.low_water.reset();
    one.copied = true;
    const auto again = parse_point(to_json(one, {}, "r"));
    ASSERT_TRUE(again) << again.failure().message;
    EXPECT_EQ(again->place, one.place);
    EXPECT_EQ(again->low_water, std::nullopt);
    EXPECT_TRUE(again->copied);
}

TEST(Point, ThatIsDamagedIsNotRead) {
    const std::string whole = to_json(point(), {}, "r");
    for (const char* field : {"server", "place", "low_water", "copied"}) {
        std::string damaged = whole;
        damaged.replace(damaged.find(std::string("\"") + field + "\""), 2, "\"_");
        EXPECT_FALSE(parse_point(damaged)) << field;
    }
    std::string key = whole;
    key.replace(key.find("8000FF"), 6, "8000Fg");
    EXPECT_FALSE(parse_point(key));
}

TEST(Show, ComesBackAsItWas) {
    Show show;
    show.phase = "copying";
    show.rows_copied = 5;
    show.rows_estimated = 10;
    show.eta_seconds = 1.5;
    const auto again = parse_show(to_json(point(), show, "r"));
    ASSERT_TRUE(again) << again.failure().message;
    EXPECT_EQ(again->phase, "copying");
    EXPECT_EQ(again->rows_copied, 5U);
    EXPECT_EQ(again->rows_estimated, 10U);
    EXPECT_EQ(again->eta_seconds, 1.5);
    EXPECT_EQ(parse_show(to_json(point(), {}, "r"))->eta_seconds, std::nullopt);
}

}  // namespace
}  // namespace doppel::checkpoint
