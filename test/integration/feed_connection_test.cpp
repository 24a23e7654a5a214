// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"
#include "feed_fixture.hpp"
#include "wire/command.hpp"
#include "wire/response.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

namespace doppel::feed {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxPacketBytes = 64u << 20;
constexpr std::string_view kUserPassword = "Doppel-test-Pa55word";

std::string env(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

class FeedServer : public FeedConnection {
protected:
    void SetUp() override {
        if (env("DOPPEL_PORT").empty()) {
            GTEST_SKIP() << "no server: DOPPEL_PORT is not set";
        }
    }
    void TearDown() override {
        if (!user_.empty()) {
            statement(fmt::format("DROP USER IF EXISTS '{}'@'%'", user_));
        }
    }

    static ConnectionOptions tcp() {
        ConnectionOptions options;
        options.host = env("DOPPEL_HOST");
        options.port = static_cast<std::uint16_t>(std::stoi(env("DOPPEL_PORT")));
        options.user = env("DOPPEL_USER");
        options.password = env("DOPPEL_PASSWORD");
        return options;
    }
    static ConnectionOptions socket() {
        auto options = tcp();
        options.socket = env("DOPPEL_SOCKET");
        return options;
    }

    std::vector<std::vector<std::optional<std::string>>> statement(std::string sql) {
        std::vector<std::vector<std::optional<std::string>>> rows;
        run([&]() -> asio::awaitable<void> {
            const auto connection = co_await open(socket());
            rows = co_await connection->query(sql);
        });
        return rows;
    }

    /// Options for a fresh account, over TCP without TLS.
    ConnectionOptions create_user(std::string_view name, std::string_view plugin) {
        user_ = name;
        statement(fmt::format("DROP USER IF EXISTS '{}'@'%'", user_));
        statement(fmt::format(
            "CREATE USER '{}'@'%' IDENTIFIED {} BY '{}'",
            user_,
            plugin.empty() ? "" : fmt::format("WITH {}", plugin),
            kUserPassword
        ));
        auto options = tcp();
        options.user = user_;
        options.password = kUserPassword;
        options.ssl_mode = SslMode::disabled;
        return options;
    }

    void require_mysql() {
        if (statement("SELECT VERSION()").at(0).at(0)->find("MariaDB") != std::string::npos) {
            GTEST_SKIP() << "needs caching_sha2_password";
        }
    }

    void require_long_packets() {
        const auto limit = statement("SELECT @@max_allowed_packet >= 48 * 1024 * 1024");
        if (limit.at(0).at(0) != "1") {
            GTEST_SKIP() << "max_allowed_packet is too small";
        }
    }

    std::string user_;
};

/// A file of the test's own, removed at its end.
class TempFile final {
public:
    explicit TempFile(std::string_view content)
        : path_(
              std::filesystem::temp_directory_path() /
              fmt::format("doppel-feed-test-{}.pem", ::getpid())
          ) {
        std::ofstream(path_) << content;
    }
    ~TempFile() { std::filesystem::remove(path_); }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

std::string self_signed_ca() {
    EVP_PKEY* key = nullptr;
    EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr);
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_keygen(context, &key);
    EVP_PKEY_CTX_free(context);
    X509* const certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    const unsigned char common_name[] = "Nobody's CA";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    std::string pem(8192, '\0');
    pem.resize(static_cast<std::size_t>(BIO_read(bio, pem.data(), static_cast<int>(pem.size()))));
    BIO_free(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return pem;
}

TEST_F(FeedServer, ConnectsOverTls) {
    auto options = tcp();
    options.ssl_mode = SslMode::required;
    run([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(options);
        const auto cipher = co_await connection->query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
        EXPECT_NE(cipher.at(0).at(1), "");
        const auto id = co_await connection->query("SELECT CONNECTION_ID()");
        EXPECT_EQ(id.at(0).at(0), std::to_string(connection->connection_id()));
        const auto version = co_await connection->query("SELECT VERSION()");
        EXPECT_THAT(*version.at(0).at(0), HasSubstr(std::to_string(connection->version().major)));
    });
}

TEST_F(FeedServer, TellsItsNameToTheServer) {
    const auto enabled = statement("SELECT @@performance_schema").at(0).at(0);
    if (enabled != "1") {
        GTEST_SKIP() << "performance_schema is off";
    }
    const auto rows = statement(
        "SELECT ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = "
        "CONNECTION_ID() AND ATTR_NAME = 'program_name'"
    );
    EXPECT_EQ(rows.at(0).at(0), "doppel");
}

TEST_F(FeedServer, ConnectsByUnixSocketWithoutTlsUnlessRequired) {
    auto options = socket();
    for (const auto mode : {SslMode::preferred, SslMode::required}) {
        options.ssl_mode = mode;
        run([&]() -> asio::awaitable<void> {
            const auto connection = co_await open(options);
            const auto cipher = co_await connection->query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
            EXPECT_EQ(cipher.at(0).at(1) == "", mode == SslMode::preferred);
        });
    }
}

TEST_F(FeedServer, StartsInTheDefaultSchema) {
    auto options = tcp();
    options.default_schema = "mysql";
    run([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(options);
        const auto rows = co_await connection->query("SELECT DATABASE(), NULL, ''");
        EXPECT_EQ(rows.at(0).at(0), "mysql");
        EXPECT_EQ(rows.at(0).at(1), std::nullopt);
        EXPECT_EQ(rows.at(0).at(2), "");
    });
}

TEST_F(FeedServer, AuthenticatesInPlainTextByTheServersKeyThenFromItsCache) {
    require_mysql();
    if (IsSkipped()) {
        return;
    }
    auto options = create_user("doppel_rsa", "caching_sha2_password");
    const auto refused = open_outcome(options);
    EXPECT_EQ(refused.code, Errc::refused);
    EXPECT_THAT(refused.text, HasSubstr("--get-server-public-key"));

    options.get_server_public_key = true;
    EXPECT_FALSE(open_outcome(options).threw);
    options.get_server_public_key = false;
    EXPECT_FALSE(open_outcome(options).threw) << "the server's cache should know the account now";

    statement("FLUSH PRIVILEGES");
    const auto key = statement("SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'");
    const TempFile file(*key.at(0).at(1));
    options.server_public_key_path = file.path();
    EXPECT_FALSE(open_outcome(options).threw);
    options.server_public_key_path += ".missing";
    EXPECT_EQ(open_outcome(options).code, Errc::usage);
}

TEST_F(FeedServer, AuthenticatesFullyOverTlsAndSocket) {
    require_mysql();
    if (IsSkipped()) {
        return;
    }
    auto over_tls = create_user("doppel_full", "caching_sha2_password");
    over_tls.ssl_mode = SslMode::required;
    EXPECT_FALSE(open_outcome(over_tls).threw);
    statement("FLUSH PRIVILEGES");
    auto over_socket = over_tls;
    over_socket.ssl_mode = SslMode::disabled;
    over_socket.socket = env("DOPPEL_SOCKET");
    EXPECT_FALSE(open_outcome(over_socket).threw);
}

TEST_F(FeedServer, AuthenticatesByNativePasswordWhereTheServerHasIt) {
    const auto plugins = statement(
        "SELECT 1 FROM information_schema.plugins WHERE plugin_name = 'mysql_native_password' AND "
        "plugin_status = 'ACTIVE'"
    );
    if (plugins.empty()) {
        GTEST_SKIP() << "the server has no mysql_native_password";
    }
    const bool mariadb =
        statement("SELECT VERSION()").at(0).at(0)->find("MariaDB") != std::string::npos;
    const auto options = create_user("doppel_native", mariadb ? "" : "mysql_native_password");
    EXPECT_FALSE(open_outcome(options).threw);
}

TEST_F(FeedServer, AWrongPasswordIsRefusedAndNotTold) {
    auto options = create_user("doppel_wrong", "");
    options.password = "not-the-Pa55word";
    for (const auto mode : {SslMode::preferred, SslMode::disabled}) {
        options.ssl_mode = mode;
        options.get_server_public_key = true;
        const auto outcome = open_outcome(options);
        EXPECT_TRUE(outcome.threw);
        EXPECT_EQ(outcome.code, Errc::refused);
        EXPECT_EQ(outcome.number, 1045u);
        EXPECT_THAT(outcome.text, HasSubstr("doppel_wrong"));
        EXPECT_THAT(outcome.text, Not(HasSubstr(options.password)));
    }
}

TEST_F(FeedServer, ChecksTheServersCertificate) {
    if (env("DOPPEL_SSL_CA").empty()) {
        GTEST_SKIP() << "DOPPEL_SSL_CA is not set";
    }
    auto options = tcp();
    options.ssl_mode = SslMode::verify_ca;
    EXPECT_EQ(open_outcome(options).code, Errc::usage) << "verifying needs a CA";
    options.ssl_ca = env("DOPPEL_SSL_CA");
    EXPECT_FALSE(open_outcome(options).threw);

    options.ssl_mode = SslMode::verify_identity;
    // Whether it names its host is up to the server's certificate.
    const auto identity = open_outcome(options);
    if (identity.threw) {
        EXPECT_EQ(identity.code, Errc::refused);
        EXPECT_THAT(identity.text, HasSubstr("mismatch"));
    }

    const TempFile other(self_signed_ca());
    options.ssl_ca = other.path();
    for (const auto mode : {SslMode::verify_ca, SslMode::preferred}) {
        options.ssl_mode = mode;
        const auto outcome = open_outcome(options);
        EXPECT_TRUE(outcome.threw);
        EXPECT_EQ(outcome.code, Errc::refused);
        EXPECT_THAT(outcome.text, HasSubstr("certificate is not accepted"));
    }
}

TEST_F(FeedServer, TakesTlsVersionAndCipher) {
    auto options = tcp();
    options.ssl_mode = SslMode::required;
    options.tls_version = "TLSv1.2";
    options.ssl_cipher = "ECDHE-RSA-AES128-GCM-SHA256";
    run([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(options);
        const auto rows = co_await connection->query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
        EXPECT_EQ(rows.at(0).at(1), options.ssl_cipher);
    });
    options.tls_version = "TLSv1.1";
    EXPECT_EQ(open_outcome(options).code, Errc::usage);
}

TEST_F(FeedServer, AServersErrorKeepsTheConnectionUsable) {
    run([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(socket());
        unsigned number = 0;
        try {
            (void)co_await connection->query("SELECT nope");
        } catch (const Error& error) {
            number = error.server_errno();
            EXPECT_EQ(error.code(), Errc::failed);
            EXPECT_THAT(error.what(), HasSubstr("SELECT nope"));
        }
        EXPECT_EQ(number, 1054u);
        EXPECT_TRUE((co_await connection->query("SET @a = 1")).empty());
        EXPECT_EQ((co_await connection->query("SELECT @a")).at(0).at(0), "1");
    });
}

TEST_F(FeedServer, AKilledConnectionIsAnInterruption) {
    const auto outcome = outcome_of([&]() -> asio::awaitable<void> {
        const auto victim = co_await open(tcp());
        const auto killer = co_await open(tcp());
        co_await killer->query(fmt::format("KILL {}", victim->connection_id()));
        co_await victim->query("SELECT SLEEP(10)");
    });
    EXPECT_EQ(outcome.code, Errc::interrupted) << outcome.text;
    EXPECT_TRUE(outcome.threw);
}

TEST_F(FeedServer, AKillDuringAStatementIsAnInterruption) {
    const auto outcome = outcome_of([&]() -> asio::awaitable<void> {
        const auto victim = co_await open(tcp());
        const auto killer = co_await open(tcp());
        co_await victim->send_command(wire::com_query("SELECT SLEEP(20)"));
        asio::steady_timer pause(io_, 200ms);
        co_await pause.async_wait(asio::use_awaitable);
        co_await killer->query(fmt::format("KILL {}", victim->connection_id()));
        while (true) {
            const auto packet = co_await victim->read_packet(10s, kMaxPacketBytes);
            if (wire::is_err(packet)) {
                EXPECT_EQ(
                    wire::classify(wire::parse_err(packet)->error, Errc::failed), Errc::interrupted
                );
            }
        }
    });
    EXPECT_TRUE(outcome.threw);
    EXPECT_EQ(outcome.code, Errc::interrupted) << outcome.text;
}

TEST_F(FeedServer, JoinsALongPacketAndRefusesOneAboveTheLimit) {
    require_long_packets();
    if (IsSkipped()) {
        return;
    }
    constexpr std::size_t kLength = 40u << 20;
    for (const bool tls : {false, true}) {
        auto options = socket();
        options.ssl_mode = tls ? SslMode::required : SslMode::disabled;
        run([&]() -> asio::awaitable<void> {
            const auto connection = co_await open(options);
            co_await connection->send_command(
                wire::com_query(fmt::format("SELECT CONCAT(REPEAT('x', {}), 'y')", kLength - 1))
            );
            std::size_t longest = 0;
            while (longest == 0) {
                const auto packet = co_await connection->read_packet(30s, kMaxPacketBytes);
                EXPECT_FALSE(wire::is_err(packet)) << packet;
                if (packet.size() > 1000 || wire::is_err(packet)) {
                    longest = packet.size();
                    EXPECT_EQ(packet.back(), 'y');
                    EXPECT_EQ(packet.find_first_not_of('x', 9), packet.size() - 1);
                }
            }
            EXPECT_EQ(longest, kLength + 9);
        });
    }
    const auto outcome = outcome_of([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(socket());
        (void)co_await connection->query("SELECT REPEAT('x', 17 * 1024 * 1024)");
    });
    EXPECT_TRUE(outcome.threw);
    EXPECT_EQ(outcome.code, Errc::failed);
}

TEST_F(FeedServer, SendsAStatementOfSeveralFrames) {
    require_long_packets();
    if (IsSkipped()) {
        return;
    }
    run([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(socket());
        std::string sql = "SELECT LENGTH('";
        sql.append(20u << 20, 'x').append("')");
        const auto rows = co_await connection->query(sql);
        EXPECT_EQ(rows.at(0).at(0), std::to_string(20u << 20));
    });
}

TEST_F(FeedServer, DumpsTheBinlogByFileAndByGtid) {
    const auto logs = statement("SHOW BINARY LOGS");
    const bool mariadb =
        statement("SELECT VERSION()").at(0).at(0)->find("MariaDB") != std::string::npos;
    std::vector<std::string> dumps{
        wire::com_binlog_dump({*logs.at(0).at(0), 4}, 900001, wire::kDumpNonBlocking).value()};
    if (!mariadb && statement("SELECT @@gtid_mode").at(0).at(0) == "ON") {
        dumps.push_back(
            wire::com_binlog_dump_gtid(std::string(8, '\0'), 900001, wire::kDumpNonBlocking)
        );
    }
    for (const auto& dump : dumps) {
        run([&]() -> asio::awaitable<void> {
            const auto connection = co_await open(tcp());
            co_await connection->query("SET @master_binlog_checksum = 'CRC32'");
            co_await connection->query("SET @source_binlog_checksum = 'CRC32'");
            co_await connection->send_command(wire::com_register_replica({900001, "doppel-test", 0})
            );
            EXPECT_TRUE(wire::is_ok(co_await connection->read_packet(10s, kMaxPacketBytes)));
            co_await connection->send_command(dump);
            std::size_t events = 0;
            std::string_view packet;
            do {
                packet = co_await connection->read_packet(10s, kMaxPacketBytes);
                EXPECT_FALSE(wire::is_err(packet)) << packet;
                events += wire::is_ok(packet) ? 1u : 0u;
            } while (wire::is_ok(packet));
            EXPECT_TRUE(wire::is_eof(packet));
            EXPECT_GT(events, 3u);
        });
    }
}

TEST_F(FeedServer, SilenceAndCloseEndARead) {
    auto options = tcp();
    options.read_timeout = 200ms;
    const auto silent = outcome_of([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(options);
        co_await connection->query("SELECT SLEEP(3)");
    });
    EXPECT_EQ(silent.code, Errc::interrupted);
    EXPECT_THAT(silent.text, HasSubstr("no answer in time"));

    asio::steady_timer timer(io_, 200ms);
    const auto closed = outcome_of([&]() -> asio::awaitable<void> {
        const auto connection = co_await open(tcp());
        timer.async_wait([&](boost::system::error_code) { connection->close(); });
        co_await connection->query("SELECT SLEEP(30)");
    });
    EXPECT_EQ(closed.code, Errc::interrupted);
    EXPECT_THAT(closed.text, HasSubstr("the connection was closed"));
}

}  // namespace
}  // namespace doppel::feed
