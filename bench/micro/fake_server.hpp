// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <thread>

namespace doppel::bench {

/// Plays a server on a TCP port of 127.0.0.1 for a BinlogStream, on a thread of its own: lets
/// everybody in, and to every dump command it answers with the same packets and an error behind
/// them, which ends the stream.
class FakeServer final {
public:
    explicit FakeServer(std::string packets);
    ~FakeServer();
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// In the text of the error that ends the stream.
    static constexpr const char* kEnd = "the dump of the benchmark has ended";

private:
    void serve();

    std::string packets_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace doppel::bench
