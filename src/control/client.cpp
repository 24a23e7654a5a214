// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include "control/location.hpp"
#include "doppel/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace doppel::control {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor final {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

Error no_answer(const std::string& path, const std::string& why) {
    return {Errc::failed, fmt::format("the run that listens on {} gives no answer: {}", path, why)};
}

void await(
    const Descriptor& socket, short events, const std::string& path, Clock::time_point deadline
) {
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            throw no_answer(path, "it takes too long");
        }
        pollfd entry{socket.get(), events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(left));
        if (ready > 0) {
            return;
        }
        if (ready < 0 && errno != EINTR) {
            throw no_answer(path, std::strerror(errno));
        }
    }
}

void send_all(
    const Descriptor& socket,
    const std::string& line,
    const std::string& path,
    Clock::time_point deadline
) {
    std::size_t sent = 0;
    while (sent < line.size()) {
        await(socket, POLLOUT, path, deadline);
        const auto count =
            ::send(socket.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            throw no_answer(path, std::strerror(errno));
        }
        sent += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
}

std::string receive_line(
    const Descriptor& socket, const std::string& path, Clock::time_point deadline
) {
    std::string line;
    std::array<char, 4096> buffer{};
    while (line.find('\n') == std::string::npos) {
        await(socket, POLLIN, path, deadline);
        const auto count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (count <= 0 || line.size() > kAnswerBytesMax) {
            throw no_answer(path, count == 0 ? "it hung up" : "it cannot be read");
        }
        line.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return line;
}

}  // namespace

std::optional<Answer> ask(
    const std::string& path, const ControlRequest& request, std::chrono::milliseconds limit
) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() > kPathMax) {
        throw Error(Errc::usage, fmt::format("{} is too long for a socket", path));
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto deadline = Clock::now() + limit;
    // A Unix socket connects at once or not at all.
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
        0) {
        if (errno == ENOENT || errno == ECONNREFUSED) {
            return std::nullopt;
        }
        if (errno == EACCES || errno == EPERM) {
            throw Error(
                Errc::refused,
                fmt::format("{} belongs to another user; use that account, or root", path)
            );
        }
        throw no_answer(path, std::strerror(errno));
    }
    send_all(socket, to_line(request), path, deadline);
    auto answer = parse_answer(receive_line(socket, path, deadline));
    if (!answer) {
        throw no_answer(path, answer.failure().message);
    }
    return std::move(answer).value();
}

}  // namespace doppel::control
