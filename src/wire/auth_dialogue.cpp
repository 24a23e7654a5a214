// SPDX-License-Identifier: Apache-2.0
#include "wire/auth_dialogue.hpp"

#include "wire/capabilities.hpp"
#include "wire/response.hpp"
#include "wire/scramble.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::wire {

namespace {

constexpr std::string_view kNative = "mysql_native_password";
constexpr std::string_view kCachingSha2 = "caching_sha2_password";

constexpr std::uint8_t kMoreDataHeader = 0x01;

// Data of caching_sha2_password (server: sql/auth/sha2_password_common.h and sha2_password.cc).
constexpr char kRequestPublicKey = 2;
constexpr char kFastAuthSuccess = 3;
constexpr char kPerformFullAuth = 4;

// The longest honest dialogue takes six packets; a server may not keep us in it for ever.
constexpr unsigned kMaxPackets = 16;

bool is_supported(std::string_view plugin) {
    return plugin == kNative || plugin == kCachingSha2;
}

bool has_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
}

AuthAction send(Secret payload) {
    return {AuthStep::send, std::move(payload), {}};
}

}  // namespace

AuthDialogue::AuthDialogue(AuthSettings settings) : settings_(std::move(settings)) {}

AuthAction AuthDialogue::fail(Errc code, std::string message) {
    state_ = State::finished;
    settings_.password = Secret();
    AuthAction action;
    action.step = AuthStep::failed;
    action.failure = AuthFailure{code, std::move(message), std::nullopt};
    return action;
}

AuthAction AuthDialogue::fail_by_server(std::string_view payload) {
    const auto err = parse_err(payload);
    if (!err) {
        return fail(Errc::interrupted, err.failure().message);
    }
    AuthAction action = fail(classify(err->error, Errc::refused), err->str());
    action.failure.server = err->error;
    return action;
}

AuthAction AuthDialogue::on_packet(std::string_view payload) {
    if (++packets_seen_ > kMaxPackets) {
        return fail(Errc::interrupted, "the server does not come to an end of authentication");
    }
    if (is_err(payload) && state_ != State::finished && state_ != State::tls) {
        return fail_by_server(payload);
    }
    switch (state_) {
        case State::greeting:
            return on_greeting(payload);
        case State::result:
            return on_result(payload);
        case State::public_key:
            if (payload.empty() || static_cast<std::uint8_t>(payload.front()) != kMoreDataHeader) {
                return fail(Errc::interrupted, "the server sent no public key when asked for it");
            }
            return send_encrypted_password(payload.substr(1));
        case State::tls:
        case State::finished:
            break;
    }
    return fail(Errc::interrupted, "a packet came when authentication expected none");
}

AuthAction AuthDialogue::on_greeting(std::string_view payload) {
    auto greeting = parse_greeting(payload);
    if (!greeting) {
        return fail(Errc::interrupted, greeting.failure().message);
    }
    greeting_ = std::move(greeting).value();
    if (has_nul(settings_.user) || has_nul(settings_.schema) ||
        has_nul(settings_.password.view())) {
        return fail(Errc::refused, "user, password or schema contains a NUL byte");
    }
    namespace c = capability;
    std::uint32_t wanted = c::kLongPassword | c::kLongFlag | c::kProtocol41 | c::kTransactions |
                           c::kSecureConnection | c::kPluginAuth | c::kConnectAttributes |
                           c::kPluginAuthLengthEncoded | c::kDeprecateEof;
    if (!settings_.schema.empty()) {
        wanted |= c::kConnectWithSchema;
    }
    if (settings_.tls != TlsUse::never) {
        wanted |= c::kTls;
    }
    capabilities_ = wanted & (greeting_.capabilities | c::kLongPassword);
    nonce_ = greeting_.nonce;
    plugin_ = greeting_.auth_plugin;
    if (!is_supported(plugin_)) {
        // The account may still use a method we know; the server then asks to switch to it.
        plugin_ = plugin_.empty() ? kNative : kCachingSha2;
    }
    if ((capabilities_ & c::kTls) != 0) {
        state_ = State::tls;
        return {AuthStep::start_tls, Secret(encode_tls_request(capabilities_)), {}};
    }
    if (settings_.tls == TlsUse::always) {
        return fail(Errc::refused, "TLS is required, but the server does not offer it");
    }
    return send_response();
}

AuthAction AuthDialogue::on_tls_started() {
    if (state_ != State::tls) {
        return fail(Errc::interrupted, "TLS started when authentication did not expect it");
    }
    secured_ = true;
    return send_response();
}

Secret AuthDialogue::scramble() const {
    if (plugin_ == kNative) {
        return scramble_native(settings_.password.view(), nonce_);
    }
    // The empty password is a lone NUL here, unlike with mysql_native_password.
    return settings_.password.empty() ? Secret(std::string_view("\0", 1))
                                      : scramble_caching_sha2(settings_.password.view(), nonce_);
}

AuthAction AuthDialogue::send_response() {
    const Secret data = scramble();
    HandshakeResponse response;
    response.capabilities = capabilities_;
    response.user = settings_.user;
    response.schema = settings_.schema;
    response.auth_plugin = plugin_;
    response.auth_data = data.view();
    response.attributes = settings_.attributes;
    state_ = State::result;
    return send(encode_handshake_response(response));
}

AuthAction AuthDialogue::on_result(std::string_view payload) {
    if (payload.empty()) {
        return fail(Errc::interrupted, "an empty packet came during authentication");
    }
    switch (static_cast<std::uint8_t>(payload.front())) {
        case kOkHeader: {
            const auto ok = parse_ok(payload);
            if (!ok) {
                return fail(Errc::interrupted, ok.failure().message);
            }
            state_ = State::finished;
            settings_.password = Secret();
            return {AuthStep::done, {}, {}};
        }
        case kEofHeader:
            return on_auth_switch(payload);
        case kMoreDataHeader:
            return on_sha2_verdict(payload.substr(1));
        default:
            return fail(Errc::interrupted, "an unknown packet came during authentication");
    }
}

AuthAction AuthDialogue::on_auth_switch(std::string_view payload) {
    if (payload.size() == 1) {
        return fail(Errc::refused, "the account uses mysql_old_password, which is not supported");
    }
    auto request = parse_auth_switch(payload);
    if (!request) {
        return fail(Errc::interrupted, request.failure().message);
    }
    if (!is_supported(request->plugin)) {
        return fail(
            Errc::refused,
            fmt::format(
                "the account uses the authentication method {}, which is not supported; use an "
                "account with {} or {}",
                request->plugin,
                kCachingSha2,
                kNative
            )
        );
    }
    if (request->nonce.size() != kNonceBytes) {
        return fail(Errc::interrupted, "the server switched with a nonce of a wrong length");
    }
    plugin_ = std::move(request->plugin);
    nonce_ = std::move(request->nonce);
    return send(scramble());
}

AuthAction AuthDialogue::on_sha2_verdict(std::string_view data) {
    if (plugin_ == kCachingSha2 && data.size() == 1) {
        if (data.front() == kFastAuthSuccess) {
            return {};
        }
        if (data.front() == kPerformFullAuth) {
            return send_full_password();
        }
    }
    return fail(
        Errc::interrupted, fmt::format("{} was continued in an unknown way by the server", plugin_)
    );
}

AuthAction AuthDialogue::send_full_password() {
    if (channel_is_safe()) {
        const auto password = settings_.password.view();
        Secret payload = Secret::of_size(password.size() + 1);
        std::copy(password.begin(), password.end(), payload.data());
        return send(std::move(payload));
    }
    if (!settings_.server_public_key.empty()) {
        return send_encrypted_password(settings_.server_public_key);
    }
    if (settings_.request_public_key) {
        state_ = State::public_key;
        return send(Secret(std::string_view(&kRequestPublicKey, 1)));
    }
    return fail(
        Errc::refused,
        "caching_sha2_password needs TLS, a Unix socket or the server's RSA public key for an "
        "account it has not cached: allow TLS, or give --server-public-key-path or "
        "--get-server-public-key"
    );
}

AuthAction AuthDialogue::send_encrypted_password(std::string_view public_key) {
    const auto encrypted = encrypt_password(settings_.password.view(), nonce_, public_key);
    if (!encrypted) {
        return fail(Errc::refused, encrypted.failure().message);
    }
    state_ = State::result;
    return send(Secret(*encrypted));
}

}  // namespace doppel::wire
