// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace doppel {

/// TLS modes as the `mysql` client names them (MySQL manual, "--ssl-mode").
enum class SslMode { disabled, preferred, required, verify_ca, verify_identity };

/// A server among several.
struct ServerAddress {
    std::string host;
    std::uint16_t port = 0;  ///< 0: 3306

    /// "host:port", brackets around an IPv6 address.
    [[nodiscard]] std::string str() const;
    bool operator==(const ServerAddress&) const = default;
};

/// How to reach a server; the same meaning as the `mysql` client's options. Used for SQL sessions
/// and for the binlog feed. Copyable; holds the password, so it is never logged as a whole.
struct ConnectionOptions {
    std::string host =
        "localhost";         ///< "localhost" without a port means the Unix socket, as in mysql
    std::uint16_t port = 0;  ///< 0: 3306
    std::string socket;      ///< path of a Unix socket; empty: TCP unless host is "localhost"
    /// Servers that replicate from each other, one of which takes writes: that one is meant, and
    /// `host`, `port` and `socket` are not used. Empty: these are.
    std::vector<ServerAddress> members;
    std::string user;
    std::string password;
    std::string default_schema;  ///< schema for statements that name none; may be empty
    SslMode ssl_mode = SslMode::preferred;
    std::string ssl_ca;
    std::string ssl_capath;
    std::string ssl_cert;
    std::string ssl_key;
    std::string ssl_cipher;
    std::string tls_version;
    std::string server_public_key_path;  ///< RSA key for caching_sha2_password without TLS
    bool get_server_public_key = false;  ///< ask the server for that key
    std::chrono::milliseconds connect_timeout{10'000};  ///< range 100 ms .. 1 h
    /// The longest silence on a connection before it counts as lost. A statement may run longer on
    /// SQL sessions; see sql::Session.
    std::chrono::milliseconds read_timeout{60'000};

    /// True when the Unix socket is used.
    [[nodiscard]] bool uses_socket() const;
    [[nodiscard]] std::uint16_t effective_port() const { return port == 0 ? 3306 : port; }
    /// The same for one of the members.
    [[nodiscard]] ConnectionOptions at(const ServerAddress& member) const;
    /// "user@host:port", "user@socket" or "user@host:port,host:port"; safe to print.
    [[nodiscard]] std::string describe() const;
};

}  // namespace doppel
