// SPDX-License-Identifier: Apache-2.0
#include "support/proxy.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace doppel::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kCommandBytes = 4096;
constexpr std::size_t kBufferBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 4;
constexpr int kBacklog = 64;
constexpr std::chrono::milliseconds kTick{10};  ///< of slow connections
// MySQL client/server protocol, "Command Phase".
constexpr char kBinlogDump = 0x12;
constexpr char kBinlogDumpGtid = 0x1e;

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error("the proxy needs an IPv4 address, not " + host);
    }
    return address;
}

/// A socket, closed when it goes.
class Descriptor final {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const noexcept { return fd_; }
    void close() {
        if (fd_ >= 0) {
            ::close(fd_);
            fd_ = -1;
        }
    }
    void reset_connection() {
        const linger at_once{1, 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    int fd_;
};

/// Writes what the socket takes; false when the other side is gone.
bool flush(int fd, std::string& bytes, std::size_t at_most) {
    const ssize_t sent =
        send(fd, bytes.data(), std::min(bytes.size(), at_most), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    bytes.erase(0, static_cast<std::size_t>(sent));
    return true;
}

/// Nothing when the other side is gone.
std::string receive(int fd, bool& gone) {
    std::array<char, kBufferBytes> buffer{};
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    gone = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

bool matches(std::string_view text, std::string_view pattern) {
    while (!pattern.empty()) {
        const auto part = pattern.substr(0, pattern.find('%'));
        if (part.ends_with('$')) {
            return text.ends_with(part.substr(0, part.size() - 1));
        }
        const auto found = text.find(part);
        if (found == std::string_view::npos) {
            return false;
        }
        text.remove_prefix(found + part.size());
        pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
    }
    return true;
}

}  // namespace

void ClientTalk::hear(std::string_view bytes) {
    while (!bytes.empty()) {
        if (left_ == 0) {
            const std::size_t part = std::min(kHeaderBytes - header_.size(), bytes.size());
            header_ += bytes.substr(0, part);
            bytes.remove_prefix(part);
            if (header_.size() < kHeaderBytes) {
                return;
            }
            const auto byte = [this](std::size_t i) {
                return static_cast<std::size_t>(static_cast<unsigned char>(header_[i]));
            };
            left_ = byte(0) | byte(1) << 8 | byte(2) << 16;
            begins_ = byte(3) == 0;
            header_.clear();
            if (begins_) {
                command_.clear();
            }
            continue;
        }
        const std::size_t part = std::min(left_, bytes.size());
        if (begins_ && command_.size() < kCommandBytes) {
            command_ += bytes.substr(0, std::min(part, kCommandBytes - command_.size()));
            feed_ = feed_ || command_[0] == kBinlogDump || command_[0] == kBinlogDumpGtid;
        }
        left_ -= part;
        bytes.remove_prefix(part);
    }
}

struct Proxy::Link {
    Link(int client_fd, int server_fd) : client(client_fd), server(server_fd) {}

    Descriptor client;
    Descriptor server;
    std::string up;    ///< to the server
    std::string down;  ///< to the client
    ClientTalk talk;
    bool stalled = false;
    bool ended = false;
    bool server_gone = false;  ///< what it said last is still on its way
    std::size_t bytes_per_second = 0;
    Clock::time_point next_byte;
    bool truncated = false;
    std::size_t bytes_left = 0;  ///< of a truncated one
    How how = How::reset;        ///< what comes then, or instead of an answer
    bool answer_is_lost = false;

    [[nodiscard]] bool may_send_down(Clock::time_point now) const {
        return !down.empty() && (bytes_per_second == 0 || now >= next_byte);
    }
};

Proxy::Proxy(std::string host, std::uint16_t port) : host_(std::move(host)), server_port_(port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sockaddr_in address = address_of("127.0.0.1", 0);
    socklen_t size = sizeof address;
    if (listener_ < 0 || wake_ < 0 ||
        bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        listen(listener_, kBacklog) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("the proxy cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { work(); });
}

Proxy::~Proxy() {
    stopping_ = true;
    wake();
    thread_.join();
    ::close(listener_);
    ::close(wake_);
}

void Proxy::wake() const {
    const std::uint64_t one = 1;
    (void)!write(wake_, &one, sizeof one);
}

// The thread holds the mutex but while it waits, and then it uses no link. A socket that is closed
// meanwhile is one that it polls in vain.
template <class Change>
auto Proxy::between_rounds(Change change) {
    const std::lock_guard lock(mutex_);
    wake();
    return change();
}

bool Proxy::is(const Link& link, Which which) {
    if (link.stalled || link.ended) {
        return false;
    }
    return which == Which::all || link.talk.is_feed() == (which == Which::feed);
}

template <class Change>
std::size_t Proxy::for_each(Which which, Change change) {
    return between_rounds([&] {
        std::size_t count = 0;
        for (const auto& link : links_) {
            if (is(*link, which)) {
                change(*link);
                ++count;
            }
        }
        return count;
    });
}

std::size_t Proxy::count(Which which) const {
    const std::lock_guard lock(mutex_);
    const auto counts = [which](const auto& link) { return is(*link, which); };
    return static_cast<std::size_t>(std::count_if(links_.begin(), links_.end(), counts));
}

std::size_t Proxy::accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
}

std::size_t Proxy::harm(Which which, How how) {
    return for_each(which, [how](Link& link) { end(link, how); });
}

std::size_t Proxy::slow(Which which, std::size_t bytes_per_second) {
    return for_each(which, [bytes_per_second](Link& link) {
        link.bytes_per_second = bytes_per_second;
        link.next_byte = Clock::now();
    });
}

std::size_t Proxy::truncate(Which which, std::size_t bytes, How how) {
    return for_each(which, [bytes, how](Link& link) {
        link.truncated = true;
        link.bytes_left = bytes;
        link.how = how;
    });
}

void Proxy::welcome(Welcome welcome) {
    between_rounds([&] { welcome_ = welcome; });
}

void Proxy::lead_to(std::uint16_t port) {
    between_rounds([&] { server_port_ = port; });
}

void Proxy::truncate_next(std::size_t connections, std::size_t bytes, How how) {
    between_rounds([&] { truncation_ = {connections, bytes, how}; });
}

void Proxy::lose(std::string pattern, bool arrives, How how) {
    between_rounds([&] { losses_.push_back({std::move(pattern), arrives, how}); });
}

std::vector<std::string> Proxy::waiting() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> patterns;
    for (const Loss& loss : losses_) {
        patterns.push_back(loss.pattern);
    }
    return patterns;
}

void Proxy::end(Link& link, How how) {
    if (how == How::stall) {
        link.stalled = true;
        return;
    }
    link.ended = true;
    if (how == How::reset) {
        link.client.reset_connection();
        link.server.reset_connection();
    } else {
        link.client.close();
        link.server.close();
    }
}

void Proxy::accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) {
        return;
    }
    ++accepted_;
    int server = -1;
    if (welcome_ == Welcome::serve) {
        server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = address_of(host_, server_port_);
        if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(server);
            ::close(client);
            return;
        }
    } else if (welcome_ == Welcome::refuse) {
        ::close(client);
        return;
    }
    auto link = std::make_unique<Link>(client, server);
    link->stalled = welcome_ == Welcome::ignore;
    if (truncation_.connections > 0) {
        --truncation_.connections;
        link->truncated = true;
        link->bytes_left = truncation_.bytes;
        link->how = truncation_.how;
    }
    links_.push_back(std::move(link));
}

void Proxy::meet_losses(Link& link, std::string& bytes) {
    const std::string& command = link.talk.command();
    const auto loss = std::find_if(losses_.begin(), losses_.end(), [&](const Loss& candidate) {
        return matches(command, candidate.pattern);
    });
    if (loss == losses_.end()) {
        return;
    }
    if (loss->arrives) {
        link.answer_is_lost = true;
        link.how = loss->how;
    } else {
        bytes.clear();
        end(link, loss->how);
    }
    losses_.erase(loss);
}

void Proxy::read_client(Link& link) {
    bool gone = false;
    std::string bytes = receive(link.client.get(), gone);
    link.talk.hear(bytes);
    if (!bytes.empty() && !link.answer_is_lost) {
        meet_losses(link, bytes);
    }
    link.up += bytes;
    if (gone && !link.ended) {
        end(link, How::close);
    }
}

void Proxy::read_server(Link& link) {
    std::string bytes = receive(link.server.get(), link.server_gone);
    if (link.answer_is_lost && !bytes.empty()) {
        end(link, link.how);
        return;
    }
    if (link.truncated && bytes.size() >= link.bytes_left) {
        bytes.resize(link.bytes_left);
        (void)flush(link.client.get(), bytes, bytes.size());
        link.truncated = false;
        end(link, link.how);
        return;
    }
    link.bytes_left -= link.truncated ? bytes.size() : 0;
    link.down += bytes;
}

void Proxy::serve(Link& link, short client_events, short server_events) {
    constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
    if ((client_events & kReadable) != 0 && link.up.empty()) {
        read_client(link);
    }
    if (!link.ended && !link.stalled && (server_events & kReadable) != 0 && link.down.empty()) {
        read_server(link);
    }
    if (link.ended || link.stalled) {
        return;
    }
    bool well = link.up.empty() || flush(link.server.get(), link.up, link.up.size());
    const auto now = Clock::now();
    if (link.may_send_down(now)) {
        const std::size_t rate = link.bytes_per_second;
        const std::size_t part =
            rate == 0 ? link.down.size() : std::max<std::size_t>(rate / 100, 1);
        well = flush(link.client.get(), link.down, part) && well;
        link.next_byte = now + kTick;
    }
    if (!well || (link.server_gone && link.down.empty())) {
        end(link, How::close);
    }
}

void Proxy::work() {
    constexpr std::size_t kFixed = 2;
    std::vector<pollfd> fds;
    std::vector<Link*> polled;
    while (!stopping_) {
        bool any_slow = false;
        {
            const std::lock_guard lock(mutex_);
            links_.remove_if([](const auto& link) { return link->ended; });
            fds = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
            polled.clear();
            for (const auto& link : links_) {
                if (link->stalled) {
                    continue;
                }
                any_slow = any_slow || (link->bytes_per_second != 0 && !link->down.empty());
                const bool send_down = link->may_send_down(Clock::now());
                const auto client =
                    static_cast<short>((link->up.empty() ? POLLIN : 0) | (send_down ? POLLOUT : 0));
                const auto server = static_cast<short>(
                    (link->down.empty() && !link->server_gone ? POLLIN : 0) |
                    (link->up.empty() ? 0 : POLLOUT)
                );
                fds.push_back({client == 0 ? -1 : link->client.get(), client, 0});
                fds.push_back({server == 0 ? -1 : link->server.get(), server, 0});
                polled.push_back(link.get());
            }
        }
        poll(fds.data(), fds.size(), any_slow ? static_cast<int>(kTick.count()) : -1);
        const std::lock_guard lock(mutex_);
        std::uint64_t ignored = 0;
        (void)!read(wake_, &ignored, sizeof ignored);
        if ((fds[1].revents & POLLIN) != 0) {
            accept_one();
        }
        for (std::size_t i = 0; i < polled.size(); ++i) {
            Link& link = *polled[i];
            if (!link.ended && !link.stalled) {
                serve(link, fds[kFixed + 2 * i].revents, fds[kFixed + 2 * i + 1].revents);
            }
        }
    }
}

}  // namespace doppel::test
