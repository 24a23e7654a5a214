// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "wire/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doppel::wire {

/// Length of the random bytes every supported authentication method mixes in.
inline constexpr std::size_t kNonceBytes = 20;

/// utf8mb4_general_ci: the one utf8mb4 collation that all supported servers number alike.
inline constexpr std::uint8_t kClientCollation = 45;

/// The server's first packet (MySQL Internals, "Protocol::HandshakeV10").
struct ServerGreeting {
    std::string server_version;  ///< as sent; parse with mysql::ServerVersion
    std::uint32_t connection_id = 0;
    std::uint32_t capabilities = 0;
    std::string nonce;        ///< kNonceBytes bytes
    std::string auth_plugin;  ///< the server's default; empty when it names none
};

/// Fails for another protocol version and for servers without CLIENT_PROTOCOL_41 or a full nonce.
/// An ERR packet in place of the greeting is the caller's to recognise.
[[nodiscard]] base::Result<ServerGreeting> parse_greeting(std::string_view payload);

/// "Protocol::SSLRequest": sent before TLS starts; `capabilities` must include kTls.
[[nodiscard]] std::string encode_tls_request(std::uint32_t capabilities);

/// "Protocol::HandshakeResponse41". Fields that `capabilities` does not announce are left out.
struct HandshakeResponse {
    std::uint32_t capabilities = 0;
    std::string_view user;    ///< without NUL bytes
    std::string_view schema;  ///< without NUL bytes; empty for none
    std::string_view auth_plugin;
    std::string_view auth_data;
    std::vector<std::pair<std::string, std::string>> attributes;
};
[[nodiscard]] Secret encode_handshake_response(const HandshakeResponse& response);

/// "Protocol::AuthSwitchRequest": another method, with a nonce of its own.
struct AuthSwitch {
    std::string plugin;
    std::string nonce;  ///< without its closing NUL; its length depends on the method
};
[[nodiscard]] base::Result<AuthSwitch> parse_auth_switch(std::string_view payload);

}  // namespace doppel::wire
