// SPDX-License-Identifier: Apache-2.0
#include "feed_fixture.hpp"

#include <chrono>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::feed {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// Plays a server for one connection: sends `greeting`, then stays silent or closes.
class FeedFake : public FeedConnection {
protected:
    Outcome against(std::string greeting, bool stay, std::chrono::milliseconds timeout = 10s) {
        asio::ip::tcp::acceptor acceptor(io_, {asio::ip::make_address("127.0.0.1"), 0});
        asio::ip::tcp::socket peer(io_);
        acceptor.async_accept(peer, [&](boost::system::error_code error) {
            if (!error) {
                asio::write(peer, asio::buffer(greeting), error);
                if (!stay) {
                    peer.close();
                }
            }
        });
        ConnectionOptions options;
        options.host = "127.0.0.1";
        options.port = acceptor.local_endpoint().port();
        options.user = "u";
        options.password = "hidden-Pa55word";
        options.connect_timeout = timeout;
        const auto outcome = open_outcome(options);
        EXPECT_TRUE(outcome.threw);
        EXPECT_THAT(outcome.text, HasSubstr(options.describe()));
        EXPECT_THAT(outcome.text, Not(HasSubstr(options.password)));
        return outcome;
    }

    /// A greeting that offers TLS and mysql_native_password.
    static std::string greeting() {
        std::string payload(
            "\x0a"
            "8.0.0\0\1\0\0\0abcdefgh\0\xff\xff\x2d\2\0\xff\xff\x15",
            28
        );
        payload += std::string(10, '\0') + std::string("ijklmnopqrst\0", 13);
        payload += std::string("mysql_native_password\0", 22);
        return std::string{static_cast<char>(payload.size()), '\0', '\0', '\0'} + payload;
    }
};

TEST_F(FeedFake, ASilentServerEndsByTheTimeLimit) {
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = against("", true, 400ms);
    EXPECT_EQ(outcome.code, Errc::interrupted);
    EXPECT_THAT(outcome.text, HasSubstr("no answer in time"));
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 350ms);
    EXPECT_LT(took, 9s);
}

TEST_F(FeedFake, ASilenceInTheTlsHandshakeEndsByTheTimeLimit) {
    const auto outcome = against(greeting(), true, 3s);
    EXPECT_EQ(outcome.code, Errc::interrupted);
    EXPECT_THAT(outcome.text, HasSubstr("starting TLS: no answer in time"));
}

TEST_F(FeedFake, PlainTextBehindTheGreetingIsNotTakenIntoTls) {
    const auto outcome = against(greeting() + std::string("\7\0\0\2\0\0\0\2\0\0\0", 11), true);
    EXPECT_EQ(outcome.code, Errc::refused);
    EXPECT_THAT(outcome.text, HasSubstr("plain text"));
}

TEST_F(FeedFake, AServerThatHangsUpIsAnInterruption) {
    EXPECT_EQ(against("", false).code, Errc::interrupted);
    EXPECT_EQ(against(greeting().substr(0, 30), false).code, Errc::interrupted);
}

TEST_F(FeedFake, ARefusalInPlaceOfTheGreetingIsReported) {
    const auto outcome = against(std::string("\x15\0\0\0\xff\x6a\4Host is not allowed", 26), true);
    EXPECT_EQ(outcome.code, Errc::refused);
    EXPECT_EQ(outcome.number, 1130u);
}

TEST_F(FeedFake, GarbageEndsItWithAReason) {
    EXPECT_EQ(against("HTTP/1.1 400 Bad Request\r\n\r\n", true).code, Errc::failed);
    EXPECT_EQ(against(std::string("\1\0\0\5x", 5), true).code, Errc::interrupted);
}

TEST_F(FeedFake, NobodyListeningIsAnInterruption) {
    ConnectionOptions options;
    options.host = "127.0.0.1";
    {
        const asio::ip::tcp::acceptor closed(io_, {asio::ip::make_address("127.0.0.1"), 0});
        options.port = closed.local_endpoint().port();
    }
    EXPECT_EQ(open_outcome(options).code, Errc::interrupted);
    options.socket = "/nonexistent/doppel.sock";
    EXPECT_EQ(open_outcome(options).code, Errc::interrupted);
    options.socket = "";
    options.host = "no-such-host.invalid";
    options.connect_timeout = 5s;
    EXPECT_EQ(open_outcome(options).code, Errc::interrupted);
}

}  // namespace
}  // namespace doppel::feed
