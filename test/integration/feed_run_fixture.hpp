// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/held_run.hpp"
#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {

/// A run whose copy stands in the middle of table faults.t, which has a twin.
class FeedRunTest : public testing::Test {
protected:
    static constexpr std::chrono::seconds kLimit{20};
    static constexpr unsigned kRows = 2'000;  ///< with ids 10, 20, ..
    static constexpr unsigned kGate = 10'250;
    static constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7";
    static constexpr const char* kColumns =
        "id INT NOT NULL PRIMARY KEY, v INT NOT NULL, name VARCHAR(30), doc LONGBLOB";

    void TearDown() override {
        writers_.reset();
        run_.reset();
        schema_.reset();
    }

    /// `definition` of the table begins with the columns of kColumns.
    void prepare(
        const Sandbox& sandbox, const std::string& definition = fmt::format("({})", kColumns)
    ) {
        schema_ = std::make_unique<Schema>(sandbox, "faults");
        schema_->execute("SET SESSION cte_max_recursion_depth = 100000");
        schema_->execute("CREATE TABLE t " + definition);
        schema_->execute("CREATE TABLE twin LIKE t");
        schema_->execute(fmt::format(
            "INSERT INTO t (id, v, name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n WHERE i < {}) SELECT i * 10, i, CONCAT('row ', i) FROM n",
            kRows
        ));
        schema_->execute("INSERT INTO twin SELECT * FROM t");
    }

    void start(const Sandbox& sandbox) {
        run_ = std::make_unique<HeldRun>(
            sandbox,
            "faults",
            std::string("ALTER TABLE faults.t ") + kClauses,
            std::vector<std::string>{"--chunk-rows=50"},
            fmt::format("INSERT INTO _t_new (id, v) VALUES ({}, 0)", kGate)
        );
    }

    /// Changes that the run has read when this returns.
    void write_and_wait(const TwinTransaction& statements) {
        const auto before = run_->events_seen();
        write_twins(schema_->session(), statements);
        ASSERT_TRUE(run_->wait_for_events_after(before)) << run_->process().err();
    }

    void expect_right_end(const std::string& tables = "_t_old,t,twin") {
        if (writers_) {
            writers_->stop();
        }
        const auto finished = run_->finish();
        EXPECT_EQ(finished.code, 0) << finished.err;
        expect_like_native(schema_->session(), kClauses, "id");
        EXPECT_EQ(schema_->tables(), tables);
    }

    std::unique_ptr<Schema> schema_;
    std::unique_ptr<HeldRun> run_;
    std::unique_ptr<TwinWriters> writers_;
};

}  // namespace doppel::test
