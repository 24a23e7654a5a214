// SPDX-License-Identifier: Apache-2.0
#include "feed/stream.hpp"

#include "doppel/error.hpp"
#include "mysql/gtid_set.hpp"
#include "wire/command.hpp"
#include "wire/response.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>
#include <variant>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace doppel::feed {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::uint32_t kServerIdFirst = 0x70000000;
constexpr std::uint32_t kServerIdLast = 0x7fffffff;
constexpr unsigned kServerIdTries = 100;
constexpr unsigned kFatalReadError = 1236;  ///< ER_SOURCE_FATAL_ERROR_READING_BINLOG
constexpr milliseconds kSilenceMin{3'000};
/// How often a full handler is asked again without resume().
constexpr milliseconds kFullPoll{1'000};

std::string random_uuid(std::random_device& random) {
    mysql::Uuid uuid;
    std::uniform_int_distribution<unsigned> byte(0, 255);
    for (auto& b : uuid.bytes) {
        b = static_cast<unsigned char>(byte(random));
    }
    uuid.bytes[6] = static_cast<unsigned char>((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = static_cast<unsigned char>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid.str();
}

}  // namespace

BinlogStream::BinlogStream(
    asio::any_io_executor executor,
    ConnectionOptions connection,
    binlog::StartPosition start,
    StreamOptions options,
    binlog::EventHandler& handler,
    Logger logger
)
    : executor_(std::move(executor)),
      connection_options_(std::move(connection)),
      options_(options),
      handler_(handler),
      logger_(std::move(logger)),
      reader_(handler, std::move(start)),
      full_timer_(executor_),
      retry_timer_(executor_),
      gather_timer_(executor_),
      last_contact_(std::chrono::steady_clock::now()) {
    std::random_device random;
    uuid_ = random_uuid(random);
    // A statement of ours may not be there to change the schema; the feed needs none.
    connection_options_.default_schema.clear();
}

BinlogStream::~BinlogStream() = default;

std::uint32_t BinlogStream::connection_id() const {
    return dumping_ ? connection_->connection_id() : 0;
}

void BinlogStream::stop() {
    stopped_ = true;
    full_timer_.cancel();
    retry_timer_.cancel();
    gather_timer_.cancel();
    if (connection_) {
        connection_->close();
    }
}

void BinlogStream::resume() {
    full_timer_.cancel();
}

void BinlogStream::close_connection() {
    dumping_ = false;
    if (connection_) {
        connection_->close();
        connection_.reset();
    }
}

asio::awaitable<void> BinlogStream::pause(asio::steady_timer& timer, milliseconds duration) {
    boost::system::error_code cancelled;
    timer.expires_after(duration);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

asio::awaitable<void> BinlogStream::run() {
    last_contact_ = std::chrono::steady_clock::now();
    milliseconds backoff = options_.backoff_min;
    bool first = true;
    while (!stopped_) {
        std::exception_ptr failure;
        std::string reason;
        const auto contact_before = last_contact_;
        try {
            if (!std::exchange(first, false)) {
                reader_.restart();
            }
            co_await connect();
            co_await read_events();
        } catch (const Error& error) {
            failure = std::current_exception();
            reason = error.what();
            // A server that took us before and refuses us now is in another state, which may pass.
            const bool refused_later = error.code() == Errc::refused && !source_uuid_.empty();
            if (error.code() == Errc::interrupted || refused_later) {
                failure = nullptr;
            }
        } catch (...) {
            failure = std::current_exception();
        }
        close_connection();
        if (stopped_) {
            co_return;
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        if (last_contact_ != contact_before) {
            backoff = options_.backoff_min;
        }
        const auto silent = std::chrono::duration_cast<milliseconds>(
            std::chrono::steady_clock::now() - last_contact_
        );
        if (silent >= options_.reconnect_limit) {
            throw Error(
                Errc::interrupted,
                fmt::format(
                    "the binlog could not be read for {:.1f} s: {}",
                    static_cast<double>(silent.count()) / 1'000,
                    reason
                )
            );
        }
        // The last try is made when the limit has come.
        const milliseconds wait = std::min(backoff, options_.reconnect_limit - silent);
        logger_.warning("binlog connection lost, trying again in {} ms: {}", wait.count(), reason);
        co_await pause(retry_timer_, wait);
        backoff = std::min(backoff * 2, options_.backoff_max);
    }
}

asio::awaitable<void> BinlogStream::connect() {
    // Not assigned in one expression: stop() must not see a half-made connection.
    auto connection = co_await Connection::open(executor_, connection_options_, logger_);
    connection_ = std::move(connection);
    if (stopped_) {
        co_return;
    }
    co_await prepare_session();
    if (server_id_ == 0) {
        co_await choose_server_id();
    }
    co_await start_dump();
}

// What a replica tells its source before the dump (sql/rpl_binlog_sender.cc: Binlog_sender reads
// user variables). Servers before 8.0.26 and MariaDB know the names with "master" and "slave" only;
// the other names do no harm there.
asio::awaitable<void> BinlogStream::prepare_session() {
    const auto period =
        std::chrono::duration_cast<std::chrono::nanoseconds>(options_.heartbeat).count();
    std::string statement = fmt::format(
        "SET @source_binlog_checksum = 'CRC32', @master_binlog_checksum = 'CRC32', "
        "@source_heartbeat_period = {0}, @master_heartbeat_period = {0}, "
        "@replica_uuid = '{1}', @slave_uuid = '{1}'",
        period,
        uuid_
    );
    if (connection_->version().is_mariadb()) {
        statement += ", @mariadb_slave_capability = 4";
    }
    co_await connection_->query(std::move(statement));
    co_await require_same_server();
    // While the handler is full we do not read, and the server must not take that for a dead peer.
    co_await connection_->query("SET SESSION net_write_timeout = 3600");
}

// Behind a name or a proxy there may suddenly be another server, whose binlog may lack transactions
// that the first one had. Which of them a run has already used is not known here.
asio::awaitable<void> BinlogStream::require_same_server() {
    if (connection_->version().is_mariadb()) {
        co_return;  // has no server_uuid
    }
    const auto rows = co_await connection_->query("SELECT @@GLOBAL.server_uuid");
    const std::string uuid = rows.empty() ? "" : rows.front().at(0).value_or("");
    if (source_uuid_.empty()) {
        source_uuid_ = uuid;
    } else if (source_uuid_ != uuid) {
        throw Error(
            Errc::displaced,
            fmt::format(
                "the binlog connection now leads to another server ({} instead of {})",
                uuid,
                source_uuid_
            )
        );
    }
}

asio::awaitable<void> BinlogStream::choose_server_id() {
    if (options_.server_id) {
        server_id_ = *options_.server_id;
        co_return;
    }
    const auto version = connection_->version();
    const bool new_name = !version.is_mariadb() && version.at_least(8, 0, 22);
    const auto replicas =
        co_await connection_->query(new_name ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
    const auto own = co_await connection_->query("SELECT @@GLOBAL.server_id");
    const auto is_taken = [&](const std::string& id) {
        const auto has_id = [&](const auto& row) { return !row.empty() && row[0] == id; };
        return std::any_of(replicas.begin(), replicas.end(), has_id) ||
               std::any_of(own.begin(), own.end(), has_id);
    };
    std::random_device random;
    std::uniform_int_distribution<std::uint32_t> ids(kServerIdFirst, kServerIdLast);
    for (unsigned i = 0; i < kServerIdTries; ++i) {
        const auto id = ids(random);
        if (!is_taken(std::to_string(id))) {
            server_id_ = id;
            co_return;
        }
    }
    throw Error(Errc::failed, "found no server id for the binlog feed that is not taken");
}

asio::awaitable<void> BinlogStream::start_dump() {
    wire::ReplicaRegistration registration;
    registration.server_id = server_id_;
    registration.host = "doppel";
    co_await connection_->send_command(wire::com_register_replica(registration));
    const auto answer =
        co_await connection_->read_packet(connection_options_.read_timeout, 64 * 1024);
    throw_if_error(answer);

    const auto start = reader_.resume_from();
    std::string command;
    if (const auto* gtids = std::get_if<mysql::GtidSet>(&start)) {
        logger_.debug("reading the binlog as replica {} behind {}", server_id_, gtids->str());
        command = wire::com_binlog_dump_gtid(gtids->encode(), server_id_);
    } else {
        const auto& file = std::get<mysql::FileOffset>(start);
        logger_.debug("reading the binlog as replica {} from {}", server_id_, file.str());
        auto dump = wire::com_binlog_dump(file, server_id_);
        if (!dump) {
            throw Error(Errc::failed, dump.failure().message);
        }
        command = std::move(dump).value();
    }
    co_await connection_->send_command(std::move(command));
    dumping_ = true;
}

asio::awaitable<void> BinlogStream::read_events() {
    // The status byte of a packet comes before the event.
    constexpr std::size_t kPacketBytesMax = binlog::kEventBytesMax + 1;
    const milliseconds silence_max = std::max(3 * options_.heartbeat, kSilenceMin);
    // The server may have to look through many binlog files before its first packet.
    milliseconds timeout = std::max(silence_max, connection_options_.read_timeout);
    bool connected = false;
    while (!stopped_) {
        // All that one read from the socket brought, without a coroutine per event.
        std::optional<std::string_view> packet =
            co_await connection_->read_packet(timeout, kPacketBytesMax);
        last_contact_ = std::chrono::steady_clock::now();
        timeout = silence_max;
        const std::uint64_t bytes_before = bytes_read_;
        while (packet && !stopped_) {
            // Asked before the event is read: the handler may have become full while we waited.
            if (handler_.is_full()) {
                co_await wait_until_not_full();
            }
            if (!stopped_) {
                read_event(*packet);
            }
            if (!std::exchange(connected, true) && std::exchange(was_connected_, true)) {
                ++reconnects_;
            }
            while (!stopped_ && reader_.has_more()) {
                co_await wait_until_not_full();
                if (!stopped_) {
                    read_more();
                }
            }
            packet = stopped_ ? std::nullopt : connection_->next_received(kPacketBytesMax);
        }
        const auto gather = pacing_.pause_after(bytes_read_ - bytes_before);
        if (!stopped_ && gather.count() > 0) {
            co_await pause(gather_timer_, gather);
        }
    }
}

void BinlogStream::throw_if_error(std::string_view packet) {
    if (!wire::is_err(packet)) {
        return;
    }
    const auto parsed = wire::parse_err(packet);
    if (!parsed) {
        throw Error(Errc::interrupted, parsed.failure().message);
    }
    const auto& error = parsed->error;
    if (error.number != kFatalReadError) {
        throw Error(
            wire::classify(error, Errc::failed),
            "the server ended the binlog: " + parsed->str(),
            error
        );
    }
    // Two replicas with one server id (or UUID) end each other: take another id next time.
    if (parsed->message.find("same server_") != std::string::npos && !options_.server_id) {
        server_id_ = 0;
        throw Error(Errc::interrupted, parsed->str(), error);
    }
    // In the words of the server, with GTIDs and without.
    const bool purged = parsed->message.find("purged") != std::string::npos ||
                        parsed->message.find("Could not find first log") != std::string::npos;
    throw Error(
        Errc::failed,
        fmt::format(
            "the server cannot send its binlog from {} on: {}{}",
            describe_start(),
            parsed->str(),
            purged ? ". What was in it is lost, so this run cannot go on: run the same command "
                     "again to begin anew, and let the server keep its binlogs for longer"
                   : ""
        ),
        error
    );
}

std::string BinlogStream::describe_start() const {
    const auto start = reader_.resume_from();
    const auto* gtids = std::get_if<mysql::GtidSet>(&start);
    return gtids != nullptr ? "behind GTIDs " + gtids->str()
                            : std::get<mysql::FileOffset>(start).str();
}

template <class Read>
void BinlogStream::check_read(const Read& read) {
    try {
        if (const auto failure = read()) {
            throw Error(Errc::failed, "cannot read the binlog: " + failure->message);
        }
    } catch (const Error& error) {
        // What the handler does not accept: say where it stands.
        throw Error(error.code(), fmt::format("{} (seen at {})", error.what(), reader_.place()));
    }
}

void BinlogStream::read_event(std::string_view packet) {
    if (wire::is_err(packet)) {
        throw_if_error(packet);
    }
    if (wire::is_eof(packet)) {
        throw Error(Errc::interrupted, "the server ended the binlog");
    }
    if (packet.empty() || static_cast<std::uint8_t>(packet.front()) != wire::kOkHeader) {
        throw Error(Errc::failed, "the server sent something that is no binlog event");
    }
    bytes_read_ += packet.size() - 1;
    check_read([&] { return reader_.feed(packet.substr(1)); });
}

void BinlogStream::read_more() {
    check_read([this] { return reader_.feed_more(); });
}

asio::awaitable<void> BinlogStream::wait_until_not_full() {
    while (!stopped_ && handler_.is_full()) {
        co_await pause(full_timer_, kFullPoll);
    }
    last_contact_ = std::chrono::steady_clock::now();
}

}  // namespace doppel::feed
