// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/sandbox.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace doppel::test {

/// Polls until `condition` holds; false after `limit`.
[[nodiscard]] bool wait_until(
    const std::function<bool()>& condition, std::chrono::milliseconds limit
);

/// The statements of one transaction; "{}" stands for the table's name.
using TwinTransaction = std::vector<std::string>;

/// The same changes to `t` and to `twin` in one transaction, so that a native ALTER of `twin` tells
/// what `t` must look like.
void write_twins(sql::Session& session, const TwinTransaction& statements);
/// ALTERs the twin natively, then compares rows and definitions. Returns how many rows those were.
std::size_t expect_like_native(
    sql::Session& session, const std::string& clauses, const std::string& order_by
);

/// Between the transactions of a writer that is to be there all the time, and not to take what the
/// machine has: some hundred transactions a second are beside every step of a run.
constexpr std::chrono::milliseconds kModestPause{10};

/// Applications that write to both tables until stopped. Writers must not touch each other's rows:
/// nothing orders their statements on the twin.
class TwinWriters final {
public:
    using Next = std::function<TwinTransaction(unsigned writer, std::mt19937& random)>;

    /// `pause` is after each transaction; without one they write as fast as they can.
    TwinWriters(
        const Sandbox& sandbox,
        const std::string& schema,
        unsigned writers,
        Next next,
        std::chrono::milliseconds pause = {}
    );
    ~TwinWriters();
    TwinWriters(const TwinWriters&) = delete;
    TwinWriters& operator=(const TwinWriters&) = delete;

    /// Returns how many transactions were committed; throws what a writer threw.
    unsigned stop();
    [[nodiscard]] unsigned committed() const { return committed_; }

private:
    void write(const Sandbox& sandbox, const std::string& schema, unsigned writer);

    Next next_;
    std::chrono::milliseconds pause_;
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned> committed_ = 0;
    std::mutex mutex_;
    std::exception_ptr failure_;
    std::vector<std::thread> threads_;
};

}  // namespace doppel::test
