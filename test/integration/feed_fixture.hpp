// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "feed/connection.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace doppel::feed {

using Connected = std::unique_ptr<Connection>;

struct Outcome {
    bool threw = false;
    Errc code = Errc::failed;
    unsigned number = 0;
    std::string text;
};

/// One io_context per test; every run must leave it without work.
class FeedConnection : public testing::Test {
protected:
    void run(const std::function<boost::asio::awaitable<void>()>& body) {
        io_.restart();
        boost::asio::co_spawn(io_, body(), [](const std::exception_ptr& error) {
            if (error) {
                std::rethrow_exception(error);
            }
        });
        io_.run();
        EXPECT_TRUE(io_.stopped());
    }

    Outcome outcome_of(const std::function<boost::asio::awaitable<void>()>& body) {
        Outcome outcome;
        try {
            run(body);
        } catch (const Error& error) {
            outcome = {true, error.code(), error.server_errno(), error.what()};
            io_.run();
        }
        return outcome;
    }

    Outcome open_outcome(const ConnectionOptions& options) {
        return outcome_of([&]() -> boost::asio::awaitable<void> {
            const auto connection = co_await open(options);
            (void)connection;
        });
    }

    boost::asio::awaitable<Connected> open(ConnectionOptions options) {
        return Connection::open(io_.get_executor(), std::move(options), Logger());
    }

    boost::asio::io_context io_;
};

}  // namespace doppel::feed
