// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/dispatch.hpp"
#include "unit/cli/fakes.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace doppel::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

DryRunReport report() {
    DryRunReport told;
    told.table = "shop.t";
    told.server = "9.7.0";
    told.depth = "sample";
    told.decision = {"shadow", true, "because"};
    told.steps = {{"first", "ALTER TABLE x"}, {"second", ""}};
    told.definition_diff = "--- a\n+++ b\n";
    told.checks = {
        {"innodb", "innodb", DryRunCheck::Level::ok, "fine", "", true},
        {"triggers", "triggers", DryRunCheck::Level::refusal, "there are some", "drop them", true}};
    told.fit.looked = true;
    told.fit.misfits = {{"too long", {"varchar(5)", {"s"}, {"(2)"}, "SELECT 1"}}};
    told.estimate.emplace();
    told.estimate->total_seconds = {1, 2, 3};
    told.estimate->disk_bytes = {1e6, 2e6, 3e6};
    told.estimate->table_writes_per_second = -1;
    return told;
}

class DryRunCommand : public testing::Test {
protected:
    ExitCode run(const std::vector<std::string>& words) {
        output_.out.clear();
        output_.err.clear();
        const CommandContext context{
            system_,
            output_,
            input_,
            false,
            [] { return std::size_t{0}; },
            stopped_clock(),
            [this](const auto&, const auto&, const auto&, auto&, const auto&) {
                ++runs_;
                return Outcome{true, Errc::failed, ""};
            },
            {},
            {},
            {},
            false,
            {},
            [this](const std::string& statement, const ConnectionOptions&, const MigrationOptions& migration, const DryRunOptions& options, const Logger&) {
                statement_ = statement;
                migration_ = migration;
                options_ = options;
                return result_;
            }};
        return dispatch(words, context);
    }

    FakeSystem system_;
    CapturedOutput output_;
    std::istringstream input_;
    DryRunResult result_{{true, Errc::failed, ""}, report()};
    std::string statement_;
    MigrationOptions migration_;
    DryRunOptions options_;
    int runs_ = 0;
};

TEST_F(DryRunCommand, PassesWhatWasAskedFor) {
    EXPECT_EQ(run({"alter", "--dry-run", "--threads=2", "ALTER TABLE t"}), ExitCode::done);
    EXPECT_EQ(statement_, "ALTER TABLE t");
    EXPECT_EQ(migration_.threads, 2U);
    EXPECT_EQ(options_.depth, DryRunOptions::Depth::sample);
    EXPECT_FALSE(options_.probe);
    EXPECT_EQ(run({"alter", "--dry-run=FULL", "--probe", "ALTER TABLE t"}), ExitCode::done);
    EXPECT_EQ(options_.depth, DryRunOptions::Depth::full);
    EXPECT_TRUE(options_.probe);
    EXPECT_EQ(run({"alter", "--dry-run=offline", "ALTER TABLE t"}), ExitCode::done);
    EXPECT_EQ(options_.depth, DryRunOptions::Depth::offline);
    EXPECT_EQ(runs_, 0);
    EXPECT_EQ(run({"alter", "ALTER TABLE t"}), ExitCode::done);
    EXPECT_EQ(runs_, 1);
}

TEST_F(DryRunCommand, RefusesWhatMakesNoSense) {
    EXPECT_EQ(run({"alter", "--probe", "ALTER TABLE t"}), ExitCode::usage);
    EXPECT_THAT(output_.err, HasSubstr("--dry-run"));
    EXPECT_EQ(run({"alter", "--dry-run=some", "ALTER TABLE t"}), ExitCode::usage);
    EXPECT_EQ(run({"alter", "--dry-run=offline", "--probe", "ALTER TABLE t"}), ExitCode::usage);
    EXPECT_EQ(runs_, 0);
}

TEST_F(DryRunCommand, JsonIsOneObjectAlsoWhenItRefuses) {
    result_.outcome = {false, Errc::refused, "there are some"};
    EXPECT_EQ(run({"alter", "--json", "--dry-run", "ALTER TABLE t"}), ExitCode::refused);
    EXPECT_THAT(output_.err, HasSubstr("there are some"));
    const json object = json::parse(output_.out);
    EXPECT_EQ(object.at("event"), "dry_run");
    EXPECT_EQ(object.at("outcome").at("exit_code"), 3);
    EXPECT_EQ(object.at("decision").at("method"), "shadow");
    EXPECT_EQ(object.at("checks").at(1).at("level"), "refusal");
    EXPECT_EQ(object.at("checks").at(1).at("hint"), "drop them");
    EXPECT_EQ(object.at("estimate").at("total_seconds").at("expected"), 2.0);
    EXPECT_EQ(object.at("estimate").at("disk_bytes").at("high"), 3'000'000);
    EXPECT_TRUE(object.at("estimate").at("table_writes_per_second").is_null());
    EXPECT_EQ(object.at("fit").at("misfits").at(0).at("keys"), json::array({"(2)"}));
}

TEST_F(DryRunCommand, WithoutAReportTheErrorIsTheObject) {
    result_ = {{false, Errc::usage, "no such column"}, std::nullopt};
    EXPECT_EQ(run({"alter", "--json", "--dry-run", "ALTER TABLE t"}), ExitCode::usage);
    EXPECT_EQ(json::parse(output_.out).at("event"), "error");
}

TEST_F(DryRunCommand, TheTextHasAllParts) {
    EXPECT_EQ(run({"alter", "--dry-run", "ALTER TABLE t"}), ExitCode::done);
    for (const char* part :
         {"shop.t: dry run, nothing is changed",
          "Decision",
          "1. first",
          "ALTER TABLE x",
          "+++ b",
          "REFUSED   triggers: there are some",
          "drop them",
          "too long",
          "in all         2.0s (1.0s to 3.0s)",
          "new table      1.9 MiB"}) {
        EXPECT_THAT(output_.out, HasSubstr(part));
    }
}

}  // namespace
}  // namespace doppel::cli
