// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/command_fixture.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace doppel::test {

/// A `doppel alter` with a runtime directory of its own, and words to it from other processes.
class ControlledRun final {
public:
    ControlledRun(const Sandbox& sandbox, std::string table)
        : sandbox_(sandbox), table_(std::move(table)) {
        std::string name = "/tmp/doppel-run-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~ControlledRun() {
        process_.reset();
        std::filesystem::remove_all(folder_);
    }
    ControlledRun(const ControlledRun&) = delete;
    ControlledRun& operator=(const ControlledRun&) = delete;

    void start(const std::string& clauses, std::vector<std::string> options) {
        options.emplace_back("--no-native");
        options.emplace_back("--progress-interval=100ms");
        process_ = std::make_unique<Process>(
            sandbox_.doppel_command("ALTER TABLE " + table_ + " " + clauses, options), environment()
        );
    }
    /// `doppel COMMAND [words] TABLE`.
    [[nodiscard]] Finished say(const std::string& command, std::vector<std::string> words = {})
        const {
        auto line = sandbox_.doppel_command(table_);
        line.at(1) = command;
        line.insert(line.end() - 1, words.begin(), words.end());
        return run_process(line, std::chrono::seconds(20), environment());
    }
    [[nodiscard]] nlohmann::json status() const { return last_of(say("status").out, "status"); }
    [[nodiscard]] std::string folder() const { return folder_ + "/doppel"; }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
    [[nodiscard]] Process& process() const { return *process_; }
    [[nodiscard]] nlohmann::json progress() const { return last_of(process_->out(), "progress"); }
    [[nodiscard]] std::uint64_t rows_copied() const {
        const auto last = progress();
        return last.is_object() ? last.at("rows_copied").get<std::uint64_t>() : 0;
    }
    /// Waits until the newest progress names the cause.
    [[nodiscard]] bool wait_for_cause(const std::string& cause, std::chrono::seconds limit) const {
        return eventually(
                   [&] {
                       const auto last = progress();
                       return !process_->running() ||
                              (last.is_object() && last.at("throttle").at("cause") == cause);
                   },
                   limit
               ) &&
               process_->running();
    }
    /// What holds the run back names that, sooner or later: another signal may come first.
    [[nodiscard]] testing::AssertionResult is_held_for(const std::string& reason) const {
        const auto named = [&] {
            const auto last = progress();
            return last.is_object() &&
                   last.at("throttle").at("reason").get<std::string>().find(reason) !=
                       std::string::npos;
        };
        return eventually(named, kLimit) ? testing::AssertionSuccess()
                                         : testing::AssertionFailure() << said();
    }
    /// Nothing is copied between two lines of its progress that are so far apart by its own clock.
    [[nodiscard]] testing::AssertionResult stands_still(std::chrono::milliseconds time) const {
        const auto elapsed = [](const nlohmann::json& line) {
            return line.at("elapsed_ms").get<long>();
        };
        const auto begin = progress();
        auto end = begin;
        const auto later = [&] {
            end = progress();
            return elapsed(end) >= elapsed(begin) + time.count();
        };
        return eventually(later, kLimit) && end.at("rows_copied") == begin.at("rows_copied")
                   ? testing::AssertionSuccess()
                   : testing::AssertionFailure() << said();
    }
    [[nodiscard]] std::string said() const { return process_->out() + process_->err(); }
    [[nodiscard]] int finish() const { return process_->wait(std::chrono::seconds(90)); }

private:
    static constexpr std::chrono::seconds kLimit{60};

    [[nodiscard]] Process::Environment environment() const {
        auto added = sandbox_.environment();
        added["XDG_RUNTIME_DIR"] = folder_;
        return added;
    }

    const Sandbox& sandbox_;
    std::string table_;
    std::string folder_;
    std::unique_ptr<Process> process_;
};

/// Seconds that the summary names for a cause.
inline double held_for(const nlohmann::json& summary, const std::string& cause) {
    for (const auto& held : summary.at("progress").at("throttle").at("held")) {
        if (held.at("cause") == cause) {
            return held.at("seconds").get<double>();
        }
    }
    return 0;
}

}  // namespace doppel::test
