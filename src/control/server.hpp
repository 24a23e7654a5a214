// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"
#include "async/task_group.hpp"
#include "control/message.hpp"
#include "doppel/log.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>

namespace doppel::control {

/// Listens on a Unix socket, 0600, and answers one request a connection. Requests are bounded in
/// size and time, connections in number; only this user and root are listened to. The socket's file
/// is removed at the end, unless it is another run's by then.
///
/// Whoever makes it holds the migration's lock, so a file that is there already is a dead run's.
class Server final {
public:
    using Handler = std::function<Answer(const ControlRequest& request)>;

    static constexpr unsigned kConnectionsMax = 8;
    static constexpr std::chrono::milliseconds kRequestTime{3'000};

    /// Binds. Throws Error(refused) when that does not work. `handler` is called on the executor's
    /// thread.
    Server(async::asio::any_io_executor executor, std::string path, Handler handler, Logger logger);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Serves until `stop`; connections run in tasks of the group.
    async::awaitable<void> run(async::TaskGroup& tasks);
    void stop();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    using Protocol = async::asio::local::stream_protocol;
    using Socket = std::shared_ptr<Protocol::socket>;

    void bind();
    void remove_file() const;
    async::awaitable<void> serve(Socket socket);
    [[nodiscard]] bool is_allowed(Protocol::socket& socket) const;
    [[nodiscard]] std::string answer_to(const std::string& line) const;

    async::asio::any_io_executor executor_;
    std::string path_;
    Handler handler_;
    Logger logger_;
    Protocol::acceptor acceptor_;
    std::uint64_t device_ = 0;  ///< of the socket's file
    std::uint64_t inode_ = 0;
    std::vector<std::weak_ptr<Protocol::socket>> open_;
    unsigned connections_ = 0;
    bool stopping_ = false;
};

}  // namespace doppel::control
