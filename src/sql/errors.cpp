// SPDX-License-Identifier: Apache-2.0
#include "sql/errors.hpp"

#include "sql/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

/// The server exists and will take us later.
constexpr std::array kTemporaryConnectErrors = {
    1040U,  // too many connections
    1135U,  // cannot create a new thread
    1203U,  // max_user_connections
    1226U,  // an account's resource limit, counted per hour
    2005U,  // unknown host: name servers fail together with networks
    2012U,  // the handshake broke off
    3032U,  // offline mode
};

/// A broken TLS stream ends a session, but a refused TLS handshake is a matter of configuration.
constexpr unsigned kTlsError = 2026;

/// Beside what the contract names: numbers that a server sends right before it closes, or that the
/// client library gives for a stream that it cannot read on.
constexpr std::array kLossErrors = {
    1053U,  // server shutdown in progress
    1080U,  // forced close
    1158U,  // server: error reading
    1159U,  // server: timeout reading
    1160U,  // server: error writing
    1161U,  // server: timeout writing
    1184U,  // aborted connection
    1927U,  // MariaDB: connection was killed
    2002U,  // no connection through the socket file
    2003U,  // no connection to the host
    2006U,  // server has gone away
    2013U,  // lost connection during a statement
    2026U,  // TLS stream broken
    2027U,  // malformed packet
    2055U,  // lost connection, extended form
    3168U,  // server is not available
    3169U,  // session was killed
    4031U,  // closed by the server for inactivity
};

template <class Numbers>
bool contains(const Numbers& numbers, unsigned number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

/// Of a network. Others, such as "no such file" of a key, are matters of configuration.
constexpr std::array kNetworkErrors = {
    EAGAIN, EPIPE, ENETDOWN, ENETUNREACH, ECONNABORTED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH};

/// The library tells OpenSSL's reason, or what the operating system said and its number: "TLS/SSL
/// error: Connection reset by peer (104)".
bool was_broken_off(std::string_view text) {
    return text.find("unexpected eof") != std::string_view::npos ||
           std::any_of(kNetworkErrors.begin(), kNetworkErrors.end(), [text](int number) {
               return text.ends_with(fmt::format(" ({})", number));
           });
}

}  // namespace

bool is_connection_loss(unsigned error_number) {
    return contains(kLossErrors, error_number);
}

Errc classify_connect_error(unsigned error_number, std::string_view text) {
    if (error_number == kTlsError) {
        return was_broken_off(text) ? Errc::interrupted : Errc::refused;
    }
    const bool temporary =
        is_connection_loss(error_number) || contains(kTemporaryConnectErrors, error_number);
    return temporary ? Errc::interrupted : Errc::refused;
}

Errc classify_statement_error(unsigned error_number) {
    return is_connection_loss(error_number) ? Errc::interrupted : Errc::failed;
}

std::string describe_error(std::string_view text, const ServerError& server) {
    if (server.number == 0) {
        return std::string(text);
    }
    return fmt::format("{} (error {}, SQLSTATE {})", text, server.number, server.sqlstate);
}

}  // namespace doppel::sql
