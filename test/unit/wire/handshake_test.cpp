// SPDX-License-Identifier: Apache-2.0
#include "wire/handshake.hpp"

#include "samples.hpp"
#include "wire/capabilities.hpp"
#include "wire/scramble.hpp"

#include <gtest/gtest.h>

namespace doppel::wire {
namespace {

using samples::bytes;

TEST(ServerGreeting, IsReadFromMySql) {
    const auto greeting = parse_greeting(samples::greeting());
    ASSERT_TRUE(greeting.ok()) << greeting.failure().message;
    EXPECT_EQ(greeting->server_version, "9.7.4-2");
    EXPECT_EQ(greeting->connection_id, 11u);
    EXPECT_EQ(greeting->capabilities, 0xdfffffffu);
    EXPECT_EQ(greeting->nonce, samples::greeting_nonce());
    EXPECT_EQ(greeting->auth_plugin, "caching_sha2_password");
}

TEST(ServerGreeting, IsReadFromMariaDbWhoseFirstFlagIsMissing) {
    // Built by hand after MariaDB 10.11's: prefix 5.5.5-, extended flags in the reserved bytes.
    const auto greeting = parse_greeting(
        bytes("0a352e352e352d31302e31312e31342d4d617269614442002a000000"
              "414243444546474800fef72d0200ff8115000000000000"
              "1d0000006162636465666768696a6b6c006d7973716c5f6e61746976655f70617373776f726400")
    );
    ASSERT_TRUE(greeting.ok()) << greeting.failure().message;
    EXPECT_EQ(greeting->server_version, "5.5.5-10.11.14-MariaDB");
    EXPECT_EQ(greeting->connection_id, 42u);
    EXPECT_EQ(greeting->nonce, "ABCDEFGHabcdefghijkl");
    EXPECT_EQ(greeting->auth_plugin, "mysql_native_password");
    EXPECT_EQ(greeting->capabilities & capability::kLongPassword, 0u);
}

TEST(ServerGreeting, EveryPrefixFailsUntilThePluginName) {
    const auto whole = samples::greeting();
    const auto name_at = whole.find("caching");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto greeting = parse_greeting(std::string_view(whole).substr(0, length));
        EXPECT_EQ(greeting.ok(), length >= name_at) << length;
    }
}

TEST(ServerGreeting, RefusesAnOtherProtocolAndAServerWithoutProtocol41) {
    auto other = samples::greeting();
    other[0] = 9;
    EXPECT_FALSE(parse_greeting(other).ok());
    auto old = samples::greeting();
    const auto flags_at = old.find('\0') + 1 + 4 + 8 + 1;
    old[flags_at + 1] = static_cast<char>(0xfd);
    EXPECT_FALSE(parse_greeting(old).ok());
}

TEST(HandshakeResponse, EqualsTheOneTheServerAccepted) {
    const auto scramble = scramble_caching_sha2("doppel", samples::greeting_nonce());
    HandshakeResponse response;
    response.capabilities = 0x0138a205;
    response.user = "doppel";
    response.auth_plugin = "caching_sha2_password";
    response.auth_data = scramble.view();
    response.attributes = {{"program_name", "doppel"}};
    EXPECT_EQ(encode_handshake_response(response).view(), samples::response());
}

TEST(HandshakeResponse, LeavesOutWhatWasNotAgreed) {
    HandshakeResponse response;
    response.capabilities = capability::kProtocol41 | capability::kConnectWithSchema;
    response.user = "u";
    response.schema = "s";
    response.auth_plugin = "p";
    response.auth_data = "xy";
    response.attributes = {{"a", "b"}};
    const auto encoded = encode_handshake_response(response);
    EXPECT_EQ(encoded.view().substr(32), std::string_view("u\0\2xys\0", 7));
}

TEST(TlsRequest, IsTheFixedPartOfTheResponseWithTheTlsFlag) {
    const auto request = encode_tls_request(0x0138a205);
    EXPECT_EQ(request.size(), 32u);
    EXPECT_EQ(request.substr(0, 4), bytes("05aa3801"));
    EXPECT_EQ(request.substr(4), samples::response().substr(4, 28));
}

TEST(AuthSwitch, GivesPluginAndNonce) {
    const std::string payload("\xfemysql_native_password\0abcdefghijklmnopqrst\0", 44);
    const auto request = parse_auth_switch(payload);
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->plugin, "mysql_native_password");
    EXPECT_EQ(request->nonce, "abcdefghijklmnopqrst");
}

TEST(AuthSwitch, FailsWithoutAWholePluginName) {
    const std::string payload("\xfemysql_native_password\0", 23);
    for (std::size_t length = 0; length < payload.size(); ++length) {
        EXPECT_FALSE(parse_auth_switch(std::string_view(payload).substr(0, length)).ok()) << length;
    }
    EXPECT_TRUE(parse_auth_switch(payload).ok());
    EXPECT_FALSE(parse_auth_switch(std::string("\xfe\0x", 3)).ok());
    EXPECT_FALSE(parse_auth_switch("\xfe" + std::string(65, 'p') + std::string(1, '\0')).ok());
    EXPECT_FALSE(parse_auth_switch(std::string("\xfep\0", 3) + std::string(300, 'n')).ok());
}

TEST(AuthSwitch, MakesTheNameSafeToPrint) {
    const auto request = parse_auth_switch(std::string("\xfe\x1b[2J\0", 6));
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->plugin, "?[2J");
}

}  // namespace
}  // namespace doppel::wire
