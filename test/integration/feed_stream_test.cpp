// SPDX-License-Identifier: Apache-2.0
// The binlog stream against a real server: DOPPEL_HOST, DOPPEL_PORT, DOPPEL_USER, DOPPEL_PASSWORD.
#include "doppel/error.hpp"
#include "feed/stream.hpp"

#include <cstdlib>
#include <functional>
#include <set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::feed {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using std::chrono::milliseconds;
using testing::ElementsAre;

const std::string kSchema = "feed_stream_test";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

ConnectionOptions server() {
    ConnectionOptions options;
    options.host = environment("DOPPEL_HOST");
    options.port = static_cast<std::uint16_t>(std::atoi(environment("DOPPEL_PORT").c_str()));
    options.user = environment("DOPPEL_USER");
    options.password = environment("DOPPEL_PASSWORD");
    return options;
}

/// Takes the keys of the tables of kSchema: column "id", which is their first.
class Recorder final : public binlog::EventHandler {
public:
    binlog::TableInterest on_table_map(const binlog::TableMap& table) override {
        return table.schema == kSchema ? binlog::TableInterest::keys(0, shape_, {0})
                                       : binlog::TableInterest::skip();
    }
    void on_transaction_begin(const binlog::TransactionBegin&) override { rows_.clear(); }
    void on_rows(const binlog::RowsView& view) override {
        for (std::size_t i = 0; i < view.keys.size(); ++i) {
            const mysql::Key key{std::string(view.keys[i])};
            rows_.push_back(std::string(to_string(view.change)) + " " + shape_.describe(key));
        }
        rows_seen += view.keys.size();
    }
    void on_query(const binlog::QueryView& query) override {
        if (query.schema == kSchema) {
            rows_.push_back("query " + std::string(query.text.substr(0, 12)));
        }
    }
    void on_transaction_end(const binlog::StreamPosition& position) override {
        if (!rows_.empty()) {
            ++transactions;
        }
        done.insert(done.end(), rows_.begin(), rows_.end());
        rows_.clear();
        last = position;
    }
    void on_restart(const binlog::StreamPosition&) override {
        ++restarts;
        rows_.clear();
    }
    void on_heartbeat(const mysql::FileOffset&) override { ++heartbeats; }
    void on_rotate(const mysql::FileOffset&) override { ++rotations; }
    void on_unknown(binlog::EventType, bool) override {}
    bool is_full() override { return rows_seen >= full_at; }

    std::vector<std::string> done;  ///< changes of ended transactions
    std::size_t transactions = 0;
    std::size_t rows_seen = 0;
    std::size_t full_at = static_cast<std::size_t>(-1);
    unsigned restarts = 0;
    unsigned heartbeats = 0;
    unsigned rotations = 0;
    binlog::StreamPosition last;

private:
    mysql::KeyShape shape_{{mysql::KeyColumn{"id", mysql::KeyKind::signed_integer, 0, "", ""}}};
    std::vector<std::string> rows_;
};

enum class Mode { gtid, file };

class FeedStream : public testing::TestWithParam<Mode> {
protected:
    void SetUp() override {
        if (environment("DOPPEL_PORT").empty()) {
            GTEST_SKIP() << "no server: DOPPEL_HOST, DOPPEL_PORT, .. are not set";
        }
        // Silence for three times that counts as a loss, and these tests count losses.
        options_.heartbeat = milliseconds(5'000);
    }

    /// Runs `body` beside a stream that starts behind everything there is; ends the stream then and
    /// checks that nothing is left to run.
    void with_stream(std::function<awaitable<void>()> body) {
        std::exception_ptr failure;
        asio::co_spawn(context_, whole(std::move(body)), [&](std::exception_ptr e) {
            failure = e;
        });
        context_.run_for(std::chrono::seconds(100));
        EXPECT_TRUE(context_.stopped()) << "something still runs";
        try {
            if (failure) {
                std::rethrow_exception(failure);
            }
        } catch (const Unsupported&) {
            GTEST_SKIP() << "not with this server";
        } catch (const std::exception& error) {
            FAIL() << error.what();
        }
    }

    struct Unsupported {};

    awaitable<void> whole(std::function<awaitable<void>()> body) {
        sql_ = co_await Connection::open(context_.get_executor(), server(), Logger());
        if (GetParam() == Mode::gtid && sql_->version().is_mariadb()) {
            sql_->close();
            throw Unsupported();
        }
        co_await run("DROP DATABASE IF EXISTS " + kSchema);
        co_await run("CREATE DATABASE " + kSchema);
        co_await run("USE " + kSchema);
        co_await run("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)");
        start_stream(co_await current_position());
        std::exception_ptr failure;
        try {
            co_await body();
        } catch (...) {
            failure = std::current_exception();
        }
        stream_->stop();
        co_await until([&] { return stream_ended_; });
        sql_->close();
        if (failure) {
            std::rethrow_exception(failure);
        }
    }

    void start_stream(binlog::StartPosition start) {
        stream_ = std::make_unique<BinlogStream>(
            context_.get_executor(), server(), std::move(start), options_, recorder_, Logger()
        );
        asio::co_spawn(context_, stream_->run(), [this](std::exception_ptr e) {
            stream_ended_ = true;
            stream_failure_ = e;
        });
    }

    awaitable<std::vector<std::vector<std::optional<std::string>>>> run(std::string statement) {
        return sql_->query(std::move(statement));
    }

    awaitable<binlog::StartPosition> current_position() {
        const auto version = sql_->version();
        const bool new_name = !version.is_mariadb() && version.at_least(8, 2);
        const auto rows = co_await run(new_name ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
        if (GetParam() == Mode::gtid) {
            co_return mysql::GtidSet::parse(rows.at(0).at(4).value()).value();
        }
        co_return mysql::FileOffset{rows.at(0).at(0).value(), std::stoull(*rows.at(0).at(1))};
    }

    awaitable<void> sleep(milliseconds duration) {
        asio::steady_timer timer(context_, duration);
        co_await timer.async_wait(asio::use_awaitable);
    }

    /// Waits for `condition`, at most 30 s.
    awaitable<void> until(std::function<bool()> condition) {
        for (int i = 0; i < 6'000 && !condition(); ++i) {
            if (stream_ended_ && stream_failure_) {
                std::rethrow_exception(stream_failure_);
            }
            co_await sleep(milliseconds(5));
        }
        if (!condition()) {
            throw std::runtime_error("waited in vain");
        }
    }

    /// One that has sent something, so that the next one counts as a reconnect; and another one
    /// than the last: that its thread was killed is noticed after a while.
    awaitable<void> kill_dump_thread() {
        co_await until([&] {
            return stream_->connected() && recorder_.rows_seen > 0 &&
                   stream_->reconnects() == kills_;
        });
        ++kills_;
        co_await run("KILL " + std::to_string(stream_->connection_id()));
    }

    asio::io_context context_;
    StreamOptions options_;
    Recorder recorder_;
    unsigned kills_ = 0;
    std::unique_ptr<Connection> sql_;
    std::unique_ptr<BinlogStream> stream_;
    bool stream_ended_ = false;
    std::exception_ptr stream_failure_;
};

TEST_P(FeedStream, DeliversChangesInTheOrderOfCommit) {
    with_stream([this]() -> awaitable<void> {
        co_await run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        co_await run("BEGIN");
        co_await run("UPDATE t SET v = 'c' WHERE id = 1");
        co_await run("UPDATE t SET id = 3 WHERE id = 2");
        co_await run("COMMIT");
        co_await run("BEGIN");
        co_await run("INSERT INTO t VALUES (9, 'never')");
        co_await run("ROLLBACK");
        co_await run("DELETE FROM t");
        co_await run("TRUNCATE TABLE t");
        co_await until([&] { return recorder_.transactions == 4; });
        EXPECT_THAT(
            recorder_.done,
            ElementsAre(
                "insert (1)",
                "insert (2)",
                "update (1)",
                "update (2)",
                "update (3)",
                "delete (1)",
                "delete (3)",
                "query TRUNCATE TAB"
            )
        );
        EXPECT_EQ(stream_->reconnects(), 0U);
        EXPECT_GT(stream_->bytes_read(), 0U);
    });
    EXPECT_FALSE(stream_failure_);
}

TEST_P(FeedStream, FollowsNewFiles) {
    with_stream([this]() -> awaitable<void> {
        for (int id = 0; id < 3; ++id) {
            co_await run("INSERT INTO t VALUES (" + std::to_string(id) + ", '')");
            co_await run("FLUSH BINARY LOGS");
        }
        co_await until([&] { return recorder_.transactions == 3 && recorder_.rotations >= 3; });
        EXPECT_THAT(recorder_.done, ElementsAre("insert (0)", "insert (1)", "insert (2)"));
        EXPECT_EQ(stream_->reconnects(), 0U);
    });
}

TEST_P(FeedStream, SurvivesTheKillOfItsThreadWithoutLossOrRepetition) {
    with_stream([this]() -> awaitable<void> {
        for (int id = 0; id < 60; ++id) {
            co_await run("INSERT INTO t VALUES (" + std::to_string(id) + ", '')");
            if (id % 20 == 10) {
                co_await kill_dump_thread();
            }
            if (id == 35) {
                co_await run("FLUSH BINARY LOGS");
            }
        }
        // The last of the killed threads may send all the rest before it ends.
        co_await until([&] {
            return recorder_.transactions >= 60 && recorder_.restarts >= 3 &&
                   stream_->reconnects() >= 3;
        });
        co_await sleep(milliseconds(300));
        EXPECT_EQ(recorder_.transactions, 60U);
        for (int id = 0; id < 60; ++id) {
            const auto expected = "insert (" + std::to_string(id) + ")";
            EXPECT_EQ(recorder_.done.at(static_cast<std::size_t>(id)), expected);
        }
        EXPECT_EQ(stream_->reconnects(), 3U);
        EXPECT_EQ(recorder_.restarts, 3U);
    });
}

TEST_P(FeedStream, APartlyReadTransactionComesAgainWhole) {
    with_stream([this]() -> awaitable<void> {
        // More than socket buffers hold, so that the server is in the middle of it.
        recorder_.full_at = 10;
        co_await run(
            "SET SESSION " +
            std::string(
                sql_->version().is_mariadb() ? "max_recursive_iterations"
                                             : "cte_max_recursion_depth"
            ) +
            " = 100000"
        );
        co_await run(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
            "i < 40000) SELECT i, REPEAT('x', 1000) FROM n"
        );
        co_await until([&] { return recorder_.is_full(); });
        EXPECT_EQ(recorder_.transactions, 0U);
        co_await kill_dump_thread();
        recorder_.full_at = static_cast<std::size_t>(-1);
        stream_->resume();
        co_await until([&] { return recorder_.transactions == 1; });
        EXPECT_EQ(recorder_.done.size(), 40'000U);
        EXPECT_EQ(recorder_.restarts, 1U);
        EXPECT_GT(recorder_.rows_seen, 40'000U);
    });
}

TEST_P(FeedStream, ReadsAnEventLargerThanAPacket) {
    with_stream([this]() -> awaitable<void> {
        if (sql_->version().is_mariadb()) {
            co_return;  // its max_allowed_packet is 16 MiB unless raised for new sessions
        }
        co_await run("INSERT INTO t VALUES (7, REPEAT('x', 40 * 1024 * 1024))");
        co_await run("UPDATE t SET id = 8");
        co_await until([&] { return recorder_.transactions == 2; });
        EXPECT_THAT(recorder_.done, ElementsAre("insert (7)", "update (7)", "update (8)"));
        EXPECT_EQ(stream_->reconnects(), 0U);
        EXPECT_GT(stream_->bytes_read(), 120U * 1024 * 1024);
    });
}

TEST_P(FeedStream, ReadsCompressedTransactions) {
    with_stream([this]() -> awaitable<void> {
        if (sql_->version().is_mariadb()) {
            co_return;
        }
        co_await run("SET SESSION binlog_transaction_compression = ON");
        co_await run("BEGIN");
        for (int id = 0; id < 10; ++id) {
            co_await run("INSERT INTO t VALUES (" + std::to_string(id) + ", REPEAT('x', 5000000))");
        }
        co_await run("COMMIT");
        co_await until([&] { return recorder_.transactions == 1; });
        EXPECT_EQ(recorder_.done.size(), 10U);
        EXPECT_LT(stream_->bytes_read(), 1'000'000U);
    });
}

TEST_P(FeedStream, StopsReadingWhileTheHandlerIsFull) {
    with_stream([this]() -> awaitable<void> {
        recorder_.full_at = 1;
        co_await run("INSERT INTO t VALUES (1, '')");
        co_await run("INSERT INTO t VALUES (2, '')");
        co_await until([&] { return recorder_.rows_seen == 1; });
        co_await sleep(milliseconds(2'500));
        EXPECT_EQ(recorder_.rows_seen, 1U);
        recorder_.full_at = 100;
        stream_->resume();
        co_await until([&] { return recorder_.transactions == 2; });
        EXPECT_EQ(stream_->reconnects(), 0U);
    });
}

TEST_P(FeedStream, AnIdleServerSendsHeartbeats) {
    options_.heartbeat = milliseconds(200);
    with_stream([this]() -> awaitable<void> {
        co_await until([&] { return recorder_.heartbeats >= 5; });
        EXPECT_LE(stream_->reconnects(), 1U) << "a busy server's silence may count as a loss, once";
        EXPECT_LT(std::chrono::steady_clock::now() - stream_->last_contact(), milliseconds(5'000));
    });
}

TEST_P(FeedStream, APositionThatIsGoneIsFinal) {
    with_stream([this]() -> awaitable<void> {
        stream_->stop();
        co_await until([&] { return stream_ended_; });
        stream_ended_ = false;
        // Nothing is purged, for the sake of other tests: a file that never was, and GTIDs that the
        // server has not had yet.
        binlog::StartPosition start = mysql::FileOffset{"binlog.999999", 4};
        if (GetParam() == Mode::gtid) {
            const auto uuid = co_await run("SELECT @@GLOBAL.server_uuid");
            start = mysql::GtidSet::parse(uuid.at(0).at(0).value() + ":1-999999999").value();
        }
        start_stream(std::move(start));
        for (int i = 0; i < 2'000 && !stream_ended_; ++i) {
            co_await sleep(milliseconds(5));
        }
        EXPECT_TRUE(stream_ended_);
        const auto failure = std::exchange(stream_failure_, nullptr);
        EXPECT_TRUE(failure);
        try {
            if (failure) {
                std::rethrow_exception(failure);
            }
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::failed) << error.what();
            EXPECT_EQ(error.server_errno(), 1236U);
            EXPECT_THAT(error.what(), testing::HasSubstr("cannot send its binlog"));
        }
    });
}

TEST_P(FeedStream, GivesUpWhenTheServerStaysAway) {
    with_stream([this]() -> awaitable<void> {
        options_.reconnect_limit = milliseconds(700);
        auto nowhere = server();
        nowhere.port = 1;
        BinlogStream lost(
            context_.get_executor(),
            nowhere,
            mysql::FileOffset{"b", 4},
            options_,
            recorder_,
            Logger()
        );
        Errc code = Errc::failed;
        try {
            co_await lost.run();
        } catch (const Error& error) {
            code = error.code();
        }
        EXPECT_EQ(code, Errc::interrupted);
        EXPECT_EQ(lost.reconnects(), 0U) << "attempts are not reconnections";
        EXPECT_GE(recorder_.restarts, 1U);
    });
}

std::string mode_name(const testing::TestParamInfo<Mode>& info) {
    return info.param == Mode::gtid ? "Gtid" : "File";
}

INSTANTIATE_TEST_SUITE_P(Modes, FeedStream, testing::Values(Mode::gtid, Mode::file), mode_name);

}  // namespace
}  // namespace doppel::feed
