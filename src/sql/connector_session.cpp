// SPDX-License-Identifier: Apache-2.0
//
// The only file that knows Connector/C++. Two generations are supported: 1.1 as Debian packages it,
// on MariaDB's client library, and 9.x on MySQL's own.
#if __has_include(<mysql/jdbc.h>)
#include <mysql/jdbc.h>
#define DOPPEL_CONNECTOR_HAS_SSL_MODE 1
#else
#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>
#define DOPPEL_CONNECTOR_HAS_SSL_MODE 0
#endif

#include "doppel/error.hpp"
#include "sql/errors.hpp"
#include "sql/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

namespace jdbc = ::sql;

/// The connector keeps its drivers in a map without a lock, and the first one initialises the
/// client library: so there is one, made once.
jdbc::Driver& driver() {
    static jdbc::Driver* const instance = jdbc::mysql::get_mysql_driver_instance();
    return *instance;
}

/// The client library wants to be told about every thread that uses it and about its end.
class ThreadRegistration final {
public:
    ThreadRegistration() { driver().threadInit(); }
    ~ThreadRegistration() { driver().threadEnd(); }
    ThreadRegistration(const ThreadRegistration&) = delete;
    ThreadRegistration& operator=(const ThreadRegistration&) = delete;
};

void register_thread() {
    static thread_local const ThreadRegistration registration;
}

/// Whole seconds, never 0, as that means "no limit" to the client libraries.
int ceil_seconds(std::chrono::milliseconds duration) {
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours{24};
    const auto bounded = std::clamp(duration, std::chrono::milliseconds{1}, kLongest);
    return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(bounded).count());
}

ServerError server_error(const jdbc::SQLException& error) {
    return {static_cast<unsigned>(std::max(0, error.getErrorCode())), error.getSQLStateCStr()};
}

bool wants_certificate_check(SslMode mode) {
    return mode == SslMode::verify_ca || mode == SslMode::verify_identity;
}

/// A Unix socket needs no TLS; `preferred` leaves it out there as the mysql client does.
bool wants_tls(const ConnectionOptions& options) {
    if (options.ssl_mode == SslMode::preferred) {
        return !options.uses_socket();
    }
    return options.ssl_mode != SslMode::disabled;
}

bool must_have_tls(SslMode mode) {
    return mode != SslMode::disabled && mode != SslMode::preferred;
}

void put_string(jdbc::ConnectOptionsMap& map, const char* name, const std::string& value) {
    if (!value.empty()) {
        map[name] = jdbc::SQLString(value);
    }
}

/// How one connection attempt goes about TLS.
enum class TlsAttempt {
    none,    ///< clear text; caching_sha2_password then encrypts the password with the server's key
    offer,   ///< TLS where the server offers it
    insist,  ///< give up before the password is sent where the server offers no TLS
};

#if DOPPEL_CONNECTOR_HAS_SSL_MODE

void put_tls_mode(jdbc::ConnectOptionsMap& map, const ConnectionOptions& options, TlsAttempt) {
    const auto mode = [&]() -> int {
        switch (options.ssl_mode) {
            case SslMode::disabled:
                return jdbc::SSL_MODE_DISABLED;
            case SslMode::required:
                return jdbc::SSL_MODE_REQUIRED;
            case SslMode::verify_ca:
                return jdbc::SSL_MODE_VERIFY_CA;
            case SslMode::verify_identity:
                return jdbc::SSL_MODE_VERIFY_IDENTITY;
            case SslMode::preferred:
                break;
        }
        return wants_tls(options) ? jdbc::SSL_MODE_PREFERRED : jdbc::SSL_MODE_DISABLED;
    };
    map["OPT_SSL_MODE"] = mode();
    if (options.get_server_public_key) {
        map["OPT_GET_SERVER_PUBLIC_KEY"] = true;
    }
}

#else

/// MariaDB's client library knows three switches: a CA turns the check of the chain on, "verify"
/// adds the host name and insists on TLS, "enforce" means no more than "if the server offers it".
void put_tls_mode(jdbc::ConnectOptionsMap& map, const ConnectionOptions&, TlsAttempt attempt) {
    map["sslEnforce"] = true;
    if (attempt == TlsAttempt::insist) {
        map["sslVerify"] = true;
    }
}

#endif

void put_tls(jdbc::ConnectOptionsMap& map, const ConnectionOptions& options, TlsAttempt attempt) {
    put_string(map, "rsaKey", options.server_public_key_path);
    if (attempt == TlsAttempt::none) {
        return;
    }
    put_tls_mode(map, options, attempt);
    // A CA that is set is always checked by MariaDB's library, so it is given only where asked for.
    if (wants_certificate_check(options.ssl_mode)) {
        put_string(map, "sslCA", options.ssl_ca);
        put_string(map, "sslCAPath", options.ssl_capath);
    }
    put_string(map, "sslCert", options.ssl_cert);
    put_string(map, "sslKey", options.ssl_key);
    put_string(map, "sslCipher", options.ssl_cipher);
    put_string(map, "OPT_TLS_VERSION", options.tls_version);
}

jdbc::ConnectOptionsMap connector_options(
    const ConnectionOptions& options, const SessionSettings& settings, TlsAttempt attempt
) {
    jdbc::ConnectOptionsMap map;
    if (options.uses_socket()) {
        map["hostName"] = jdbc::SQLString("unix://" + options.socket);
    } else {
        // Brackets keep an IPv6 address in one piece.
        map["hostName"] =
            jdbc::SQLString(fmt::format("tcp://[{}]:{}", options.host, options.effective_port()));
    }
    map["userName"] = jdbc::SQLString(options.user);
    map["password"] = jdbc::SQLString(options.password);
    put_string(map, "schema", options.default_schema);
    map["OPT_CONNECT_TIMEOUT"] = ceil_seconds(options.connect_timeout);
    map["OPT_WRITE_TIMEOUT"] = ceil_seconds(options.read_timeout);
    if (settings.statement_timeout.count() > 0) {
        map["OPT_READ_TIMEOUT"] = ceil_seconds(settings.statement_timeout);
    }
    map["OPT_LOCAL_INFILE"] = 0;
    map["OPT_CHARSET_NAME"] = jdbc::SQLString("utf8mb4");
    const std::map<jdbc::SQLString, jdbc::SQLString> attributes{
        {"program_name", settings.program_name}};
    map["OPT_CONNECT_ATTR_ADD"] = attributes;
    put_tls(map, options, attempt);
    return map;
}

class ConnectorSession final : public Session {
public:
    explicit ConnectorSession(std::unique_ptr<jdbc::Connection> connection)
        : connection_(std::move(connection)) {}
    void count_in(std::shared_ptr<Activity> activity) { activity_ = std::move(activity); }

    ~ConnectorSession() override { register_thread(); }

    std::uint64_t execute(std::string_view statement) override {
        return guarded([&] { return execute_all_results(statement); });
    }

    Rows query(std::string_view statement) override {
        return guarded([&] { return read_result(statement); });
    }

    [[nodiscard]] std::uint64_t connection_id() const override { return connection_id_; }

    void read_connection_id() {
        connection_id_ = std::stoull(query("SELECT CONNECTION_ID()").scalar().value_or("0"));
    }

private:
    class Counted final {
    public:
        explicit Counted(Activity* activity) : activity_(activity) {
            if (activity_ != nullptr) {
                ++activity_->statements;
                ++activity_->running;
            }
        }
        ~Counted() {
            if (activity_ != nullptr) {
                --activity_->running;
            }
        }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;

    private:
        Activity* activity_;
    };

    template <class Action>
    auto guarded(Action action) -> decltype(action()) {
        register_thread();
        const Counted counted(activity_.get());
        try {
            return action();
        } catch (const jdbc::SQLException& error) {
            ServerError server = server_error(error);
            const Errc code = classify_statement_error(server.number);
            const std::string text = describe_error(error.what(), server);
            throw Error(code, text, std::move(server));
        }
    }

    /// A result that nobody asked for (ANALYZE TABLE, CALL) is read and dropped, or the connection
    /// would be out of step.
    std::uint64_t execute_all_results(std::string_view text) {
        const std::unique_ptr<jdbc::Statement> statement(connection_->createStatement());
        const jdbc::SQLString sql_text(text.data(), text.size());
        bool has_rows = statement->execute(sql_text);
        const std::uint64_t affected = has_rows ? 0 : statement->getUpdateCount();
        while (has_rows) {
            const std::unique_ptr<jdbc::ResultSet> dropped(statement->getResultSet());
            has_rows = statement->getMoreResults();
        }
        return affected;
    }

    Rows read_result(std::string_view text) {
        const std::unique_ptr<jdbc::Statement> statement(connection_->createStatement());
        const std::unique_ptr<jdbc::ResultSet> result(
            statement->executeQuery(jdbc::SQLString(text.data(), text.size()))
        );
        jdbc::ResultSetMetaData* const metadata = result->getMetaData();
        const unsigned width = metadata->getColumnCount();
        Rows rows;
        rows.columns.reserve(width);
        for (unsigned column = 1; column <= width; ++column) {
            rows.columns.push_back(metadata->getColumnLabel(column).asStdString());
        }
        rows.rows.reserve(result->rowsCount());
        while (result->next()) {
            Row& row = rows.rows.emplace_back();
            row.reserve(width);
            for (unsigned column = 1; column <= width; ++column) {
                if (result->isNull(column)) {
                    row.emplace_back(std::nullopt);
                } else {
                    row.emplace_back(result->getString(column).asStdString());
                }
            }
        }
        // CALL sends a status behind its rows.
        while (statement->getMoreResults()) {
            const std::unique_ptr<jdbc::ResultSet> dropped(statement->getResultSet());
        }
        return rows;
    }

    std::unique_ptr<jdbc::Connection> connection_;
    std::shared_ptr<Activity> activity_;
    std::uint64_t connection_id_ = 0;
};

void check_options(const ConnectionOptions& options) {
    const bool has_ca = !options.ssl_ca.empty() || !options.ssl_capath.empty();
    if (wants_certificate_check(options.ssl_mode) && !has_ca) {
        throw Error(
            Errc::usage,
            "to verify the server's certificate, name the CA certificates (ssl-ca or ssl-capath)"
        );
    }
}

using Connected = std::unique_ptr<ConnectorSession>;

Connected open(
    const ConnectionOptions& options, const SessionSettings& settings, TlsAttempt attempt
) {
    try {
        jdbc::ConnectOptionsMap map = connector_options(options, settings, attempt);
        return std::make_unique<ConnectorSession>(
            std::unique_ptr<jdbc::Connection>(driver().connect(map))
        );
    } catch (const jdbc::SQLException& error) {
        ServerError server = server_error(error);
        const Errc code = classify_connect_error(server.number, error.what());
        const std::string text = fmt::format(
            "cannot connect to {}: {}", options.describe(), describe_error(error.what(), server)
        );
        throw Error(code, text, std::move(server));
    }
}

/// Names of servers, for all threads.
class Servers final {
public:
    [[nodiscard]] bool contains(const std::string& server) {
        const std::lock_guard lock(mutex_);
        return servers_.count(server) != 0;
    }
    void insert(const std::string& server) {
        const std::lock_guard lock(mutex_);
        servers_.insert(server);
    }

private:
    std::mutex mutex_;
    std::set<std::string> servers_;
};

bool is_tls_failure(const Error& error) {
    return error.server_errno() == 2026;
}

#if DOPPEL_CONNECTOR_HAS_SSL_MODE

Connected open_as_asked(const ConnectionOptions& options, const SessionSettings& settings) {
    return open(options, settings, TlsAttempt::offer);
}

#else

bool server_has_no_tls(const Error& error) {
    return is_tls_failure(error) &&
           std::string_view(error.what()).find("does not support it") != std::string_view::npos;
}

/// Told to use TLS, MariaDB's library (3.3) takes a connection for encrypted even where the server
/// offered none, and so caching_sha2_password hands it the password in clear text. Only when it
/// must verify the server does it give up in time. So the first attempt insists: it succeeds, or it
/// fails in the check of a certificate that nobody asked to check, or it shows that there is no
/// TLS.
Connected open_as_asked(const ConnectionOptions& options, const SessionSettings& settings) {
    static Servers known;  // to offer TLS, so that only the first session pays for finding out
    if (!wants_tls(options)) {
        return open(options, settings, TlsAttempt::none);
    }
    if (options.ssl_mode == SslMode::verify_identity) {
        return open(options, settings, TlsAttempt::insist);
    }
    const std::string server = options.describe();
    if (known.contains(server)) {
        return open(options, settings, TlsAttempt::offer);
    }
    try {
        return open(options, settings, TlsAttempt::insist);
    } catch (const Error& error) {
        if (server_has_no_tls(error) && options.ssl_mode == SslMode::preferred) {
            return open(options, settings, TlsAttempt::none);
        }
        if (server_has_no_tls(error) || !is_tls_failure(error) ||
            error.code() == Errc::interrupted) {
            throw;
        }
    }
    Connected session = open(options, settings, TlsAttempt::offer);
    known.insert(server);
    return session;
}

#endif

/// What decides whether the server accepts our TLS and we its certificate.
std::string tls_settings(const ConnectionOptions& options) {
    return fmt::format(
        "{} {} {}",
        options.describe(),
        static_cast<int>(options.ssl_mode),
        fmt::join(
            std::array{
                options.ssl_ca,
                options.ssl_capath,
                options.ssl_cert,
                options.ssl_key,
                options.ssl_cipher,
                options.tls_version},
            " "
        )
    );
}

/// Where TLS has worked with the same settings before, a handshake that fails is one that the
/// network broke off. What the library says then may be a complaint of an earlier handshake, which
/// OpenSSL keeps for each thread.
Connected open_again(const ConnectionOptions& options, const SessionSettings& settings) {
    static Servers worked;
    const std::string server = tls_settings(options);
    try {
        Connected session = open_as_asked(options, settings);
        worked.insert(server);
        return session;
    } catch (const Error& error) {
        if (!is_tls_failure(error) || !worked.contains(server)) {
            throw;
        }
        throw Error(Errc::interrupted, error.what(), error.server().value_or(ServerError{}));
    }
}

/// Not every client library keeps its promise.
void check_tls(Session& session, const ConnectionOptions& options) {
    if (!must_have_tls(options.ssl_mode)) {
        return;
    }
    const Rows status = session.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    if (status.empty() || status.rows[0].size() < 2 || status.rows[0][1].value_or("").empty()) {
        throw Error(
            Errc::refused,
            fmt::format("{} offers no TLS, but the ssl-mode requires it", options.describe())
        );
    }
}

}  // namespace

std::unique_ptr<Session> connect(
    const ConnectionOptions& options, const SessionSettings& settings
) {
    check_options(options);
    register_thread();
    Connected session = open_again(options, settings);
    session->count_in(settings.activity);
    check_tls(*session, options);
    session->execute("SET NAMES utf8mb4");
    session->read_connection_id();
    for (const std::string& statement : settings.statements) {
        session->execute(statement);
    }
    return session;
}

}  // namespace doppel::sql
