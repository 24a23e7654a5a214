// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>  // Boost 1.74's awaitable.hpp needs std::exchange before it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace doppel::feed {

/// A byte stream to a server over TCP or a Unix socket, with TLS on top once asked for. One read
/// and one write at a time, on one executor. Every wait ends by its time limit: the socket is then
/// closed. All failures throw Error(interrupted) with the peer in the text, except a server whose
/// certificate or TLS parameters are unacceptable: Error(refused).
///
/// The coroutines use the object: it must outlive them.
class Transport final {
public:
    using Clock = std::chrono::steady_clock;

    /// `peer` names the server in messages.
    Transport(boost::asio::any_io_executor executor, std::string peer);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// Tries every address of `host`; an address that is silent gets its share of the time.
    boost::asio::awaitable<void> connect_tcp(
        std::string host, std::uint16_t port, Clock::time_point until
    );
    boost::asio::awaitable<void> connect_unix(std::string path, Clock::time_point until);

    /// `host` is sent as SNI and, with `verify_host`, must be in the server's certificate.
    boost::asio::awaitable<void> start_tls(
        boost::asio::ssl::context context,
        std::string host,
        bool verify_host,
        Clock::time_point until
    );
    /// "TLSv1.3 TLS_AES_256_GCM_SHA384", or "plain text".
    [[nodiscard]] std::string describe_security() const;

    /// At least one byte into `data`; `timeout` bounds the silence.
    boost::asio::awaitable<std::size_t> read_some(
        char* data, std::size_t size, std::chrono::milliseconds timeout
    );
    boost::asio::awaitable<void> write(wire::Secret bytes, std::chrono::milliseconds timeout);

    /// Sends what the socket takes at once; failure is ignored. For a farewell.
    void write_without_waiting(const wire::Secret& bytes) noexcept;
    /// A pending operation ends with Error(interrupted). May be called repeatedly.
    void close() noexcept;

private:
    using Socket = boost::asio::generic::stream_protocol::socket;
    struct Link;
    class Deadline;

    boost::asio::awaitable<boost::asio::ip::tcp::resolver::results_type> resolve(
        std::string host, std::uint16_t port, Clock::time_point until
    );
    boost::asio::awaitable<boost::system::error_code> connect_to(
        boost::asio::generic::stream_protocol::endpoint endpoint, Clock::time_point until
    );
    std::size_t read_more_records(char* data, std::size_t size) noexcept;
    [[noreturn]] void throw_lost(
        const boost::system::error_code& error, bool timed_out, const char* doing
    ) const;
    [[noreturn]] void throw_tls_failed(const boost::system::error_code& error, bool timed_out);

    std::string peer_;
    std::shared_ptr<Link> link_;
    std::optional<boost::asio::ssl::context> tls_context_;
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace doppel::feed
