// SPDX-License-Identifier: Apache-2.0
#include "wire/auth_dialogue.hpp"

#include "rsa_key.hpp"
#include "samples.hpp"
#include "wire/capabilities.hpp"
#include "wire/scramble.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::wire {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kPassword = "tr0ub4dor-secret";

const std::string kFastOk("\x01\x03");
const std::string kFullAuth("\x01\x04");
const std::string kOtherNonce = "abcdefghijklmnopqrst";

std::string greeting_of(std::string_view plugin, bool tls = true) {
    auto payload = samples::greeting();
    payload.resize(payload.find("caching"));
    payload += std::string(plugin) + '\0';
    if (!tls) {
        const auto flags_at = payload.find('\0') + 1 + 4 + 8 + 1;
        payload[flags_at + 1] = static_cast<char>(0xff & ~0x08);
    }
    return payload;
}

std::string switch_to(std::string_view plugin, std::string_view nonce = kOtherNonce) {
    return "\xfe" + std::string(plugin) + '\0' + std::string(nonce) + '\0';
}

AuthSettings settings(TlsUse tls = TlsUse::never) {
    AuthSettings out;
    out.user = "doppel";
    out.password = Secret(kPassword);
    out.tls = tls;
    return out;
}

std::string sha2(std::string_view nonce) {
    return std::string(scramble_caching_sha2(kPassword, nonce).view());
}

std::string native(std::string_view nonce) {
    return std::string(scramble_native(kPassword, nonce).view());
}

std::string sent(const AuthAction& action) {
    EXPECT_EQ(action.step, AuthStep::send) << action.failure.message;
    return std::string(action.payload.view());
}

void expect_failure(const AuthAction& action, Errc code, std::string_view text) {
    EXPECT_EQ(action.step, AuthStep::failed);
    EXPECT_EQ(action.failure.code, code);
    EXPECT_THAT(action.failure.message, HasSubstr(std::string(text)));
    EXPECT_THAT(action.failure.message, Not(HasSubstr(std::string(kPassword))));
}

TEST(AuthDialogue, CachedPasswordNeedsOnlyTheScramble) {
    AuthDialogue dialogue(settings());
    const auto response = sent(dialogue.on_packet(samples::greeting()));
    EXPECT_THAT(response, HasSubstr(sha2(samples::greeting_nonce())));
    EXPECT_THAT(response, HasSubstr("caching_sha2_password"));
    EXPECT_THAT(
        response,
        HasSubstr("\x0cprogram_name\x06"
                  "doppel")
    );
    EXPECT_THAT(response, Not(HasSubstr(std::string(kPassword))));
    EXPECT_EQ(dialogue.on_packet(kFastOk).step, AuthStep::read);
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
    EXPECT_EQ(dialogue.greeting().connection_id, 11u);
    EXPECT_NE(dialogue.capabilities() & capability::kDeprecateEof, 0u);
    EXPECT_EQ(dialogue.capabilities() & capability::kTls, 0u);
}

TEST(AuthDialogue, FullAuthenticationOverTlsSendsThePassword) {
    AuthDialogue dialogue(settings(TlsUse::always));
    const auto request = dialogue.on_packet(samples::greeting());
    ASSERT_EQ(request.step, AuthStep::start_tls);
    EXPECT_EQ(request.payload.view(), encode_tls_request(dialogue.capabilities()));
    EXPECT_THAT(sent(dialogue.on_tls_started()), HasSubstr(sha2(samples::greeting_nonce())));
    EXPECT_EQ(sent(dialogue.on_packet(kFullAuth)), std::string(kPassword) + '\0');
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
}

TEST(AuthDialogue, FullAuthenticationOverASocketSendsThePassword) {
    auto over_socket = settings();
    over_socket.private_channel = true;
    AuthDialogue dialogue(std::move(over_socket));
    (void)sent(dialogue.on_packet(samples::greeting()));
    EXPECT_EQ(sent(dialogue.on_packet(kFullAuth)), std::string(kPassword) + '\0');
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
}

std::string unmask(std::string text, std::string_view nonce) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = static_cast<char>(text[i] ^ nonce[i % nonce.size()]);
    }
    return text;
}

TEST(AuthDialogue, FullAuthenticationByAKeyAskedFromTheServer) {
    const testing_support::RsaKey key(2048);
    auto asking = settings();
    asking.request_public_key = true;
    AuthDialogue dialogue(std::move(asking));
    (void)sent(dialogue.on_packet(samples::greeting()));
    EXPECT_EQ(sent(dialogue.on_packet(kFullAuth)), "\x02");
    const auto encrypted = sent(dialogue.on_packet("\x01" + key.public_pem()));
    EXPECT_EQ(
        unmask(key.decrypt(encrypted), samples::greeting_nonce()), std::string(kPassword) + '\0'
    );
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
}

TEST(AuthDialogue, AKeyFromAFileIsUsedWithoutAsking) {
    const testing_support::RsaKey key(2048);
    auto with_file = settings();
    with_file.request_public_key = true;
    with_file.server_public_key = key.public_pem();
    AuthDialogue dialogue(std::move(with_file));
    (void)sent(dialogue.on_packet(greeting_of("mysql_native_password")));
    EXPECT_EQ(sent(dialogue.on_packet(switch_to("caching_sha2_password"))), sha2(kOtherNonce));
    const auto encrypted = sent(dialogue.on_packet(kFullAuth));
    EXPECT_EQ(unmask(key.decrypt(encrypted), kOtherNonce), std::string(kPassword) + '\0');
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
}

TEST(AuthDialogue, FullAuthenticationInPlainTextIsRefusedWithAdvice) {
    AuthDialogue dialogue(settings(TlsUse::when_offered));
    (void)sent(dialogue.on_packet(greeting_of("caching_sha2_password", false)));
    const auto action = dialogue.on_packet(kFullAuth);
    expect_failure(action, Errc::refused, "--get-server-public-key");
    EXPECT_TRUE(action.payload.empty());
}

TEST(AuthDialogue, NativePassword) {
    AuthDialogue dialogue(settings());
    const auto response = sent(dialogue.on_packet(greeting_of("mysql_native_password")));
    EXPECT_THAT(response, HasSubstr(native(samples::greeting_nonce())));
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
}

TEST(AuthDialogue, SwitchToNativePassword) {
    AuthDialogue dialogue(settings());
    (void)sent(dialogue.on_packet(samples::greeting()));
    EXPECT_EQ(sent(dialogue.on_packet(switch_to("mysql_native_password"))), native(kOtherNonce));
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
}

TEST(AuthDialogue, AnUnknownDefaultMethodOfTheServerIsNoObstacle) {
    AuthDialogue dialogue(settings());
    const auto response = sent(dialogue.on_packet(greeting_of("sha256_password")));
    EXPECT_THAT(response, HasSubstr("caching_sha2_password"));
    EXPECT_EQ(sent(dialogue.on_packet(switch_to("mysql_native_password"))), native(kOtherNonce));
}

TEST(AuthDialogue, AnAccountWithAnUnknownMethodFailsByItsName) {
    for (const std::string plugin : {"client_ed25519", "mysql_clear_password", "dialog"}) {
        AuthDialogue dialogue(settings(TlsUse::always));
        (void)dialogue.on_packet(samples::greeting());
        (void)sent(dialogue.on_tls_started());
        const auto action = dialogue.on_packet(switch_to(plugin));
        expect_failure(action, Errc::refused, plugin);
        EXPECT_TRUE(action.payload.empty());
    }
    AuthDialogue dialogue(settings());
    (void)sent(dialogue.on_packet(samples::greeting()));
    expect_failure(dialogue.on_packet("\xfe"), Errc::refused, "mysql_old_password");
}

TEST(AuthDialogue, AnEmptyPasswordIsALoneNulOrNothing) {
    auto sha2_settings = settings();
    sha2_settings.password = Secret();
    AuthDialogue sha2_dialogue(std::move(sha2_settings));
    EXPECT_THAT(
        sent(sha2_dialogue.on_packet(samples::greeting())),
        HasSubstr(std::string("doppel\0\1\0caching", 16))
    );
    auto native_settings = settings();
    native_settings.password = Secret();
    AuthDialogue native_dialogue(std::move(native_settings));
    EXPECT_THAT(
        sent(native_dialogue.on_packet(greeting_of("mysql_native_password"))),
        HasSubstr(std::string("doppel\0\0mysql", 13))
    );
}

TEST(AuthDialogue, TlsIsUsedWhenOfferedAndMissedWhenRequired) {
    AuthDialogue offered(settings(TlsUse::when_offered));
    EXPECT_EQ(offered.on_packet(samples::greeting()).step, AuthStep::start_tls);
    AuthDialogue missing(settings(TlsUse::when_offered));
    EXPECT_EQ(missing.on_packet(greeting_of("caching_sha2_password", false)).step, AuthStep::send);
    AuthDialogue required(settings(TlsUse::always));
    expect_failure(
        required.on_packet(greeting_of("caching_sha2_password", false)),
        Errc::refused,
        "TLS is required"
    );
}

TEST(AuthDialogue, TheServersRefusalIsReportedWithItsNumber) {
    const std::string denied = "\xff\x15\x04#28000Access denied for user 'doppel'";
    AuthDialogue dialogue(settings());
    (void)sent(dialogue.on_packet(samples::greeting()));
    const auto action = dialogue.on_packet(denied);
    expect_failure(action, Errc::refused, "Access denied");
    ASSERT_TRUE(action.failure.server.has_value());
    EXPECT_EQ(action.failure.server->number, 1045u);

    AuthDialogue crowded(settings());
    expect_failure(
        crowded.on_packet("\xff\x10\x04Too many connections"),
        Errc::interrupted,
        "Too many connections"
    );
}

TEST(AuthDialogue, NothingGoesOnAfterTheEnd) {
    AuthDialogue dialogue(settings());
    (void)sent(dialogue.on_packet(samples::greeting()));
    EXPECT_EQ(dialogue.on_packet(samples::ok()).step, AuthStep::done);
    expect_failure(dialogue.on_packet(kFullAuth), Errc::interrupted, "expected none");
    expect_failure(dialogue.on_tls_started(), Errc::interrupted, "did not expect");
}

TEST(AuthDialogue, AServerCannotKeepItGoingForEver) {
    AuthDialogue dialogue(settings());
    (void)sent(dialogue.on_packet(samples::greeting()));
    AuthStep step = AuthStep::read;
    int packets = 0;
    while (step != AuthStep::failed && packets < 100) {
        step = dialogue.on_packet(kFastOk).step;
        ++packets;
    }
    EXPECT_LT(packets, 20);
}

TEST(AuthDialogue, ANulInAnAccountNameIsRefused) {
    auto odd = settings();
    odd.user = std::string("a\0b", 3);
    AuthDialogue dialogue(std::move(odd));
    expect_failure(dialogue.on_packet(samples::greeting()), Errc::refused, "NUL");
}

// Every packet of every dialogue, replaced by each of its prefixes: no crash, an end without the
// password in the text, and never the plain password on a channel that is not safe.
TEST(AuthDialogue, EveryPrefixOfEveryPacketEndsOrGoesOnCleanly) {
    const testing_support::RsaKey key(1024);
    const std::vector<std::vector<std::string>> dialogues{
        {samples::greeting(), kFastOk, samples::ok()},
        {samples::greeting(), kFullAuth, "\x01" + key.public_pem(), samples::ok()},
        {greeting_of("mysql_native_password"), switch_to("caching_sha2_password"), samples::ok()},
        {samples::greeting(), switch_to("mysql_native_password"), samples::unknown_column()},
    };
    for (const auto& packets : dialogues) {
        for (std::size_t bad = 0; bad < packets.size(); ++bad) {
            for (std::size_t length = 0; length < packets[bad].size(); ++length) {
                auto asking = settings();
                asking.request_public_key = true;
                AuthDialogue dialogue(std::move(asking));
                for (std::size_t i = 0; i < bad; ++i) {
                    ASSERT_NE(dialogue.on_packet(packets[i]).step, AuthStep::failed);
                }
                const auto action = dialogue.on_packet(packets[bad].substr(0, length));
                EXPECT_NE(action.step, AuthStep::done) << bad << ' ' << length;
                EXPECT_THAT(action.failure.message, Not(HasSubstr(std::string(kPassword))));
                EXPECT_THAT(
                    std::string(action.payload.view()), Not(HasSubstr(std::string(kPassword)))
                );
            }
        }
    }
}

}  // namespace
}  // namespace doppel::wire
