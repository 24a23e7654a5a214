// SPDX-License-Identifier: Apache-2.0
//
// What AsyncSession does over again, and for how long. The server's address comes from the
// environment, as in sql_session_test.cpp.
#include "sql/async_session.hpp"

#include "async/asio.hpp"

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

class AsyncSessions : public ::testing::Test {
protected:
    void SetUp() override {
        if (environment("DOPPEL_PORT").empty()) {
            GTEST_SKIP() << "no server: DOPPEL_PORT is not set";
        }
        options_.host = environment("DOPPEL_HOST");
        options_.port = static_cast<std::uint16_t>(std::stoul(environment("DOPPEL_PORT")));
        options_.user = environment("DOPPEL_USER");
        options_.password = environment("DOPPEL_PASSWORD");
        other_ = connect(options_, {});
        make_session(false);
    }
    void make_session(bool leave_at_work) {
        SessionSettings settings;
        settings.statement_timeout = seconds(3);
        settings.leave_at_work = leave_at_work;
        session_ = std::make_unique<AsyncSession>(
            options_, settings, "doppel.async_session_test", Logger()
        );
    }

    /// Does `work` surely; what it throws in the end.
    std::optional<Error> failure_of(const std::function<void(Session&)>& work, milliseconds limit) {
        std::optional<Error> failure;
        boost::asio::io_context context(1);
        boost::asio::co_spawn(context, perform(work, limit), [&](const std::exception_ptr& thrown) {
            if (!thrown) {
                return;
            }
            try {
                std::rethrow_exception(thrown);
            } catch (const Error& error) {
                failure = error;
            }
        });
        context.run();
        return failure;
    }
    async::awaitable<void> perform(std::function<void(Session&)> work, milliseconds limit) {
        co_await session_->open();
        co_await session_->run_surely(std::ref(work), limit);
    }
    /// As when the network breaks: the connection is gone before its answer.
    void lose(Session& session) {
        other_->execute(fmt::format("KILL {}", session.connection_id()));
        session.query("SELECT 1");
    }

    ConnectionOptions options_;
    std::unique_ptr<Session> other_;
    std::unique_ptr<AsyncSession> session_;
};

TEST_F(AsyncSessions, GiveUpAfterLossesForLongerThanTheLimit) {
    int tries = 0;
    const auto failure = failure_of(
        [&](Session& session) {
            ++tries;
            lose(session);
        },
        milliseconds(0)
    );
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code(), Errc::interrupted);
    EXPECT_EQ(tries, 2);
}

// That the server needs longer than the limit of silence is no loss; the limit counts from the
// first real one.
TEST_F(AsyncSessions, DoNotCountAStatementThatWasStillAtWorkAsALoss) {
    int tries = 0;
    const auto failure = failure_of(
        [&](Session& session) {
            switch (++tries) {
                case 1:
                    session.query("SELECT SLEEP(60)");  // is ended after three seconds
                    break;
                case 2:
                    lose(session);
                    break;
                default:
                    session.query("SELECT SLEEP(3.5)");  // the limit is 6 s now
                    break;
            }
        },
        milliseconds(0)
    );
    EXPECT_FALSE(failure) << failure->what();
    EXPECT_EQ(tries, 3);
}

/// A statement that waits for a table is left at work when its connection is given up.
class LeftAtWork : public AsyncSessions {
protected:
    void SetUp() override {
        AsyncSessions::SetUp();
        if (IsSkipped()) {
            return;
        }
        make_session(true);
        other_->execute("DROP SCHEMA IF EXISTS async_session_test");
        other_->execute("CREATE SCHEMA async_session_test");
        other_->execute("CREATE TABLE async_session_test.source SELECT 1 AS n");
        holder_ = connect(options_, {});
        holder_->execute("LOCK TABLES async_session_test.source WRITE");
    }
    void TearDown() override {
        if (holder_) {
            holder_.reset();
            other_->execute("DROP SCHEMA async_session_test");
        }
    }
    /// Does something in a thread once the session waits for the end of what it left.
    std::thread when_it_waits(std::function<void()> action) {
        return std::thread([this, action = std::move(action)] {
            for (int i = 0; i < 600 && session_->found_at_work() == 0; ++i) {
                std::this_thread::sleep_for(milliseconds(100));
            }
            action();
        });
    }

    std::unique_ptr<Session> holder_;
};

// Nothing of what it did is lost.
TEST_F(LeftAtWork, IsWaitedFor) {
    std::thread user = when_it_waits([this] { holder_->execute("UNLOCK TABLES"); });
    int tries = 0;
    const auto failure = failure_of(
        [&](Session& session) {
            if (++tries == 1) {
                session.execute(
                    "CREATE TABLE async_session_test.made SELECT n FROM async_session_test.source"
                );
            }
            // The first one is done, or this would wait for it or not find it.
            EXPECT_EQ(
                session.query("SELECT COUNT(*) FROM async_session_test.made").scalar(), Value("1")
            );
        },
        milliseconds(0)
    );
    user.join();
    EXPECT_FALSE(failure) << failure->what();
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(session_->found_at_work(), 1U);
}

// Ctrl-C during an index build.
TEST_F(LeftAtWork, IsInterrupted) {
    std::thread user = when_it_waits([this] { session_->interrupt(*other_); });
    int tries = 0;
    const auto failure = failure_of(
        [&](Session& session) {
            if (++tries == 1) {
                session.query("SELECT n FROM async_session_test.source");
            }
        },
        milliseconds(0)
    );
    user.join();
    EXPECT_FALSE(failure) << failure->what();
    EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace doppel::sql
