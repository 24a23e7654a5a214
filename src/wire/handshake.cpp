// SPDX-License-Identifier: Apache-2.0
#include "wire/handshake.hpp"

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "wire/capabilities.hpp"
#include "wire/response.hpp"

#include <algorithm>

namespace doppel::wire {

namespace {

constexpr std::size_t kMaxVersionBytes = 256;
constexpr std::size_t kMaxPluginBytes = 64;

// What a client states as its own limit; the server bounds packets by max_allowed_packet anyway.
constexpr std::uint32_t kMaxPacketBytes = 1u << 30;

void append_fixed_part(base::ByteWriter& out, std::uint32_t capabilities) {
    out.u32(capabilities).u32(kMaxPacketBytes).u8(kClientCollation).zeros(23);
}

// Old servers forgot the NUL behind the last string of a packet.
std::string_view string_to_nul_or_end(base::ByteReader& reader) {
    const auto rest = reader.rest();
    return rest.substr(0, rest.find('\0'));
}

}  // namespace

base::Result<ServerGreeting> parse_greeting(std::string_view payload) {
    base::ByteReader reader(payload);
    ServerGreeting greeting;
    constexpr std::uint8_t kProtocolVersion = 10;
    if (reader.u8() != kProtocolVersion) {
        return base::Failure{"not a greeting of protocol version 10", 0};
    }
    const auto version = reader.nul_terminated();
    if (version.size() > kMaxVersionBytes) {
        return base::Failure{"server version too long", reader.position()};
    }
    greeting.server_version = printable(version, kMaxVersionBytes);
    greeting.connection_id = reader.u32();
    greeting.nonce = reader.bytes(8);
    reader.skip(1);
    greeting.capabilities = reader.u16();
    reader.skip(3);  // default collation and status: of no use before authentication
    greeting.capabilities |= std::uint32_t{reader.u16()} << 16;
    const std::size_t nonce_bytes_claimed = reader.u8();
    reader.skip(10);
    constexpr std::uint32_t kNeeded = capability::kProtocol41 | capability::kSecureConnection;
    if (!reader.ok() || (greeting.capabilities & kNeeded) != kNeeded) {
        return base::Failure{"greeting cut short or of a server before 4.1", reader.position()};
    }
    constexpr std::size_t kSecondPartBytes = kNonceBytes - 8;
    greeting.nonce += reader.bytes(kSecondPartBytes);
    // The second part has a closing NUL, and is longer only for methods not known yet.
    const std::size_t claimed = std::max<std::size_t>(nonce_bytes_claimed, kNonceBytes + 1);
    reader.skip(claimed - kNonceBytes);
    if (!reader.ok()) {
        return base::Failure{"greeting with a cut nonce", reader.position()};
    }
    if ((greeting.capabilities & capability::kPluginAuth) != 0) {
        greeting.auth_plugin = printable(string_to_nul_or_end(reader), kMaxPluginBytes);
    }
    return greeting;
}

std::string encode_tls_request(std::uint32_t capabilities) {
    base::ByteWriter out;
    append_fixed_part(out, capabilities | capability::kTls);
    return std::move(out).str();
}

Secret encode_handshake_response(const HandshakeResponse& response) {
    const auto announced = [&](std::uint32_t flag) { return (response.capabilities & flag) != 0; };
    base::ByteWriter out;
    append_fixed_part(out, response.capabilities);
    out.nul_terminated(response.user);
    if (announced(capability::kPluginAuthLengthEncoded)) {
        out.length_encoded_string(response.auth_data);
    } else {
        const auto data = response.auth_data.substr(0, 255);
        out.u8(static_cast<std::uint8_t>(data.size())).bytes(data);
    }
    if (announced(capability::kConnectWithSchema)) {
        out.nul_terminated(response.schema);
    }
    if (announced(capability::kPluginAuth)) {
        out.nul_terminated(response.auth_plugin);
    }
    if (announced(capability::kConnectAttributes)) {
        base::ByteWriter attributes;
        for (const auto& [name, value] : response.attributes) {
            attributes.length_encoded_string(name).length_encoded_string(value);
        }
        out.length_encoded_string(attributes.str());
    }
    std::string bytes = std::move(out).str();
    Secret secret(bytes);
    wipe(bytes);
    return secret;
}

base::Result<AuthSwitch> parse_auth_switch(std::string_view payload) {
    base::ByteReader reader(payload);
    if (reader.u8() != kEofHeader || reader.at_end()) {
        return base::Failure{"not a request to switch the authentication method", 0};
    }
    AuthSwitch request;
    const auto plugin = reader.nul_terminated();
    auto nonce = reader.rest();
    if (!reader.ok() || plugin.empty() || plugin.size() > kMaxPluginBytes) {
        return base::Failure{"malformed request to switch the authentication method", 1};
    }
    if (!nonce.empty() && nonce.back() == '\0') {
        nonce.remove_suffix(1);
    }
    constexpr std::size_t kMaxNonceBytes = 255;
    if (nonce.size() > kMaxNonceBytes) {
        return base::Failure{"nonce too long", plugin.size() + 2};
    }
    request.plugin = printable(plugin, kMaxPluginBytes);
    request.nonce = nonce;
    return request;
}

}  // namespace doppel::wire
