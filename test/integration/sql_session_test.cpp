// SPDX-License-Identifier: Apache-2.0
//
// sql::Session against a real server. The server's address comes from DOPPEL_HOST, DOPPEL_PORT,
// DOPPEL_USER, DOPPEL_PASSWORD, DOPPEL_SOCKET and DOPPEL_SSL_CA, as `tools/sandbox env` prints
// them; the account must be allowed everything. Without DOPPEL_PORT the tests are skipped.
#include "doppel/error.hpp"
#include "sql/session.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace doppel::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kSchema = "doppel_sql_session_test";

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

class SqlSession : public ::testing::Test {
protected:
    void SetUp() override {
        if (environment("DOPPEL_PORT").empty()) {
            GTEST_SKIP() << "no server: DOPPEL_PORT is not set";
        }
        options_.host = environment("DOPPEL_HOST");
        options_.port = static_cast<std::uint16_t>(std::stoul(environment("DOPPEL_PORT")));
        options_.user = environment("DOPPEL_USER");
        options_.password = environment("DOPPEL_PASSWORD");
        session_ = connect(options_, {});
        const std::string schema(kSchema);
        session_->execute("DROP DATABASE IF EXISTS " + schema);
        session_->execute("CREATE DATABASE " + schema);
        options_.default_schema = schema;
        session_ = connect(options_, {});
    }

    void TearDown() override {
        if (session_) {
            session_->execute("DROP DATABASE IF EXISTS " + std::string(kSchema));
        }
    }

    [[nodiscard]] bool is_mariadb() {
        const std::string version = session_->query("SELECT VERSION()").scalar().value_or("");
        return version.find("MariaDB") != std::string::npos;
    }

    /// The cipher of a session made with `options`; empty for clear text.
    static std::string cipher(const ConnectionOptions& options) {
        const auto session = connect(options, {});
        return session->query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            .rows.at(0)
            .at(1)
            .value_or("");
    }

    ConnectionOptions options_;
    std::unique_ptr<Session> session_;
};

/// The Error that `action` throws.
template <class Action>
Error error_of(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error";
    return {Errc::failed, "no error"};
}

TEST_F(SqlSession, ReturnsValuesAsTheBytesTheServerSends) {
    session_->execute("CREATE TABLE v (id INT PRIMARY KEY, t TEXT, b BLOB) CHARSET utf8mb4");
    const std::string text = "naïve 😀 \\ ' \"";
    EXPECT_EQ(
        2U,
        session_->execute(
            "INSERT INTO v VALUES (1, 'naïve 😀 \\\\ \\' \"', x'610062FF'), (2, NULL, '')"
        )
    );
    const Rows rows = session_->query("SELECT t, b, t AS `ü` FROM v ORDER BY id");
    EXPECT_EQ((std::vector<std::string>{"t", "b", "ü"}), rows.columns);
    ASSERT_EQ(2U, rows.rows.size());
    EXPECT_EQ(text, rows.rows[0][0]);
    EXPECT_EQ(std::string("a\0b\xff", 4), rows.rows[0][1]);
    EXPECT_EQ(std::nullopt, rows.rows[1][0]);
    EXPECT_EQ("", rows.rows[1][1]);
    EXPECT_EQ("F09F9880", session_->query("SELECT HEX('😀')").scalar());
}

TEST_F(SqlSession, SendsStatementsWithNulBytes) {
    const std::string statement("SELECT HEX('a\0b')", 17);
    EXPECT_EQ("610062", session_->query(statement).scalar());
}

TEST_F(SqlSession, GivesTheFirstValueAsScalar) {
    EXPECT_EQ("7", session_->query("SELECT 7, 8 UNION ALL SELECT 9, 10").scalar());
    EXPECT_EQ(std::nullopt, session_->query("SELECT NULL").scalar());
    EXPECT_EQ(std::nullopt, session_->query("SELECT 1 FROM DUAL WHERE 1 = 0").scalar());
}

TEST_F(SqlSession, CountsChangedRowsAndCommitsByItself) {
    session_->execute("CREATE TABLE c (id INT PRIMARY KEY, n INT)");
    session_->execute("INSERT INTO c VALUES (1, 1), (2, 2)");
    EXPECT_EQ(1U, session_->execute("UPDATE c SET n = 1"));
    EXPECT_EQ(0U, session_->execute("UPDATE c SET n = 1"));
    const auto other = connect(options_, {});
    EXPECT_EQ("2", other->query("SELECT SUM(n) FROM c").scalar());
}

TEST_F(SqlSession, ReadsResultsThatNobodyAskedFor) {
    session_->execute("CREATE TABLE r (id INT PRIMARY KEY)");
    session_->execute("CREATE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END");
    EXPECT_EQ(0U, session_->execute("ANALYZE TABLE r"));
    EXPECT_EQ(0U, session_->execute("CALL two()"));
    EXPECT_EQ("1", session_->query("CALL two()").scalar());
    EXPECT_EQ("3", session_->query("SELECT 3").scalar());
}

TEST_F(SqlSession, ReportsTheServersErrorNumberAndState) {
    const Error missing = error_of([&] { session_->query("SELECT * FROM missing"); });
    EXPECT_EQ(Errc::failed, missing.code());
    EXPECT_EQ(1146U, missing.server_errno());
    ASSERT_TRUE(missing.server().has_value());
    EXPECT_EQ("42S02", missing.server()->sqlstate);
    EXPECT_NE(std::string::npos, std::string(missing.what()).find("missing"));
    EXPECT_NE(std::string::npos, std::string(missing.what()).find("(error 1146, SQLSTATE 42S02)"));

    session_->execute("CREATE TABLE u (id INT PRIMARY KEY)");
    session_->execute("INSERT INTO u VALUES (1)");
    EXPECT_EQ(1062U, error_of([&] {
                         session_->execute("INSERT INTO u VALUES (1)");
                     }).server_errno());
    EXPECT_EQ(1064U, error_of([&] { session_->execute("NONSENSE"); }).server_errno());
    EXPECT_EQ("1", session_->query("SELECT COUNT(*) FROM u").scalar());
}

TEST_F(SqlSession, TakesOneStatementAtATime) {
    EXPECT_EQ(1064U, error_of([&] { session_->execute("SET @a = 1; SET @a = 2"); }).server_errno());
}

TEST_F(SqlSession, AppliesSettingsInOrderAndNamesItself) {
    SessionSettings settings;
    settings.program_name = "doppel-test";
    settings.statements = {"SET @x = 1", "SET @x = @x + 1"};
    const auto session = connect(options_, settings);
    EXPECT_EQ("2", session->query("SELECT @x").scalar());
    EXPECT_EQ("utf8mb4", session->query("SELECT @@character_set_client").scalar());
    EXPECT_EQ(
        std::to_string(session->connection_id()), session->query("SELECT CONNECTION_ID()").scalar()
    );
    const std::string attribute =
        "SELECT ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE ATTR_NAME = "
        "'program_name' "
        "AND PROCESSLIST_ID = CONNECTION_ID()";
    if (session->query("SELECT @@performance_schema").scalar() == "1") {
        EXPECT_EQ("doppel-test", session->query(attribute).scalar());
    }
}

TEST_F(SqlSession, ReportsAKilledConnectionAsInterrupted) {
    for (const SslMode mode : {SslMode::disabled, SslMode::required}) {
        if (mode == SslMode::required && is_mariadb()) {
            continue;
        }
        options_.ssl_mode = mode;
        const auto victim = connect(options_, {});
        session_->execute("KILL " + std::to_string(victim->connection_id()));
        const Error error = error_of([&] {
            victim->query("SELECT 1");
            victim->query("SELECT 1");
        });
        EXPECT_EQ(Errc::interrupted, error.code()) << error.what();
        EXPECT_TRUE(is_connection_loss(error.server_errno())) << error.server_errno();
        EXPECT_EQ(Errc::interrupted, error_of([&] { victim->execute("DO 1"); }).code());
    }
}

TEST_F(SqlSession, ReportsAConnectionKilledDuringAStatement) {
    for (const SslMode mode : {SslMode::disabled, SslMode::preferred}) {
        options_.ssl_mode = mode;
        const auto victim = connect(options_, {});
        std::thread killer([&] {
            std::this_thread::sleep_for(milliseconds(300));
            session_->execute("KILL " + std::to_string(victim->connection_id()));
        });
        const Error error = error_of([&] { victim->query("SELECT SLEEP(20)"); });
        killer.join();
        EXPECT_EQ(Errc::interrupted, error.code()) << error.what();
    }
}

TEST_F(SqlSession, AKilledStatementLeavesTheConnectionUsable) {
    const auto victim = connect(options_, {});
    std::atomic<bool> done = false;
    std::thread killer([&] {
        // The first may come before the statement.
        while (!done) {
            std::this_thread::sleep_for(milliseconds(50));
            session_->execute("KILL QUERY " + std::to_string(victim->connection_id()));
        }
    });
    const std::string statement =
        "SELECT COUNT(*) FROM information_schema.columns a, "
        "information_schema.columns b, information_schema.columns c";
    const Error error = error_of([&] { victim->query(statement); });
    done = true;
    killer.join();
    EXPECT_EQ(1317U, error.server_errno()) << error.what();
    EXPECT_EQ(Errc::failed, error.code());
    EXPECT_EQ("1", victim->query("SELECT 1").scalar());
}

TEST_F(SqlSession, GivesUpAfterTheStatementTimeout) {
    for (const SslMode mode : {SslMode::disabled, SslMode::preferred}) {
        options_.ssl_mode = mode;
        SessionSettings settings;
        settings.statement_timeout = milliseconds(3'000);
        const auto session = connect(options_, settings);
        const auto start = steady_clock::now();
        const Error error = error_of([&] { session->query("SELECT SLEEP(60)"); });
        EXPECT_EQ(Errc::interrupted, error.code()) << error.what();
        EXPECT_LT(steady_clock::now() - start, milliseconds(30'000));
    }
}

TEST_F(SqlSession, WaitsForLongStatementsWithoutATimeout) {
    options_.read_timeout = milliseconds(1'000);
    const auto session = connect(options_, {});
    EXPECT_EQ("0", session->query("SELECT SLEEP(2.5)").scalar());
}

/// A port that accepts connections and says nothing.
class SilentPort final {
public:
    SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof(address);
        void* const untyped = &address;
        auto* const generic = static_cast<sockaddr*>(untyped);
        EXPECT_EQ(0, ::bind(socket_, generic, length));
        EXPECT_EQ(0, ::listen(socket_, 1));
        EXPECT_EQ(0, ::getsockname(socket_, generic, &length));
        port_ = ntohs(address.sin_port);
    }
    ~SilentPort() { ::close(socket_); }
    SilentPort(const SilentPort&) = delete;
    SilentPort& operator=(const SilentPort&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

TEST_F(SqlSession, GivesUpConnectingAfterTheConnectTimeout) {
    const SilentPort silent;
    options_.port = silent.port();
    options_.connect_timeout = milliseconds(1'000);
    const auto start = steady_clock::now();
    const Error error = error_of([&] { (void)connect(options_, {}); });
    EXPECT_EQ(Errc::interrupted, error.code()) << error.what();
    EXPECT_LT(steady_clock::now() - start, milliseconds(9'000)) << "10 s is the default";
}

TEST_F(SqlSession, TellsUnreachableFromRefused) {
    ConnectionOptions nobody = options_;
    nobody.port = 1;
    EXPECT_EQ(Errc::interrupted, error_of([&] { (void)connect(nobody, {}); }).code());
    nobody = options_;
    nobody.socket = "/nonexistent/mysqld.sock";
    EXPECT_EQ(Errc::interrupted, error_of([&] { (void)connect(nobody, {}); }).code());

    ConnectionOptions wrong = options_;
    wrong.password = "not-the-secret";
    const Error denied = error_of([&] { (void)connect(wrong, {}); });
    EXPECT_EQ(Errc::refused, denied.code());
    EXPECT_EQ(1045U, denied.server_errno());
    EXPECT_EQ(std::string::npos, std::string(denied.what()).find("not-the-secret"));
    wrong = options_;
    wrong.default_schema = "doppel_no_such_schema";
    EXPECT_EQ(Errc::refused, error_of([&] { (void)connect(wrong, {}); }).code());
}

TEST_F(SqlSession, LogsInWithCachingSha2WithoutTls) {
    if (is_mariadb()) {
        GTEST_SKIP() << "MariaDB has no caching_sha2_password";
    }
    session_->execute("DROP USER IF EXISTS doppel_sha2");
    session_->execute("CREATE USER doppel_sha2 IDENTIFIED WITH caching_sha2_password BY 'se$cret'");
    options_.user = "doppel_sha2";
    options_.password = "se$cret";
    options_.default_schema.clear();
    options_.ssl_mode = SslMode::disabled;
    EXPECT_EQ("", cipher(options_));
    EXPECT_EQ("", cipher(options_)) << "the second login is served from the server's cache";
    session_->execute("DROP USER doppel_sha2");
}

TEST_F(SqlSession, ConnectsThroughAUnixSocket) {
    options_.socket = environment("DOPPEL_SOCKET");
    if (options_.socket.empty()) {
        GTEST_SKIP() << "DOPPEL_SOCKET is not set";
    }
    EXPECT_EQ("", cipher(options_));
}

TEST_F(SqlSession, UsesTlsAsTheModeSays) {
    options_.ssl_mode = SslMode::disabled;
    EXPECT_EQ("", cipher(options_));
    if (environment("DOPPEL_SSL_CA").empty()) {
        options_.ssl_mode = SslMode::preferred;
        EXPECT_EQ("", cipher(options_));
        options_.ssl_mode = SslMode::required;
        EXPECT_EQ(Errc::refused, error_of([&] { (void)connect(options_, {}); }).code());
        GTEST_SKIP() << "DOPPEL_SSL_CA is not set: the server is taken to have no TLS";
    }
    options_.ssl_mode = SslMode::preferred;
    EXPECT_NE("", cipher(options_));
    options_.ssl_mode = SslMode::required;
    EXPECT_NE("", cipher(options_));
    options_.tls_version = "TLSv1.2";
    EXPECT_NE("", cipher(options_));
}

TEST_F(SqlSession, VerifiesTheServersCertificate) {
    options_.ssl_mode = SslMode::verify_ca;
    EXPECT_EQ(Errc::usage, error_of([&] { (void)connect(options_, {}); }).code());
    options_.ssl_ca = environment("DOPPEL_SSL_CA");
    if (options_.ssl_ca.empty()) {
        GTEST_SKIP() << "DOPPEL_SSL_CA is not set";
    }
    EXPECT_NE("", cipher(options_));

    options_.ssl_mode = SslMode::verify_identity;
    if (is_mariadb()) {
        EXPECT_NE("", cipher(options_)) << "the sandbox's certificate for MariaDB names 127.0.0.1";
    } else {
        // MySQL's certificate for itself names no host.
        const Error wrong_name = error_of([&] { (void)connect(options_, {}); });
        EXPECT_EQ(Errc::refused, wrong_name.code());
        EXPECT_EQ(2026U, wrong_name.server_errno());
    }

    options_.ssl_mode = SslMode::verify_ca;
    options_.ssl_ca = "/nonexistent/ca.pem";
    EXPECT_EQ(Errc::refused, error_of([&] { (void)connect(options_, {}); }).code());
}

TEST_F(SqlSession, WorksOnManyThreadsAtOnce) {
    session_->execute("CREATE TABLE n (id INT PRIMARY KEY AUTO_INCREMENT, worker INT)");
    std::vector<std::thread> threads;
    for (int worker = 0; worker < 4; ++worker) {
        threads.emplace_back([this, worker] {
            for (int round = 0; round < 5; ++round) {
                const auto session = connect(options_, {});
                for (int i = 0; i < 20; ++i) {
                    session->execute(
                        "INSERT INTO n (worker) VALUES (" + std::to_string(worker) + ")"
                    );
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ("400", session_->query("SELECT COUNT(*) FROM n").scalar());
}

TEST_F(SqlSession, MayBeUsedAndClosedOnAnotherThread) {
    auto session = connect(options_, {});
    std::thread([moved = std::move(session)]() mutable {
        EXPECT_EQ("1", moved->query("SELECT 1").scalar());
        moved.reset();
    }).join();
}

}  // namespace
}  // namespace doppel::sql
