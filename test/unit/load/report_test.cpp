// SPDX-License-Identifier: Apache-2.0
#include "tools/load/report.hpp"

#include "unit/load/instants.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace doppel::load {
namespace {

using nlohmann::json;

class Report : public ::testing::Test {
protected:
    Report() {
        recorder_.started(ms(100));
        recorder_.committed(ms(100), ms(150), ms(400));
        recorder_.statement_done("COMMIT", ms(200), ms(390));
        recorder_.started(ms(500));
        recorder_.failed(ms(500), "no table \xff");
    }

    Recorder recorder_;
    Epoch epoch_{1'700'000'000'000};
};

TEST_F(Report, GivesAnIntervalAsOneJsonObject) {
    const std::string text = interval_json(recorder_.take_interval(ms(1'000)), 7, epoch_);
    EXPECT_EQ(std::string::npos, text.find('\n'));
    const json object = json::parse(text);
    EXPECT_EQ("interval", object.at("type"));
    EXPECT_EQ(1'700'000'001'000, object.at("time_ms"));
    EXPECT_EQ(1, object.at("elapsed_s"));
    EXPECT_EQ(1, object.at("commits"));
    EXPECT_EQ(1, object.at("errors"));
    EXPECT_EQ(7, object.at("backlog"));
    EXPECT_EQ(300'000, object.at("latency_us").at("max"));
    EXPECT_EQ(250'000, object.at("service_us").at("p99"));
}

TEST_F(Report, GivesTheSummaryWithTimesToMatchWithOtherLogs) {
    const json object = json::parse(summary_json(recorder_.totals(ms(2'000)), 0, epoch_));
    EXPECT_EQ("summary", object.at("type"));
    EXPECT_EQ(1'700'000'000'000, object.at("start_ms"));
    const json& stall = object.at("longest_stall");
    EXPECT_EQ(1'500, stall.at("length_ms"));
    EXPECT_EQ(1'700'000'000'500, stall.at("start_ms"));
    EXPECT_EQ(1'700'000'002'000, stall.at("end_ms"));
    EXPECT_EQ("COMMIT", object.at("longest_statement").at("what"));
    EXPECT_EQ(250, object.at("longest_transaction").at("length_ms"));
    EXPECT_EQ(1, object.at("seconds_without_commit"));
    EXPECT_EQ(1U, object.at("first_errors").size());
}

TEST_F(Report, PrintsALinePerInterval) {
    const std::string text = interval_text(recorder_.take_interval(ms(1'000)), 7, epoch_);
    EXPECT_EQ(0U, text.find("22:13:21"));
    EXPECT_NE(std::string::npos, text.find("max 300.0 ms"));
    EXPECT_NE(std::string::npos, text.find("errors 1"));
    EXPECT_NE(std::string::npos, text.find("backlog 7"));
    EXPECT_EQ(std::string::npos, text.find("deadlocks"));
}

TEST_F(Report, PrintsTheStallInTheSummary) {
    const std::string text = summary_text(recorder_.totals(ms(2'000)), 3, epoch_);
    EXPECT_NE(
        std::string::npos,
        text.find("longest stall: 1500.0 ms, from 1700000000500 to 1700000002000")
    );
    EXPECT_NE(std::string::npos, text.find("longest statement (COMMIT): 190.0 ms"));
    EXPECT_NE(std::string::npos, text.find("left undone 3"));
}

}  // namespace
}  // namespace doppel::load
