// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event_handler.hpp"
#include "binlog/transaction_reader.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "feed/connection.hpp"
#include "feed/read_pacing.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>  // Boost 1.74's awaitable.hpp needs std::exchange before it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace doppel::feed {

struct StreamOptions {
    /// Period of heartbeats asked of the server while it has no events; 100 ms..1 h. Silence of
    /// three periods (at least 3 s) counts as a lost connection.
    std::chrono::milliseconds heartbeat{1'000};
    /// The first pause before a reconnect; doubles up to `backoff_max`.
    std::chrono::milliseconds backoff_min{100};
    std::chrono::milliseconds backoff_max{10'000};
    /// Give up when no event was read for this long despite reconnecting.
    std::chrono::milliseconds reconnect_limit{300'000};
    /// Our server id as a replica; nothing: a random one of 0x70000000..0x7fffffff that no replica
    /// of the server uses.
    std::optional<std::uint32_t> server_id;
};

/// Reads a server's binlog like a replica and feeds an EventHandler with it; survives lost
/// connections without losing or repeating a whole transaction. All calls, the handler's too, are
/// made on `executor`, which must run on one thread.
class BinlogStream final {
public:
    /// `handler` must outlive the stream.
    BinlogStream(
        boost::asio::any_io_executor executor,
        ConnectionOptions connection,
        binlog::StartPosition start,
        StreamOptions options,
        binlog::EventHandler& handler,
        Logger logger
    );
    ~BinlogStream();
    BinlogStream(const BinlogStream&) = delete;
    BinlogStream& operator=(const BinlogStream&) = delete;

    /// Reads until stop(). Returns then; throws Error(interrupted) when the server stayed away for
    /// `reconnect_limit`, Error(failed) when it refuses (start position purged, no privilege) or
    /// sent something malformed. Run it once.
    boost::asio::awaitable<void> run();

    /// Ends run() soon, at the latest after ConnectionOptions::connect_timeout (when it is just
    /// connecting); no handler call is made after run() returned. May be called from the handler.
    void stop();
    /// To be called when the handler is no longer full.
    void resume();

    /// Behind the last transaction that was delivered whole.
    [[nodiscard]] const binlog::StreamPosition& position() const { return reader_.position(); }
    /// Connections after the first that events came over.
    [[nodiscard]] std::uint64_t reconnects() const noexcept { return reconnects_; }
    [[nodiscard]] std::uint64_t events_read() const noexcept { return reader_.events_read(); }
    /// Bytes of events received.
    [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }
    /// Timestamp of the newest event, seconds since 1970; 0: none yet.
    [[nodiscard]] std::uint32_t last_timestamp() const noexcept { return reader_.last_timestamp(); }
    /// When the last event came, heartbeats included.
    [[nodiscard]] std::chrono::steady_clock::time_point last_contact() const noexcept {
        return last_contact_;
    }
    /// True while a dump thread of the server serves us.
    [[nodiscard]] bool connected() const noexcept { return dumping_; }
    /// Connection id of the dump thread; 0 when not connected.
    [[nodiscard]] std::uint32_t connection_id() const;

private:
    boost::asio::awaitable<void> connect();
    boost::asio::awaitable<void> prepare_session();
    boost::asio::awaitable<void> require_same_server();
    boost::asio::awaitable<void> choose_server_id();
    boost::asio::awaitable<void> start_dump();
    boost::asio::awaitable<void> read_events();
    boost::asio::awaitable<void> wait_until_not_full();
    boost::asio::awaitable<void> pause(
        boost::asio::steady_timer& timer, std::chrono::milliseconds duration
    );
    void read_event(std::string_view packet);
    void read_more();
    template <class Read>
    void check_read(const Read& read);
    void throw_if_error(std::string_view packet);
    [[nodiscard]] std::string describe_start() const;
    void close_connection();

    boost::asio::any_io_executor executor_;
    ConnectionOptions connection_options_;
    StreamOptions options_;
    binlog::EventHandler& handler_;
    Logger logger_;
    binlog::TransactionReader reader_;
    std::unique_ptr<Connection> connection_;
    boost::asio::steady_timer full_timer_;    ///< ended by resume()
    boost::asio::steady_timer retry_timer_;   ///< between two connections
    boost::asio::steady_timer gather_timer_;  ///< between two reads
    ReadPacing pacing_;
    std::uint32_t server_id_ = 0;
    std::string uuid_;
    std::string source_uuid_;  ///< of the server that we read first
    bool stopped_ = false;
    bool dumping_ = false;
    bool was_connected_ = false;  ///< an event came over an earlier connection
    std::uint64_t reconnects_ = 0;
    std::uint64_t bytes_read_ = 0;
    std::chrono::steady_clock::time_point last_contact_;
};

}  // namespace doppel::feed
