// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace doppel::test {

/// A child process with its output in files. Killed when destroyed while it runs.
class Process final {
public:
    using Environment = std::map<std::string, std::string>;

    Process(const std::vector<std::string>& command, const Environment& added = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Waits for the end; the exit code, or 128 + signal. Kills the process and throws after
    /// `limit`.
    int wait(std::chrono::seconds limit);
    [[nodiscard]] bool running();
    void signal(int number) const;
    /// Waits until it has stopped itself (SIGSTOP); false after `limit` or when it ended.
    bool wait_until_stopped(std::chrono::seconds limit);
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// What it wrote so far.
    [[nodiscard]] std::string out() const;
    [[nodiscard]] std::string err() const;
    /// Waits until `text` appears in out() or err(); false after `limit` or when the process ended.
    bool wait_for(const std::string& text, std::chrono::seconds limit);

private:
    pid_t pid_ = -1;
    bool ended_ = false;
    int status_ = 0;
    std::string folder_;
};

struct Finished {
    int code = 0;
    std::string out;
    std::string err;
};
[[nodiscard]] Finished run_process(
    const std::vector<std::string>& command,
    std::chrono::seconds limit,
    const Process::Environment& added = {}
);

}  // namespace doppel::test
