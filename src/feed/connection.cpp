// SPDX-License-Identifier: Apache-2.0
#include "feed/connection.hpp"

#include "doppel/error.hpp"
#include "feed/tls_context.hpp"
#include "feed/transport.hpp"
#include "wire/auth_dialogue.hpp"
#include "wire/command.hpp"
#include "wire/packet.hpp"
#include "wire/text_result.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace doppel::feed {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::size_t kMaxAuthPacketBytes = 64 * 1024;
constexpr std::size_t kMaxResultBytes = 16 * 1024 * 1024;

std::string read_public_key(const std::string& path) {
    constexpr std::streamsize kMaxBytes = 64 * 1024;
    std::ifstream file(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(kMaxBytes), '\0');
    file.read(text.data(), kMaxBytes);
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    if (text.empty()) {
        throw Error(Errc::usage, fmt::format("cannot read the server's public key '{}'", path));
    }
    return text;
}

wire::TlsUse tls_use(const ConnectionOptions& options) {
    switch (options.ssl_mode) {
        case SslMode::disabled:
            return wire::TlsUse::never;
        case SslMode::preferred:
            // A Unix socket needs none (MySQL manual, "--ssl-mode").
            return options.uses_socket() ? wire::TlsUse::never : wire::TlsUse::when_offered;
        case SslMode::required:
        case SslMode::verify_ca:
        case SslMode::verify_identity:
            break;
    }
    return wire::TlsUse::always;
}

wire::AuthSettings auth_settings(ConnectionOptions& options) {
    wire::AuthSettings settings;
    settings.user = options.user;
    settings.password = wire::Secret(options.password);
    wire::wipe(options.password);
    settings.schema = options.default_schema;
    settings.tls = tls_use(options);
    settings.private_channel = options.uses_socket();
    settings.request_public_key = options.get_server_public_key;
    if (!options.server_public_key_path.empty()) {
        settings.server_public_key = read_public_key(options.server_public_key_path);
    }
    return settings;
}

class ClientConnection final : public Connection {
public:
    ClientConnection(asio::any_io_executor executor, ConnectionOptions options, Logger logger)
        : options_(std::move(options)),
          logger_(std::move(logger)),
          peer_(options_.describe()),
          transport_(std::move(executor), peer_) {}
    ~ClientConnection() override { say_farewell(); }
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    asio::awaitable<void> connect();

    asio::awaitable<std::vector<std::vector<std::optional<std::string>>>> query(
        std::string statement
    ) override;
    asio::awaitable<void> send_command(std::string payload) override;
    asio::awaitable<std::string_view> read_packet(milliseconds timeout, std::size_t max_bytes)
        override;
    std::optional<std::string_view> next_received(std::size_t max_bytes) override;
    void close() override { say_farewell(); }
    [[nodiscard]] mysql::ServerVersion version() const override { return version_; }
    [[nodiscard]] std::uint32_t connection_id() const override { return connection_id_; }

private:
    using Clock = Transport::Clock;

    asio::awaitable<void> authenticate(Clock::time_point until);
    asio::awaitable<void> start_tls(wire::Secret request, Clock::time_point until);
    asio::awaitable<void> send(wire::Secret payload, milliseconds timeout);
    [[nodiscard]] milliseconds time_left(Clock::time_point until) const;
    void adopt(const wire::AuthDialogue& dialogue);
    void say_farewell() noexcept;
    [[noreturn]] void give_up(Errc code, std::string_view reason);

    ConnectionOptions options_;
    Logger logger_;
    std::string peer_;
    Transport transport_;
    wire::PacketFramer framer_;
    mysql::ServerVersion version_;
    std::uint32_t connection_id_ = 0;
    std::uint32_t capabilities_ = 0;
    bool idle_ = false;  ///< authenticated, and no command under way
};

void ClientConnection::give_up(Errc code, std::string_view reason) {
    idle_ = false;
    transport_.close();
    throw Error(code, fmt::format("{}: {}", peer_, reason));
}

void ClientConnection::say_farewell() noexcept {
    if (std::exchange(idle_, false)) {
        std::uint8_t sequence = 0;
        transport_.write_without_waiting(wire::frame_packet(wire::com_quit(), sequence));
    }
    transport_.close();
}

milliseconds ClientConnection::time_left(Clock::time_point until) const {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    return std::max(left, milliseconds{0});
}

asio::awaitable<void> ClientConnection::connect() {
    const auto until = Clock::now() + options_.connect_timeout;
    if (options_.uses_socket()) {
        co_await transport_.connect_unix(options_.socket, until);
    } else {
        co_await transport_.connect_tcp(options_.host, options_.effective_port(), until);
    }
    co_await authenticate(until);
    logger_.debug(
        "{}: connected as session {} of {}, {}",
        peer_,
        connection_id_,
        version_.str(),
        transport_.describe_security()
    );
}

asio::awaitable<void> ClientConnection::authenticate(Clock::time_point until) {
    wire::AuthDialogue dialogue(auth_settings(options_));
    wire::AuthAction action;
    while (action.step != wire::AuthStep::done) {
        if (action.step == wire::AuthStep::failed) {
            const auto text = fmt::format("{}: {}", peer_, action.failure.message);
            transport_.close();
            if (action.failure.server) {
                throw Error(action.failure.code, text, *action.failure.server);
            }
            throw Error(action.failure.code, text);
        }
        if (action.step == wire::AuthStep::start_tls) {
            co_await start_tls(std::move(action.payload), until);
            action = dialogue.on_tls_started();
            continue;
        }
        if (action.step == wire::AuthStep::send) {
            co_await send(std::move(action.payload), time_left(until));
        }
        const auto packet = co_await read_packet(time_left(until), kMaxAuthPacketBytes);
        action = dialogue.on_packet(packet);
    }
    adopt(dialogue);
}

void ClientConnection::adopt(const wire::AuthDialogue& dialogue) {
    const auto version = mysql::ServerVersion::parse(dialogue.greeting().server_version);
    if (!version) {
        give_up(Errc::refused, version.failure().message);
    }
    version_ = *version;
    connection_id_ = dialogue.greeting().connection_id;
    capabilities_ = dialogue.capabilities();
    idle_ = true;
}

asio::awaitable<void> ClientConnection::start_tls(wire::Secret request, Clock::time_point until) {
    if (framer_.buffered_bytes() != 0) {
        // Bytes from before the handshake are nobody's word and must not be taken for the server's.
        give_up(Errc::refused, "data came in plain text where TLS has to start");
    }
    auto context = make_tls_context(options_);
    co_await send(std::move(request), time_left(until));
    const bool verify_host = options_.ssl_mode == SslMode::verify_identity;
    co_await transport_.start_tls(std::move(context), options_.host, verify_host, until);
}

asio::awaitable<void> ClientConnection::send(wire::Secret payload, milliseconds timeout) {
    std::uint8_t sequence = framer_.sequence();
    auto frames = wire::frame_packet(payload.view(), sequence);
    framer_.set_sequence(sequence);
    co_await transport_.write(std::move(frames), timeout);
}

asio::awaitable<void> ClientConnection::send_command(std::string payload) {
    idle_ = false;
    framer_.set_sequence(0);
    co_await send(wire::Secret(payload), options_.read_timeout);
}

std::optional<std::string_view> ClientConnection::next_received(std::size_t max_bytes) {
    const auto frame = framer_.next(max_bytes);
    switch (frame.status) {
        case wire::FrameStatus::packet:
            return frame.payload;
        case wire::FrameStatus::too_large:
            give_up(Errc::failed, fmt::format("a packet is larger than {} bytes", max_bytes));
        case wire::FrameStatus::out_of_order:
            give_up(Errc::interrupted, "packets came out of order");
        case wire::FrameStatus::need_more:
            break;
    }
    return std::nullopt;
}

asio::awaitable<std::string_view> ClientConnection::read_packet(
    milliseconds timeout, std::size_t max_bytes
) {
    // Ends with the packet, its limit, or the silence of the server.
    while (true) {
        if (const auto packet = next_received(max_bytes)) {
            co_return *packet;
        }
        const auto space = framer_.space();
        framer_.commit(co_await transport_.read_some(space.data, space.size, timeout));
    }
}

asio::awaitable<std::vector<std::vector<std::optional<std::string>>>> ClientConnection::query(
    std::string statement
) {
    using Step = wire::TextResult::Step;
    co_await send_command(wire::com_query(statement));
    wire::TextResult result(capabilities_, kMaxResultBytes);
    auto step = Step::read;
    while (step == Step::read) {
        const auto packet = co_await read_packet(options_.read_timeout, kMaxResultBytes);
        const auto next = result.on_packet(packet);
        if (!next) {
            give_up(Errc::failed, next.failure().message);
        }
        step = *next;
    }
    idle_ = true;
    if (step == Step::error) {
        constexpr std::size_t kShownBytes = 200;
        const auto& err = result.error();
        throw Error(
            wire::classify(err.error, Errc::failed),
            fmt::format("{}: {}: {}", peer_, wire::printable(statement, kShownBytes), err.str()),
            err.error
        );
    }
    co_return result.take_rows();
}

}  // namespace

asio::awaitable<std::unique_ptr<Connection>> Connection::open(
    asio::any_io_executor executor, ConnectionOptions options, Logger logger
) {
    auto connection = std::make_unique<ClientConnection>(
        std::move(executor), std::move(options), std::move(logger)
    );
    co_await connection->connect();
    co_return connection;
}

}  // namespace doppel::feed
