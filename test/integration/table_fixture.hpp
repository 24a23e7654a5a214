// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "mysql/server_version.hpp"
#include "schema/reader.hpp"
#include "sql/session.hpp"
#include "statement/alter_statement.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace doppel::test {

inline std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

inline statement::AlterStatement parsed(const std::string& text) {
    auto result = statement::parse_alter(text);
    if (!result) {
        throw std::invalid_argument(result.failure().message);
    }
    return *result;
}

/// A schema of its own on the server that DOPPEL_HOST, DOPPEL_PORT, DOPPEL_USER and DOPPEL_PASSWORD
/// name, as `tools/sandbox env` prints them; the account must be allowed everything. Without
/// DOPPEL_PORT the tests are skipped.
class TableTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (environment("DOPPEL_PORT").empty()) {
            GTEST_SKIP() << "no server: DOPPEL_PORT is not set";
        }
        schema_ =
            "doppel_" +
            std::string(::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name());
        session_ = connect_as(environment("DOPPEL_USER"), environment("DOPPEL_PASSWORD"), "");
        session_->execute("DROP DATABASE IF EXISTS " + schema_);
        session_->execute("CREATE DATABASE " + schema_);
        session_->execute("USE " + schema_);
        const auto version = session_->query("SELECT VERSION()").scalar();
        version_ = *mysql::ServerVersion::parse(version.value_or(std::string()));
    }

    void TearDown() override {
        if (session_) {
            session_->execute("DROP DATABASE IF EXISTS " + schema_);
        }
    }

    static std::unique_ptr<sql::Session> connect_as(
        const std::string& user, const std::string& password, const std::string& default_schema
    ) {
        ConnectionOptions options;
        options.host = environment("DOPPEL_HOST");
        options.port = static_cast<std::uint16_t>(std::stoul(environment("DOPPEL_PORT")));
        options.user = user;
        options.password = password;
        options.default_schema = default_schema;
        return sql::connect(options, {});
    }

    std::unique_ptr<sql::Session> another_session() {
        return connect_as(environment("DOPPEL_USER"), environment("DOPPEL_PASSWORD"), schema_);
    }

    [[nodiscard]] mysql::TableName name(const std::string& table) const { return {schema_, table}; }

    schema::TableDefinition read(const std::string& table) {
        auto definition = schema::read_table(*session_, name(table), version_);
        if (!definition) {
            throw std::invalid_argument("no table " + table);
        }
        return *definition;
    }

    std::string scalar(const std::string& query) {
        return session_->query(query).scalar().value_or("NULL");
    }

    std::string schema_;
    std::unique_ptr<sql::Session> session_;
    mysql::ServerVersion version_;
};

/// The Error that `action` throws; fails the test when it throws none.
template <class Action>
Error error_of(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error was thrown";
    return {Errc::failed, "no error was thrown"};
}

}  // namespace doppel::test
