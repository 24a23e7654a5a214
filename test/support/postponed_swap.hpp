// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace doppel::test {

/// Lets a run do everything but the swap for as long as it lives: however quick the copy is, or
/// late the test, the run has not ended, and there is something to replay, and connections to lose.
class PostponedSwap final {
public:
    PostponedSwap() : file_(unique_file()) {
        std::ofstream(file_) << "";
        EXPECT_TRUE(std::filesystem::exists(file_));
    }
    PostponedSwap(const PostponedSwap&) = delete;
    PostponedSwap& operator=(const PostponedSwap&) = delete;
    ~PostponedSwap() { end(); }

    /// For the run.
    [[nodiscard]] std::string option() const { return "--postpone-cutover=" + file_; }
    void end() const { std::filesystem::remove(file_); }

private:
    static std::string unique_file() {
        static std::atomic<int> counter = 0;
        return fmt::format("{}doppel-postponed-{}-{}", testing::TempDir(), ::getpid(), ++counter);
    }

    std::string file_;
};

}  // namespace doppel::test
