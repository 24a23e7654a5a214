// SPDX-License-Identifier: Apache-2.0
//
// A dump thread may deliver a transaction before InnoDB makes it visible. Semi-sync replication
// with AFTER_SYNC stretches that window for as long as nobody acknowledges, and here nobody does
// until the test closes the window. So what is read too early is not read a bit too early by
// chance: it is read wrongly for certain.
#include "mysql/identifier.hpp"
#include "support/held_run.hpp"
#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <future>
#include <memory>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

constexpr std::chrono::seconds kLimit{60};
/// How long a reader that does not wait for visibility has to show itself.
constexpr std::chrono::milliseconds kTooEarly{500};
constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7";
constexpr int kGate = 550;  // chunks of 10 rows end at 100, 200, ..: this one is in (500, 600]

struct KeyCase {
    const char* name;
    const char* type;
    const char* format;
};

void PrintTo(const KeyCase& key, std::ostream* out) {  // NOLINT: name given by GoogleTest
    *out << key.type;
}

/// The server holds back the visibility of every commit while the window is open.
class Window final {
public:
    explicit Window(sql::Session& session) : session_(session) {
        session_.execute("SET GLOBAL rpl_semi_sync_source_enabled = ON");
    }
    ~Window() {
        try {
            close();
        } catch (const std::exception&) {  // NOLINT: the timeout closes it
        }
    }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    void close() { session_.execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF"); }

private:
    sql::Session& session_;
};

class VisibilityTest : public testing::TestWithParam<KeyCase> {
protected:
    static void SetUpTestSuite() {
        sandbox_ = std::make_unique<Sandbox>(std::vector<std::string>{
            "--option",
            "plugin_load_add=semisync_source.so",
            "--option",
            "rpl_semi_sync_source_enabled=OFF",
            "--option",
            "rpl_semi_sync_source_timeout=120000",
            "--option",
            "rpl_semi_sync_source_wait_no_replica=ON",
            "--option",
            "rpl_semi_sync_source_wait_point=AFTER_SYNC"});
    }
    static void TearDownTestSuite() { sandbox_.reset(); }

    void SetUp() override {
        schema_ = std::make_unique<Schema>(*sandbox_, "visibility");
        std::string rows;
        for (int n = 10; n <= 1000; n += 10) {
            rows += fmt::format("{}({}, {})", rows.empty() ? "" : ", ", key(n), n);
        }
        for (const char* table : {"t", "twin"}) {
            schema_->execute(fmt::format(
                "CREATE TABLE {} (k {} NOT NULL PRIMARY KEY, v INT NOT NULL)",
                table,
                GetParam().type
            ));
            schema_->execute(fmt::format("INSERT INTO {} VALUES {}", table, rows));
        }
        run_ = std::make_unique<HeldRun>(
            *sandbox_,
            "visibility",
            std::string("ALTER TABLE visibility.t ") + kClauses,
            std::vector<std::string>{"--chunk-rows=10"},
            fmt::format("INSERT INTO _t_new (k, v) VALUES ({}, 0)", key(kGate))
        );
    }

    static std::string key(int n) { return fmt::format(fmt::runtime(GetParam().format), n); }

    static TwinTransaction change(int base) {
        return {
            fmt::format("INSERT INTO {{}} VALUES ({}, -1)", key(base + 3)),
            fmt::format("UPDATE {{}} SET v = -2 WHERE k = {}", key(base + 10)),
            fmt::format("DELETE FROM {{}} WHERE k = {}", key(base + 20)),
            fmt::format("UPDATE {{}} SET k = {} WHERE k = {}", key(base + 34), key(base + 30)),
        };
    }

    /// Commits changes around `base` and returns when the run has been sent them, while no reader
    /// can see them yet.
    std::future<void> commit_in_window(int base) {
        const auto before = run_->events_seen();
        auto committed = std::async(std::launch::async, [base] {
            const auto session = sandbox_->connect();
            session->execute("USE visibility");
            write_twins(*session, change(base));
        });
        EXPECT_TRUE(run_->wait_for_events_after(before)) << run_->process().err();
        const auto seen = schema_->scalar("SELECT v FROM t WHERE k = " + key(base + 10));
        EXPECT_EQ(seen, std::to_string(base + 10)) << "the change is visible: no window";
        return committed;
    }

    /// True when a statement of Doppel's waits for the commit that is held back. The application's
    /// own may wait in the same way, when a group of commits begins with one of Doppel's.
    bool commit_waits(const std::string& info) {
        return schema_->scalar(fmt::format(
                   "SELECT COUNT(*) FROM performance_schema.processlist p JOIN "
                   "performance_schema.session_connect_attrs a ON a.PROCESSLIST_ID = p.ID AND "
                   "a.ATTR_NAME = '_pid' AND a.ATTR_VALUE = '{}' WHERE p.STATE = 'waiting for "
                   "handler commit' AND p.INFO {}",
                   run_->process().pid(),
                   info
               )) != "0";
    }

    void expect_right_end() {
        const auto finished = run_->finish();
        EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
        expect_like_native(schema_->session(), kClauses, "k");
    }

    static std::unique_ptr<Sandbox> sandbox_;
    std::unique_ptr<Schema> schema_;
    std::unique_ptr<HeldRun> run_;
};

std::unique_ptr<Sandbox> VisibilityTest::sandbox_;

TEST_P(VisibilityTest, ReplayReadsARowWhenItsChangeIsVisible) {
    Window window(schema_->session());
    auto committed = commit_in_window(200);  // in the part that is copied
    // The fence; a reconcile transaction must not come so far.
    EXPECT_TRUE(wait_until([&] { return commit_waits("LIKE 'UPDATE%\\_t\\_doppel%'"); }, kLimit));
    EXPECT_FALSE(wait_until([&] { return commit_waits("= 'COMMIT'"); }, kTooEarly));
    window.close();
    committed.get();
    run_->release();
    expect_right_end();
}

TEST_P(VisibilityTest, CopyReadsAChunkWhenEarlierChangesAreVisible) {
    // Other copiers go on with other chunks.
    const std::string chunk = run_->waiting_statement();
    ASSERT_THAT(chunk, testing::StartsWith("INSERT INTO"));
    Window window(schema_->session());
    auto before_gate = commit_in_window(500);
    auto behind_gate = commit_in_window(560);
    // The chunk is cancelled, and with it the changes that waited for it: opened again, it has to
    // see them.
    const std::string attempt = run_->waiting_try();
    ASSERT_TRUE(wait_until([&] { return run_->waiting_try() != attempt; }, kLimit));
    run_->release();
    EXPECT_TRUE(wait_until([&] { return commit_waits("LIKE 'UPDATE%\\_t\\_doppel%'"); }, kLimit));
    EXPECT_FALSE(
        wait_until([&] { return commit_waits("= " + mysql::quote_string(chunk)); }, kTooEarly)
    );
    window.close();
    before_gate.get();
    behind_gate.get();
    expect_right_end();
}

TEST_P(VisibilityTest, ChangesBeforeInsideAndAfterTheOpenChunkArrive) {
    for (const int base : {100, 500, 560, 800}) {
        Window window(schema_->session());
        auto committed = commit_in_window(base);
        window.close();
        committed.get();
    }
    Window window(schema_->session());
    std::vector<std::future<void>> committed;
    for (const int base : {300, 900}) {
        committed.push_back(commit_in_window(base));
    }
    // The open chunk ends inside the window, and the next one begins there.
    run_->release();
    EXPECT_TRUE(wait_until([&] { return commit_waits("LIKE 'INSERT INTO%\\_t\\_new%'"); }, kLimit));
    window.close();
    for (auto& commit : committed) {
        commit.get();
    }
    expect_right_end();
}

INSTANTIATE_TEST_SUITE_P(
    Keys,
    VisibilityTest,
    testing::Values(
        KeyCase{"Integer", "INT", "{}"},
        KeyCase{"CollatedText", "VARCHAR(20) COLLATE utf8mb4_0900_ai_ci", "'k{:04}'"}
    ),
    [](const auto& test) { return std::string(test.param.name); }
);

}  // namespace
}  // namespace doppel::test
