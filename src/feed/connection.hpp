// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "mysql/server_version.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>  // Boost 1.74's awaitable.hpp needs std::exchange before it
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace doppel::feed {

/// One connection that speaks the client protocol over Asio (MySQL Internals, "Client/Server
/// Protocol"): the driver of the dialogues in `wire`. Used on one executor. Every wait is bounded
/// by a timeout; a lost or silent connection throws Error(interrupted), a refused account
/// Error(refused). Not copyable; closing the socket ends a pending read with Error(interrupted).
class Connection {
public:
    virtual ~Connection() = default;

    /// Connects, negotiates TLS and authenticates. `executor` must outlive the connection.
    static boost::asio::awaitable<std::unique_ptr<Connection>> open(
        boost::asio::any_io_executor executor, ConnectionOptions options, Logger logger
    );

    /// Runs one statement and reads its whole text result (empty for none). For set-up statements;
    /// a result above 16 MiB is refused. A server error throws Error(failed) with its number.
    virtual boost::asio::awaitable<std::vector<std::vector<std::optional<std::string>>>> query(
        std::string statement
    ) = 0;

    /// Starts a command: resets the packet sequence and sends `payload` (command byte first).
    virtual boost::asio::awaitable<void> send_command(std::string payload) = 0;

    /// The next logical packet, parts of 16 MiB joined, bounded by `max_bytes`. The view is valid
    /// until the next read. Throws Error(interrupted) when nothing came for `timeout`.
    virtual boost::asio::awaitable<std::string_view> read_packet(
        std::chrono::milliseconds timeout, std::size_t max_bytes
    ) = 0;

    /// The next packet if it has come already; nothing where read_packet would have to wait. Spares
    /// a coroutine per packet. Views given out before stay valid. Throws as read_packet does.
    virtual std::optional<std::string_view> next_received(std::size_t max_bytes) = 0;

    virtual void close() = 0;
    [[nodiscard]] virtual mysql::ServerVersion version() const = 0;
    [[nodiscard]] virtual std::uint32_t connection_id() const = 0;
};

}  // namespace doppel::feed
