// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include "control/location.hpp"
#include "doppel/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace doppel::control {
namespace {

namespace asio = async::asio;
using ErrorCode = boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};

/// Closes the socket after a while. Owns its share of it: the timer may fire when nobody waits for
/// the socket any more.
class Deadline final {
public:
    template <class Socket>
    Deadline(
        const asio::any_io_executor& executor,
        std::shared_ptr<Socket> socket,
        std::chrono::milliseconds limit
    )
        : timer_(executor, limit) {
        timer_.async_wait([socket = std::move(socket)](const ErrorCode& error) {
            if (!error) {
                ErrorCode ignored;
                socket->close(ignored);
            }
        });
    }

private:
    asio::steady_timer timer_;  ///< its end cancels the wait
};

}  // namespace

Server::Server(asio::any_io_executor executor, std::string path, Handler handler, Logger logger)
    : executor_(std::move(executor)),
      path_(std::move(path)),
      handler_(std::move(handler)),
      logger_(std::move(logger)),
      acceptor_(executor_) {
    bind();
}

Server::~Server() {
    stop();
}

void Server::bind() {
    if (const auto problem = placement_problem(path_)) {
        throw cannot_listen(path_, *problem);
    }
    ::unlink(path_.c_str());  // this run has the lock of its table
    ErrorCode error;
    acceptor_.open(Protocol(), error);
    // Nobody else may connect in the moment before the mode is set.
    const mode_t before = ::umask(0177);
    if (!error) {
        acceptor_.bind(Protocol::endpoint(path_), error);
    }
    ::umask(before);
    if (!error) {
        acceptor_.listen(kConnectionsMax, error);
    }
    if (error) {
        throw cannot_listen(path_, error.message());
    }
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
}

void Server::remove_file() const {
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

void Server::stop() {
    if (stopping_) {
        return;
    }
    stopping_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    for (const auto& held : open_) {
        if (const Socket socket = held.lock()) {
            socket->close(ignored);
        }
    }
    remove_file();
}

bool Server::is_allowed(Protocol::socket& socket) const {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return false;
    }
    return peer.uid == ::geteuid() || peer.uid == 0;
}

async::awaitable<void> Server::run(async::TaskGroup& tasks) {
    while (!stopping_) {
        auto socket = std::make_shared<Protocol::socket>(executor_);
        ErrorCode error;
        co_await acceptor_.async_accept(*socket, asio::redirect_error(asio::use_awaitable, error));
        if (stopping_) {
            break;
        }
        if (error || connections_ >= kConnectionsMax || !is_allowed(*socket)) {
            // Out of descriptors, say: not over and over without a pause.
            co_await async::sleep(kAcceptPause);
            continue;
        }
        ++connections_;
        std::erase_if(open_, [](const auto& held) { return held.expired(); });
        open_.push_back(socket);
        tasks.spawn(serve(std::move(socket)));
    }
}

std::string Server::answer_to(const std::string& line) const {
    const auto request = parse_request(line);
    if (!request) {
        return to_line(refused(Errc::usage, request.failure().message));
    }
    try {
        return to_line(handler_(*request));
    } catch (const std::exception& error) {
        return to_line(refused(Errc::failed, error.what()));
    }
}

async::awaitable<void> Server::serve(Socket socket) {
    const Deadline deadline(executor_, socket, kRequestTime);
    std::string line;
    ErrorCode error;
    co_await asio::async_read_until(
        *socket,
        asio::dynamic_buffer(line, kRequestBytesMax),
        '\n',
        asio::redirect_error(asio::use_awaitable, error)
    );
    if (!error || error == asio::error::not_found) {
        const std::string answer =
            error ? to_line(refused(Errc::usage, "the request is too long")) : answer_to(line);
        co_await asio::async_write(
            *socket, asio::buffer(answer), asio::redirect_error(asio::use_awaitable, error)
        );
    }
    if (error) {
        logger_.debug("control: {}", error.message());
    }
    --connections_;
}

}  // namespace doppel::control
