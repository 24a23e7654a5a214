// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/held_run.hpp"
#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {

/// A run whose copy stands in the middle of table faults.t, which has a twin.
class FeedRunTest : public testing::Test {
protected:
    static constexpr std::chrono::seconds kLimit{60};
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

/// Beside other sessions, on one server for all tests of a program.
class FeedEventsTest : public FeedRunTest {
protected:
    static Sandbox& server() {
        static Sandbox sandbox;
        return sandbox;
    }

    /// A transaction that a failed test left prepared would hold its tables for good.
    void TearDown() override {
        const auto session = server().connect();
        for (const auto& row : session->query("XA RECOVER CONVERT XID").rows) {
            const std::string data = row.at(3).value().substr(2);
            const auto global = 2 * std::stoul(row.at(1).value());
            session->execute(fmt::format(
                "XA ROLLBACK X'{}',X'{}',{}",
                data.substr(0, global),
                data.substr(global),
                row.at(0).value()
            ));
        }
        FeedRunTest::TearDown();
    }

    /// A session of an application.
    static std::unique_ptr<sql::Session> application() {
        auto session = server().connect();
        session->execute("USE faults");
        session->execute("SET SESSION lock_wait_timeout = 20");
        return session;
    }

    /// For SELECT .. INTO OUTFILE and LOAD DATA.
    static std::string file() { return server().get("DOPPEL_DATADIR") + "/feed_events.txt"; }

    /// Runs the statements in a session of their own and lets the copy go on once they are done or
    /// wait for the table: DDL waits for the copy's statement and gets the table before its next.
    /// The connection's id.
    std::uint64_t run_beside(const std::vector<std::string>& statements) {
        std::remove(file().c_str());
        // Else the run may be done before the statement that is meant.
        std::atomic<std::size_t> begun = 0;
        auto beside = std::async(std::launch::async, [&statements, &begun] {
            const auto session = application();
            for (std::string statement : statements) {
                ++begun;
                const auto place = statement.find("{file}");
                if (place != std::string::npos) {
                    statement.replace(place, 6, file());
                }
                session->execute(statement);
            }
            return session->connection_id();
        });
        const auto waits_or_done = [&] {
            return beside.wait_for(std::chrono::seconds(0)) == std::future_status::ready ||
                   (begun == statements.size() &&
                    schema_->scalar("SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE "
                                    "LOCK_STATUS = 'PENDING'") != "0");
        };
        EXPECT_TRUE(wait_until(waits_or_done, kLimit));
        run_->release();
        return beside.get();
    }

    /// Changes rows in the copied part, in the open chunk and behind it; `shift` makes them its
    /// own.
    static void change_rows(sql::Session& session, int shift) {
        for (const char* table : {"t", "twin"}) {
            for (const int base : {100, 10'100, 10'300, 15'000}) {
                const int id = base + shift;
                session.execute(fmt::format("UPDATE {} SET v = -5 WHERE id = {}", table, id));
                session.execute(fmt::format("DELETE FROM {} WHERE id = {}", table, id + 10));
                session.execute(fmt::format("INSERT INTO {} (id, v) VALUES ({}, 9)", table, id + 1)
                );
            }
        }
    }

    static std::unique_ptr<sql::Session> prepare_xa(const std::string& xid, int shift) {
        auto session = application();
        session->execute("XA START " + xid);
        change_rows(*session, shift);
        session->execute("XA END " + xid);
        session->execute("XA PREPARE " + xid);
        return session;
    }
};

}  // namespace doppel::test
