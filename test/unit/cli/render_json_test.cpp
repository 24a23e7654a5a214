// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_json.hpp"

#include "unit/cli/fakes.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace doppel::cli {
namespace {

class JsonLines : public testing::Test {
protected:
    /// The line that `event` makes, which must be the only one.
    nlohmann::json line(const ProgressEvent& event) {
        output_ = CapturedOutput();
        renderer_.on_event(event);
        EXPECT_EQ(output_.out.find('\n'), output_.out.size() - 1);
        return nlohmann::json::parse(output_.out);
    }

    CapturedOutput output_;
    JsonRenderer renderer_{output_, stopped_clock()};
};

TEST_F(JsonLines, APhase) {
    line(PhaseChanged{Phase::cutting_over});
    EXPECT_EQ(
        output_.out,
        "{\"event\":\"phase\",\"time\":\"2026-01-02T03:04:05.006Z\",\"phase\":\"cutting_over\"}\n"
    );
    EXPECT_EQ(output_.droppable_pieces, 0U);
}

TEST_F(JsonLines, ProgressHasEveryFieldAndMayBeDropped) {
    Progress progress;
    progress.phase = Phase::copying;
    progress.rows_copied = 250;
    progress.rows_estimated = 1'000;
    progress.chunks_copied = 2;
    progress.rows_per_second = 12.5;
    progress.eta_seconds = 60;
    progress.events_seen = 3;
    progress.keys_pending = 4;
    progress.keys_reconciled = 5;
    progress.keys_discarded = 6;
    progress.rows_verified = 10;
    progress.differences = 2;
    progress.repairs = 1;
    progress.feed_lag_seconds = 0.5;
    progress.cutover_attempts = 7;
    progress.reconnects = 8;
    progress.elapsed = std::chrono::milliseconds(9);
    progress.throttle.copy_share = 0.25;
    progress.throttle.cause = "replica-lag";
    progress.throttle.reason = "replica db2:3306 is 0.6s behind, --max-lag is 1s";
    progress.throttle.replicas = {{"db2:3306", 0.6, true, ""}};
    progress.throttle.held = {{"replica-lag", 1.5}};
    EXPECT_EQ(line(progress), nlohmann::json::parse(R"({
        "event": "progress", "time": "2026-01-02T03:04:05.006Z", "phase": "copying",
        "rows_copied": 250, "rows_estimated": 1000, "percent": 25.0, "chunks_copied": 2,
        "rows_per_second": 12.5, "eta_seconds": 60.0, "events_seen": 3, "keys_pending": 4,
        "keys_reconciled": 5, "keys_discarded": 6, "rows_verified": 10, "differences": 2,
        "repairs": 1, "feed_lag_seconds": 0.5,
        "cutover_attempts": 7, "reconnects": 8, "elapsed_ms": 9,
        "throttle": {"copy_share": 0.25, "replay_share": 1.0, "cause": "replica-lag",
            "reason": "replica db2:3306 is 0.6s behind, --max-lag is 1s",
            "replicas": [{"address": "db2:3306", "lag_seconds": 0.6, "counts": true, "problem": ""}],
            "held": [{"cause": "replica-lag", "seconds": 1.5}]}})"));
    EXPECT_EQ(output_.droppable_pieces, 1U);
}

TEST_F(JsonLines, WhatIsUnknownIsNull) {
    Progress progress;
    progress.rows_per_second = std::numeric_limits<double>::infinity();
    const nlohmann::json object = line(progress);
    for (const char* field : {"rows_estimated", "percent", "eta_seconds", "rows_per_second"}) {
        EXPECT_TRUE(object.at(field).is_null()) << field;
    }
}

TEST_F(JsonLines, PercentStopsAtAHundred) {
    Progress progress;
    progress.rows_copied = 2'000;
    progress.rows_estimated = 1'000;
    EXPECT_EQ(line(progress).at("percent"), 100.0);
}

TEST_F(JsonLines, ANoticeWithBytesThatAreNoUtf8) {
    EXPECT_EQ(line(Notice{"caf\xe9\n"}).at("message"), "caf\xef\xbf\xbd\n");
}

TEST_F(JsonLines, DifferencesAndTheEndOfAComparison) {
    const Differences differences{"s.t", {"(1)", "('a')"}, 12, Differences::Action::repairing};
    EXPECT_EQ(line(differences), nlohmann::json::parse(R"json({
        "event": "differences", "time": "2026-01-02T03:04:05.006Z", "table": "s.t", "count": 12,
        "keys": ["(1)", "('a')"], "action": "repairing"})json"));
    EXPECT_EQ(line(Verified{"s.a", "s.b", 5, 0, true}), nlohmann::json::parse(R"({
        "event": "verified", "time": "2026-01-02T03:04:05.006Z", "first": "s.a", "second": "s.b",
        "rows": 5, "differences": 0, "complete": true})"));
}

TEST_F(JsonLines, FindingsInOneObject) {
    const Findings findings{
        {{"a", Finding::Level::warning, "m1", "h1"}, {"b", Finding::Level::refusal, "m2", "h2"}}};
    EXPECT_EQ(line(findings).at("findings"), nlohmann::json::parse(R"([
        {"id": "a", "level": "warning", "message": "m1", "hint": "h1"},
        {"id": "b", "level": "refusal", "message": "m2", "hint": "h2"}])"));
    EXPECT_TRUE(line(Findings()).at("findings").empty());
}

TEST_F(JsonLines, ASummary) {
    Summary summary;
    summary.method = "shadow";
    summary.table = "shop.t";
    summary.old_table = "shop._t_old";
    summary.cutover_locked = std::chrono::microseconds(1'234);
    nlohmann::json object = line(summary);
    EXPECT_EQ(object.at("event"), "summary");
    EXPECT_EQ(object.at("method"), "shadow");
    EXPECT_EQ(object.at("table"), "shop.t");
    EXPECT_EQ(object.at("old_table"), "shop._t_old");
    EXPECT_EQ(object.at("cutover_locked_us"), 1'234);
    EXPECT_EQ(object.at("progress").at("rows_copied"), 0);
    summary.old_table.clear();
    EXPECT_TRUE(line(summary).at("old_table").is_null());
}

TEST_F(JsonLines, AnError) {
    renderer_.error(ExitCode::data_misfit, "row 7");
    EXPECT_EQ(
        output_.out,
        "{\"event\":\"error\",\"time\":\"2026-01-02T03:04:05.006Z\",\"code\":\"data_misfit\","
        "\"exit_code\":5,\"message\":\"row 7\"}\n"
    );
}

TEST_F(JsonLines, AnErrorWithRowsThatDoNotFit) {
    DataMisfit misfit;
    misfit.constraint = "u";
    misfit.columns = {"a"};
    misfit.keys = {"(1)", "(2)"};
    renderer_.error(ExitCode::data_misfit, "m", misfit);
    const auto object = nlohmann::json::parse(output_.out);
    EXPECT_EQ(object.at("constraint"), "u");
    EXPECT_EQ(object.at("columns"), nlohmann::json({"a"}));
    EXPECT_EQ(object.at("keys"), nlohmann::json({"(1)", "(2)"}));
    EXPECT_TRUE(object.at("search").is_null());
}

}  // namespace
}  // namespace doppel::cli
