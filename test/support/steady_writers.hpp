// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace doppel::test {

/// Applications that write to `t` and `twin` alike whatever becomes of the server: when it is lost
/// they connect again, and lock waits are tried again. Every other error is noted: an application
/// beside a migration must not see any.
class SteadyWriters final {
public:
    struct Report {
        unsigned committed = 0;
        unsigned reconnects = 0;
        unsigned repeated = 0;  ///< after deadlocks and lock waits that took too long
        std::vector<std::string> errors;
    };

    /// `at` is what they connect to; `tolerated` are server errors that the test provokes itself;
    /// `pause` is after each transaction.
    SteadyWriters(
        ConnectionOptions at,
        const std::string& schema,
        unsigned writers,
        TwinWriters::Next next,
        std::set<unsigned> tolerated = {},
        std::chrono::milliseconds pause = kModestPause
    );
    ~SteadyWriters();
    SteadyWriters(const SteadyWriters&) = delete;
    SteadyWriters& operator=(const SteadyWriters&) = delete;

    Report stop();
    [[nodiscard]] unsigned committed() const { return committed_; }

private:
    void write(unsigned writer);
    /// False when it is to connect anew.
    bool write_once(sql::Session& session, unsigned writer, std::mt19937& random);

    ConnectionOptions at_;
    TwinWriters::Next next_;
    std::set<unsigned> tolerated_;
    std::chrono::milliseconds pause_;
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned> committed_ = 0;
    std::atomic<unsigned> reconnects_ = 0;
    std::atomic<unsigned> repeated_ = 0;
    std::mutex mutex_;
    std::vector<std::string> errors_;
    std::vector<std::thread> threads_;
};

}  // namespace doppel::test
