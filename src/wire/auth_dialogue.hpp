// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "wire/handshake.hpp"
#include "wire/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doppel::wire {

enum class TlsUse {
    never,
    when_offered,  ///< plain text if the server has no TLS
    always,        ///< no TLS is a failure
};

/// What authentication needs to know. Holds the password; move-only.
struct AuthSettings {
    std::string user;
    Secret password;
    std::string schema;  ///< schema to start in; empty for none
    TlsUse tls = TlsUse::when_offered;
    /// A Unix socket: the password may travel as it is, as over TLS.
    bool private_channel = false;
    /// RSA key of the server in PEM form, read from a file; empty for none. Goes before asking.
    std::string server_public_key;
    /// Whether that key may be asked from the server. Without TLS the answer proves nothing about
    /// who sent it, so this is off by default, as in the mysql client.
    bool request_public_key = false;
    std::vector<std::pair<std::string, std::string>> attributes{{"program_name", "doppel"}};
};

/// What the driver does next.
enum class AuthStep {
    read,       ///< read a packet and pass it to on_packet()
    send,       ///< send `payload` as one packet, then as for read
    start_tls,  ///< send `payload`, make the TLS handshake, then call on_tls_started()
    done,       ///< authenticated
    failed,     ///< close the connection and report `failure`
};

/// Why a dialogue failed. Errc::refused: the server or a setting said no; Errc::interrupted: the
/// server sent something impossible or is going away. Never holds the password or its scrambles.
struct AuthFailure {
    Errc code = Errc::refused;
    std::string message;
    std::optional<ServerError> server;
};

struct AuthAction {
    AuthStep step = AuthStep::read;
    Secret payload;
    AuthFailure failure;
};

/// The connection phase as a state machine without I/O: packets in, actions out (MySQL Internals,
/// "Connection Phase"). Methods: caching_sha2_password, mysql_native_password; an account with
/// another one fails by its name.
///
///   dialogue := greeting [ start_tls ] response { auth_switch | more_data } ( OK | ERR )
///
/// Start by passing the greeting to on_packet(). After `done` or `failed` every call gives
/// `failed`. The driver numbers packets (PacketFramer) and must refuse bytes received in plain text
/// beyond the greeting when told to start TLS.
class AuthDialogue final {
public:
    explicit AuthDialogue(AuthSettings settings);

    [[nodiscard]] AuthAction on_packet(std::string_view payload);
    [[nodiscard]] AuthAction on_tls_started();

    /// What the server said about itself; empty before its greeting.
    [[nodiscard]] const ServerGreeting& greeting() const noexcept { return greeting_; }
    /// Flags both sides agreed on; 0 before the greeting.
    [[nodiscard]] std::uint32_t capabilities() const noexcept { return capabilities_; }

private:
    enum class State {
        greeting,    ///< nothing came yet
        tls,         ///< the TLS handshake is going on
        result,      ///< scramble sent: OK, ERR, a switch or more data follow
        public_key,  ///< asked for the RSA key
        finished,
    };

    [[nodiscard]] AuthAction on_greeting(std::string_view payload);
    [[nodiscard]] AuthAction on_result(std::string_view payload);
    [[nodiscard]] AuthAction on_auth_switch(std::string_view payload);
    [[nodiscard]] AuthAction on_sha2_verdict(std::string_view data);
    [[nodiscard]] AuthAction send_response();
    [[nodiscard]] AuthAction send_full_password();
    [[nodiscard]] AuthAction send_encrypted_password(std::string_view public_key);
    [[nodiscard]] Secret scramble() const;
    [[nodiscard]] bool channel_is_safe() const noexcept {
        return secured_ || settings_.private_channel;
    }
    [[nodiscard]] AuthAction fail(Errc code, std::string message);
    [[nodiscard]] AuthAction fail_by_server(std::string_view payload);

    AuthSettings settings_;
    State state_ = State::greeting;
    ServerGreeting greeting_;
    std::uint32_t capabilities_ = 0;
    std::string plugin_;
    std::string nonce_;
    bool secured_ = false;
    unsigned packets_seen_ = 0;
};

}  // namespace doppel::wire
