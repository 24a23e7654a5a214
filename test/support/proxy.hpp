// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace doppel::test {

/// Reads what a client says to a MySQL server in clear text: which command begins where, and
/// whether its text holds something. Keeps the beginning of one command only.
class ClientTalk final {
public:
    /// The bytes that come next.
    void hear(std::string_view bytes);
    /// It has asked for the binlog.
    [[nodiscard]] bool is_feed() const noexcept { return feed_; }
    /// The command that the last bytes belong to; its first bytes.
    [[nodiscard]] const std::string& command() const noexcept { return command_; }

private:
    std::string header_;
    std::size_t left_ = 0;  ///< of the packet's payload
    bool begins_ = false;   ///< the packet is the first of a command
    std::string command_;
    bool feed_ = false;
};

/// A TCP proxy on loopback between doppel and a server, with a network of a test's making. Its
/// connections are told apart by what the client says on them, so they must not use TLS.
///
/// All may be called from any thread; what is asked for has happened on return.
class Proxy final {
public:
    enum class Which { all, sql, feed };
    enum class How {
        reset,  ///< RST to both sides
        close,  ///< FIN to both sides
        stall,  ///< nothing comes through any more in either direction; neither side is told
    };
    /// What becomes of connections that are made from now on.
    enum class Welcome {
        serve,
        refuse,  ///< closed at once
        ignore,  ///< accepted, and that is all
    };

    Proxy(std::string host, std::uint16_t port);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Connections that are served, stalled ones left out.
    [[nodiscard]] std::size_t count(Which which) const;
    /// Connections so far.
    [[nodiscard]] std::size_t accepted() const;

    /// To connections that there are; returns to how many.
    std::size_t harm(Which which, How how);
    /// Lets so many bytes a second of the server through from now on; 0: as many as come.
    std::size_t slow(Which which, std::size_t bytes_per_second);
    /// Lets so many further bytes of the server through, then `how`.
    std::size_t truncate(Which which, std::size_t bytes, How how);

    void welcome(Welcome welcome);
    /// Connections that are made from now on come to that server instead.
    void lead_to(std::uint16_t port);
    /// The next `connections` new ones are truncated after so many bytes of the server.
    void truncate_next(std::size_t connections, std::size_t bytes, How how);

    /// Once: of the next command that has the parts of `pattern`, which are divided by %, in its
    /// first 4 KiB ($ stands for the end), the answer is lost (the server does it) or, not
    /// `arrives`, the command itself; then `how` to its connection.
    void lose(std::string pattern, bool arrives, How how);
    /// The patterns of `lose` that were not met yet.
    [[nodiscard]] std::vector<std::string> waiting() const;

private:
    struct Link;
    struct Loss {
        std::string pattern;
        bool arrives = true;
        How how = How::reset;
    };
    struct Truncation {
        std::size_t connections = 0;
        std::size_t bytes = 0;
        How how = How::reset;
    };

    void work();
    void wake() const;
    /// Runs `change` between two rounds of the thread.
    template <class Change>
    auto between_rounds(Change change);
    template <class Change>
    std::size_t for_each(Which which, Change change);
    void accept_one();
    void serve(Link& link, short client_events, short server_events);
    void read_client(Link& link);
    void read_server(Link& link);
    void meet_losses(Link& link, std::string& bytes);
    static void end(Link& link, How how);
    static bool is(const Link& link, Which which);

    std::string host_;
    std::uint16_t server_port_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    int wake_ = -1;
    mutable std::mutex mutex_;
    std::list<std::unique_ptr<Link>> links_;
    std::vector<Loss> losses_;
    Welcome welcome_ = Welcome::serve;
    Truncation truncation_;
    std::size_t accepted_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace doppel::test
