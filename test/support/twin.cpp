// SPDX-License-Identifier: Apache-2.0
#include "support/twin.hpp"

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"

#include <unordered_set>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

constexpr std::chrono::milliseconds kPoll{5};
constexpr std::size_t kDifferencesShown = 10;
constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kDeadlock = 1213;

std::string for_table(std::string statement, const std::string& table) {
    for (auto at = statement.find("{}"); at != std::string::npos; at = statement.find("{}", at)) {
        statement.replace(at, 2, table);
    }
    return statement;
}

std::string difference(
    const std::vector<std::string>& only_in, const std::vector<std::string>& than
) {
    const std::unordered_set<std::string> others(than.begin(), than.end());
    std::string text;
    std::size_t shown = 0;
    for (const std::string& row : only_in) {
        if (!others.contains(row) && ++shown <= kDifferencesShown) {
            text += "  " + row.substr(0, 200) + "\n";
        }
    }
    return fmt::format("{} rows\n{}", shown, text);
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(kPoll);
    }
    return true;
}

void write_twins(sql::Session& session, const TwinTransaction& statements) {
    session.execute("START TRANSACTION");
    for (const std::string& statement : statements) {
        session.execute(for_table(statement, "t"));
        session.execute(for_table(statement, "twin"));
    }
    session.execute("COMMIT");
}

std::size_t expect_like_native(
    sql::Session& session, const std::string& clauses, const std::string& order_by
) {
    session.execute("ALTER TABLE twin " + clauses);
    EXPECT_EQ(definition_of(session, "t"), definition_of(session, "twin"));
    const auto rows = rows_of(session, "t", order_by);
    const auto expected = rows_of(session, "twin", order_by);
    EXPECT_TRUE(rows == expected) << "only in t: " << difference(rows, expected)
                                  << "only in twin: " << difference(expected, rows);
    return rows.size();
}

TwinWriters::TwinWriters(
    const Sandbox& sandbox,
    const std::string& schema,
    unsigned writers,
    Next next,
    std::chrono::milliseconds pause
)
    : next_(std::move(next)), pause_(pause) {
    for (unsigned writer = 0; writer < writers; ++writer) {
        threads_.emplace_back([this, &sandbox, schema, writer] {
            try {
                write(sandbox, schema, writer);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                failure_ = std::current_exception();
            }
        });
    }
}

TwinWriters::~TwinWriters() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

unsigned TwinWriters::stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    if (failure_) {
        std::rethrow_exception(failure_);
    }
    return committed_;
}

void TwinWriters::write(const Sandbox& sandbox, const std::string& schema, unsigned writer) {
    const auto session = sandbox.connect();
    session->execute("USE " + mysql::quote_identifier(schema));
    session->execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    std::mt19937 random(writer + 1);
    while (!stopping_) {
        const TwinTransaction transaction = next_(writer, random);
        try {
            write_twins(*session, transaction);
            ++committed_;
        } catch (const Error& error) {
            if (error.server_errno() != kDeadlock && error.server_errno() != kLockWaitTimeout) {
                throw;
            }
            session->execute("ROLLBACK");
        }
        std::this_thread::sleep_for(pause_);
    }
}

}  // namespace doppel::test
