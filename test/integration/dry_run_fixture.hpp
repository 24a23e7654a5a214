// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/command_fixture.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::test {

/// `doppel alter --dry-run` of table `t` of schema app, and the report that it prints.
class DryRun : public CommandTest {
protected:
    struct Told {
        Finished finished;
        nlohmann::json report;
        [[nodiscard]] nlohmann::json check(const std::string& name) const {
            for (const nlohmann::json& check : report.value("checks", nlohmann::json::array())) {
                if (check.at("check") == name && check.at("level") != "ok") {
                    return check;
                }
            }
            for (const nlohmann::json& check : report.value("checks", nlohmann::json::array())) {
                if (check.at("check") == name) {
                    return check;
                }
            }
            return {};
        }
    };

    static Told told(Finished finished) {
        const auto lines = json_lines(finished.out);
        nlohmann::json report = last_of(finished.out, "dry_run");
        if (!report.is_null()) {
            EXPECT_EQ(lines.size(), 1U) << finished.out;  // one object
        }
        return {std::move(finished), std::move(report)};
    }
    static Told dry(const std::string& clauses, std::vector<std::string> options = {}) {
        const bool has_depth = !options.empty() && options.front().starts_with("--dry-run");
        if (!has_depth) {
            options.insert(options.begin(), "--dry-run");
        }
        auto result = told(server().run_doppel("ALTER TABLE app.t " + clauses, options));
        EXPECT_FALSE(result.report.is_null()) << result.finished.err;
        return result;
    }
    /// Everything that a dry run must leave as it is.
    std::string state() {
        const auto log = schema_->session().query("SHOW BINARY LOG STATUS");
        return contents_of(*schema_) + scalar("SELECT @@GLOBAL.gtid_executed") + "\n" +
               log.rows.at(0).at(0).value() + ":" + log.rows.at(0).at(1).value();
    }
    static void expect_range(const nlohmann::json& range) {
        EXPECT_LE(range.at("low"), range.at("expected")) << range;
        EXPECT_LE(range.at("expected"), range.at("high")) << range;
    }
    std::vector<std::string> dry_connections() {
        std::vector<std::string> ids;
        const auto rows = schema_->session().query(
            "SELECT PROCESSLIST_ID FROM performance_schema.session_connect_attrs WHERE ATTR_NAME = "
            "'program_name' AND ATTR_VALUE = 'doppel dry run'"
        );
        for (const auto& row : rows.rows) {
            ids.push_back(row.at(0).value());
        }
        return ids;
    }
};

}  // namespace doppel::test
