// SPDX-License-Identifier: Apache-2.0
//
// The steps of the verifier, with a feed and a replay that do what the test says at the moment that
// matters: on a real server such moments are short and rare.
#include "verify/verifier.hpp"

#include "migration/sessions.hpp"
#include "mysql/server_version.hpp"
#include "schema/reader.hpp"
#include "support/sandbox.hpp"
#include "support/table_pairs.hpp"

#include <exception>
#include <functional>
#include <memory>

#include <gtest/gtest.h>

namespace doppel::test {
namespace {

class VerifierTest : public testing::Test {
protected:
    static void SetUpTestSuite() { sandbox_ = std::make_unique<Sandbox>(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    void SetUp() override {
        for (const char* table : {"t", "_t_new"}) {
            schema_.execute(
                std::string("CREATE TABLE ") + table + " (id INT NOT NULL PRIMARY KEY, v INT)"
            );
            schema_.execute(std::string("INSERT INTO ") + table + " VALUES (1, 1), (2, 2), (3, 3)");
        }
        schema_.execute("UPDATE _t_new SET v = 20 WHERE id = 2");
        const auto chunk = coordinator_.add_chunk(std::nullopt);
        coordinator_.open_chunk(chunk);
        coordinator_.close_chunk(chunk);
        const auto session = sandbox_->connect();
        const auto table = schema::read_table(
            *session,
            {"steps", "t"},
            *mysql::ServerVersion::parse(session->query("SELECT VERSION()").scalar().value())
        );
        mysql::TablePair tables{
            {"steps", "t"},
            {"steps", "_t_new"},
            {"steps", "_t_doppel"},
            "PRIMARY",
            integer_pair().shape,
            {"id"},
            {"id"},
            "",
            ""};
        subject_.emplace(verify::make_subject(
                             tables, "PRIMARY", *table, *table, {{"id", "id"}, {"v", "v"}}
        ).value());
    }

    /// Lets nothing through until it was asked some times.
    struct SlowGate final : protocol::Gate {
        void worked(unsigned /*number*/, std::chrono::microseconds /*time*/) override { ++ranges; }
        std::chrono::milliseconds pause(unsigned /*number*/, unsigned /*count*/) override {
            ++asked;
            return asked < kClosed ? std::chrono::milliseconds(1) : std::chrono::milliseconds(0);
        }
        static constexpr unsigned kClosed = 4;
        unsigned asked = 0;
        unsigned ranges = 0;
    };

    void make_verifier(protocol::Gate* gate = nullptr) {
        verifier_.emplace(
            verify::VerifierContext{
                *subject_,
                coordinator_,
                changed_,
                touched_,
                Logger(),
                {},
                [this] { return step(fence_); },
                [this] { return step(catch_up_); },
                [this](const Differences& differences) { reported_.push_back(differences); },
                stopping_,
                gate},
            session_
        );
    }
    static async::awaitable<void> step(const std::function<void()>& action) {
        action();
        co_return;
    }
    async::awaitable<void> open_and_run() {
        co_await session_.open();
        co_await verifier_->run();
    }

    /// Throws what the coroutine throws.
    void run(async::awaitable<void> task) {
        std::exception_ptr failure;
        boost::asio::co_spawn(context_, std::move(task), [&](const std::exception_ptr& error) {
            failure = error;
        });
        context_.restart();
        context_.run();
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
    bool settle_locked() {
        bool equal = false;
        run(settle(equal));
        return equal;
    }
    async::awaitable<void> settle(bool& equal) {
        equal = co_await verifier_->settle_locked(session_);
    }
    void under_lock() { run(session_.execute("LOCK TABLES steps.t WRITE, steps._t_new WRITE")); }
    void repair() { schema_.execute("UPDATE _t_new SET v = 2 WHERE id = 2"); }

    static std::unique_ptr<Sandbox> sandbox_;
    Schema schema_{*sandbox_, "steps"};
    boost::asio::io_context context_;
    protocol::Coordinator coordinator_{true, {}};
    async::Event changed_{context_.get_executor()};
    verify::TouchedKeys touched_;
    bool stopping_ = false;
    std::function<void()> fence_ = [] {};
    std::function<void()> catch_up_ = [] {};
    std::vector<Differences> reported_;
    std::optional<verify::Subject> subject_;
    sql::AsyncSession session_{
        sandbox_->primary(), migration::writer_settings(), "verifier_test", Logger()};
    std::optional<verify::Verifier> verifier_;
};

std::unique_ptr<Sandbox> VerifierTest::sandbox_;

TEST_F(VerifierTest, RepairsWhatNobodyTouched) {
    make_verifier();
    catch_up_ = [this] {
        // Replay of what the verifier asked for.
        if (coordinator_.pending() > 0) {
            repair();
        }
    };
    run(open_and_run());
    EXPECT_TRUE(verifier_->finished());
    EXPECT_EQ(verifier_->rows(), 3U);
    EXPECT_EQ(verifier_->differences(), 1U);
    EXPECT_EQ(verifier_->repairs(), 1U);
    ASSERT_EQ(reported_.size(), 1U);
    EXPECT_EQ(reported_.front().keys, (std::vector<std::string>{"(2)"}));
}

TEST_F(VerifierTest, LetsReplayCatchUpBeforeItJudges) {
    make_verifier();
    catch_up_ = [this] { repair(); };
    run(open_and_run());
    EXPECT_EQ(verifier_->differences(), 0U);
    EXPECT_TRUE(reported_.empty());
}

TEST_F(VerifierTest, ComparesNoRangeBeforeItMay) {
    SlowGate gate;
    make_verifier(&gate);
    catch_up_ = [&] {
        EXPECT_GE(gate.asked, SlowGate::kClosed);
        repair();
    };
    run(open_and_run());
    EXPECT_TRUE(verifier_->finished());
    EXPECT_EQ(verifier_->rows(), 3U);
    EXPECT_GE(gate.ranges, 1U);
    EXPECT_EQ(gate.asked, gate.ranges + SlowGate::kClosed - 1) << "each range is asked for";
}

TEST_F(VerifierTest, WhatTheFeedDeliversUpToTheSecondFenceIsExcused) {
    make_verifier();
    fence_ = [this] {
        touched_.note(integer_key(2).bytes);
        repair();
    };
    run(open_and_run());
    EXPECT_EQ(verifier_->differences(), 0U);
    EXPECT_TRUE(reported_.empty());
}

TEST_F(VerifierTest, WhatIsAskedForMeanwhileIsExcused) {
    make_verifier();
    coordinator_.tell([this](std::string_view key) { touched_.note(key); });
    bool asked = false;
    fence_ = [this, &asked] {
        // Replay took the row away to make room for another and puts it back.
        if (!asked) {
            coordinator_.request(integer_key(2).bytes);
        }
        asked = true;
        repair();
    };
    run(open_and_run());
    EXPECT_TRUE(asked);
    EXPECT_EQ(verifier_->differences(), 0U);
    EXPECT_TRUE(reported_.empty());
}

TEST_F(VerifierTest, ADeliveryOfAnotherKeyExcusesNothing) {
    make_verifier();
    fence_ = [this] { touched_.note(integer_key(3).bytes); };
    EXPECT_THROW(run(open_and_run()), Error);
    ASSERT_EQ(reported_.size(), 2U);
    EXPECT_EQ(reported_.at(0).action, Differences::Action::repairing);
    EXPECT_EQ(reported_.at(1).action, Differences::Action::stopping);
}

TEST_F(VerifierTest, ARowThatIsNeverLeftAloneIsJudgedUnderTheLock) {
    make_verifier();
    fence_ = [this] { touched_.note(integer_key(2).bytes); };
    run(open_and_run());
    EXPECT_TRUE(verifier_->finished());
    EXPECT_EQ(verifier_->differences(), 0U);
    under_lock();
    EXPECT_FALSE(settle_locked()) << "the tables must not be swapped";
    EXPECT_EQ(verifier_->differences(), 1U);
    EXPECT_EQ(coordinator_.pending(), 1U) << "the row is to be copied anew";
    EXPECT_THROW((void)settle_locked(), Error) << "it came back";
}

TEST_F(VerifierTest, ARowThatIsTheSameUnderTheLockIsDone) {
    make_verifier();
    fence_ = [this] { touched_.note(integer_key(2).bytes); };
    run(open_and_run());
    repair();
    under_lock();
    EXPECT_TRUE(settle_locked());
    EXPECT_EQ(verifier_->differences(), 0U);
    EXPECT_TRUE(reported_.empty());
}

}  // namespace
}  // namespace doppel::test
