// SPDX-License-Identifier: Apache-2.0
#include "feed/transport.hpp"

#include "doppel/error.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace doppel::feed {

namespace asio = boost::asio;
using asio::redirect_error;
using asio::use_awaitable;
using boost::system::error_code;

/// What a timer's handler needs; it may run after the transport is gone.
struct Transport::Link {
    explicit Link(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}

    Socket socket;
    asio::steady_timer timer;
};

/// Closes the socket when it lives longer than its time limit.
class Transport::Deadline final {
public:
    Deadline(const std::shared_ptr<Link>& link, Clock::time_point until)
        : link_(*link), fired_(std::make_shared<bool>(false)) {
        link_.timer.expires_at(until);
        link_.timer.async_wait([weak = std::weak_ptr<Link>(link),
                                fired = fired_](error_code error) {
            const auto held = weak.lock();
            // A handler already queued when the deadline was lifted finds a later expiry.
            if (!error && held && held->timer.expiry() <= Clock::now()) {
                *fired = true;
                error_code ignored;
                held->socket.close(ignored);
            }
        });
    }
    ~Deadline() { link_.timer.expires_at(Clock::time_point::max()); }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    [[nodiscard]] bool fired() const noexcept { return *fired_; }

private:
    Link& link_;
    std::shared_ptr<bool> fired_;
};

Transport::Transport(asio::any_io_executor executor, std::string peer)
    : peer_(std::move(peer)), link_(std::make_shared<Link>(executor)) {}

Transport::~Transport() {
    close();
}

void Transport::throw_lost(const error_code& error, bool timed_out, const char* doing) const {
    std::string reason = error.message();
    if (timed_out) {
        reason = "no answer in time";
    } else if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        reason = "the server closed the connection";
    } else if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
        reason = "the connection was closed";
    }
    throw Error(Errc::interrupted, fmt::format("{}: {}: {}", peer_, doing, reason));
}

asio::awaitable<asio::ip::tcp::resolver::results_type> Transport::resolve(
    std::string host, std::uint16_t port, Clock::time_point until
) {
    // A name look-up cannot be stopped once begun: wait for it no longer than allowed, and let it
    // end by itself.
    struct Answer {
        explicit Answer(const asio::any_io_executor& executor)
            : resolver(executor), arrived(executor) {}
        asio::ip::tcp::resolver resolver;
        asio::steady_timer arrived;
        error_code error = asio::error::timed_out;
        asio::ip::tcp::resolver::results_type results;
    };
    const auto answer = std::make_shared<Answer>(link_->socket.get_executor());
    answer->arrived.expires_at(until);
    answer->resolver.async_resolve(
        host,
        std::to_string(port),
        asio::ip::resolver_base::numeric_service,
        [weak = std::weak_ptr<Answer>(answer)](error_code error, auto results) {
            if (const auto held = weak.lock()) {
                held->error = error;
                held->results = std::move(results);
                held->arrived.cancel();
            }
        }
    );
    error_code ignored;
    co_await answer->arrived.async_wait(redirect_error(use_awaitable, ignored));
    if (answer->error) {
        const bool timed_out = answer->error == asio::error::timed_out;
        throw_lost(answer->error, timed_out, "looking up the host's address");
    }
    co_return answer->results;
}

asio::awaitable<error_code> Transport::connect_to(
    asio::generic::stream_protocol::endpoint endpoint, Clock::time_point until
) {
    error_code error;
    link_->socket.close(error);
    const Deadline deadline(link_, until);
    co_await link_->socket.async_connect(endpoint, redirect_error(use_awaitable, error));
    co_return deadline.fired() ? error_code(asio::error::timed_out) : error;
}

asio::awaitable<void> Transport::connect_tcp(
    std::string host, std::uint16_t port, Clock::time_point until
) {
    const auto results = co_await resolve(std::move(host), port, until);
    error_code error = asio::error::host_not_found;
    auto left = static_cast<Clock::rep>(results.size());
    for (const auto& result : results) {
        const auto now = Clock::now();
        const auto share = now + std::max(until - now, Clock::duration::zero()) / left--;
        error = co_await connect_to(result.endpoint(), share);
        if (!error) {
            link_->socket.set_option(asio::ip::tcp::no_delay(true));
            link_->socket.set_option(asio::socket_base::keep_alive(true));
            co_return;
        }
        if (error == asio::error::operation_aborted) {
            break;
        }
    }
    throw_lost(error, error == asio::error::timed_out, "connecting");
}

asio::awaitable<void> Transport::connect_unix(std::string path, Clock::time_point until) {
    constexpr std::size_t kMaxPathBytes = 107;  // sockaddr_un::sun_path with its NUL
    if (path.size() > kMaxPathBytes) {
        throw Error(Errc::usage, fmt::format("{}: the path of the socket is too long", peer_));
    }
    const auto error = co_await connect_to(asio::local::stream_protocol::endpoint(path), until);
    if (error) {
        throw_lost(error, error == asio::error::timed_out, "connecting");
    }
}

void Transport::throw_tls_failed(const error_code& error, bool timed_out) {
    SSL* const native = tls_->native_handle();
    const bool verified = SSL_get_verify_mode(native) != SSL_VERIFY_NONE;
    const long verdict = SSL_get_verify_result(native);
    ERR_clear_error();
    if (!timed_out && verified && verdict != X509_V_OK) {
        throw Error(
            Errc::refused,
            fmt::format(
                "{}: the server's certificate is not accepted: {}",
                peer_,
                X509_verify_cert_error_string(verdict)
            )
        );
    }
    if (!timed_out && error.category() == asio::error::get_ssl_category()) {
        throw Error(Errc::refused, fmt::format("{}: TLS failed: {}", peer_, error.message()));
    }
    throw_lost(error, timed_out, "starting TLS");
}

asio::awaitable<void> Transport::start_tls(
    asio::ssl::context context, std::string host, bool verify_host, Clock::time_point until
) {
    tls_context_.emplace(std::move(context));
    tls_.emplace(link_->socket, *tls_context_);
    SSL* const native = tls_->native_handle();
    error_code no_address;
    (void)asio::ip::make_address(host, no_address);
    const bool is_name = static_cast<bool>(no_address);
    // What the macro SSL_set_tlsext_host_name() expands to, without its C casts.
    bool ok =
        !is_name ||
        SSL_ctrl(native, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
    if (ok && verify_host) {
        ok = is_name ? SSL_set1_host(native, host.c_str()) == 1
                     : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), host.c_str()) == 1;
    }
    if (!ok) {
        ERR_clear_error();
        throw Error(Errc::usage, fmt::format("{}: the host name cannot be used with TLS", peer_));
    }
    const Deadline deadline(link_, until);
    error_code error;
    co_await tls_->async_handshake(
        asio::ssl::stream_base::client, redirect_error(use_awaitable, error)
    );
    if (error) {
        throw_tls_failed(error, deadline.fired());
    }
}

std::string Transport::describe_security() const {
    if (!tls_) {
        return "plain text";
    }
    // OpenSSL's accessors are not const-correct, asio's native_handle() follows them.
    SSL* const native = const_cast<asio::ssl::stream<Socket&>&>(*tls_).native_handle();
    return fmt::format("{} {}", SSL_get_version(native), SSL_get_cipher_name(native));
}

/// TLS gives one record of 16 KiB or less at a time. Takes those that have come as well, without a
/// turn of the event loop for each. A failure is left for the next read, which meets it again.
std::size_t Transport::read_more_records(char* data, std::size_t size) noexcept {
    error_code error;
    link_->socket.non_blocking(true, error);
    std::size_t total = 0;
    while (!error && total < size) {
        total += tls_->read_some(asio::buffer(data + total, size - total), error);
    }
    return total;
}

asio::awaitable<std::size_t> Transport::read_some(
    char* data, std::size_t size, std::chrono::milliseconds timeout
) {
    const Deadline deadline(link_, Clock::now() + timeout);
    const auto buffer = asio::buffer(data, size);
    error_code error;
    std::size_t count = 0;
    if (tls_) {
        count = co_await tls_->async_read_some(buffer, redirect_error(use_awaitable, error));
        if (!error) {
            count += read_more_records(data + count, size - count);
        }
    } else {
        count =
            co_await link_->socket.async_read_some(buffer, redirect_error(use_awaitable, error));
    }
    if (error || count == 0) {
        throw_lost(error ? error : error_code(asio::error::eof), deadline.fired(), "reading");
    }
    co_return count;
}

asio::awaitable<void> Transport::write(wire::Secret bytes, std::chrono::milliseconds timeout) {
    const Deadline deadline(link_, Clock::now() + timeout);
    const auto buffer = asio::buffer(bytes.view());
    error_code error;
    if (tls_) {
        co_await asio::async_write(*tls_, buffer, redirect_error(use_awaitable, error));
    } else {
        co_await asio::async_write(link_->socket, buffer, redirect_error(use_awaitable, error));
    }
    if (error) {
        throw_lost(error, deadline.fired(), "writing");
    }
}

void Transport::write_without_waiting(const wire::Secret& bytes) noexcept {
    error_code error;
    link_->socket.non_blocking(true, error);
    if (error) {
        return;
    }
    if (tls_) {
        tls_->write_some(asio::buffer(bytes.view()), error);
    } else {
        link_->socket.write_some(asio::buffer(bytes.view()), error);
    }
}

void Transport::close() noexcept {
    error_code ignored;
    link_->socket.close(ignored);
}

}  // namespace doppel::feed
