// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"
#include "mysql/identifier.hpp"
#include "tools/load/commands.hpp"
#include "tools/load/report.hpp"
#include "tools/load/worker.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace doppel::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// SIGINT and SIGTERM as something to wait for. Construct it before any other thread exists, as
/// threads inherit the mask.
class StopSignals final {
public:
    StopSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, &previous_);
    }
    ~StopSignals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    /// True when a signal came within `wait`.
    [[nodiscard]] bool wait_for(Instant wait) const {
        const auto bounded = std::max(Instant{0}, wait);
        const auto whole = std::chrono::duration_cast<seconds>(bounded);
        std::timespec timeout{};
        timeout.tv_sec = whole.count();
        timeout.tv_nsec = (bounded - whole).count();
        return sigtimedwait(&set_, nullptr, &timeout) > 0;
    }

private:
    sigset_t set_{};
    sigset_t previous_{};
};

/// Lines to the terminal and, if asked for, to a file.
class Output final {
public:
    explicit Output(const std::string& json_file) {
        if (json_file.empty()) {
            return;
        }
        json_.open(json_file, std::ios::trunc);
        if (!json_) {
            throw Error(Errc::usage, "cannot write to " + json_file);
        }
    }
    void write(const std::string& text, const std::string& json) {
        std::cout << text << std::flush;
        if (json_.is_open()) {
            json_ << json << "\n" << std::flush;
        }
    }

private:
    std::ofstream json_;
};

std::uint64_t largest_id(sql::Session& session, const std::string& table) {
    const auto value = session.query("SELECT MAX(id) FROM " + table).scalar();
    if (!value) {
        throw Error(Errc::failed, "the table " + table + " is empty: run load prepare first");
    }
    return std::stoull(*value);
}

class Run final {
public:
    Run(const ConnectionOptions& connection, const RunOptions& options)
        : options_(options),
          output_(options.json_file),
          pacer_(options.rate),
          sessions_(open_sessions(connection, options)),
          largest_id_(largest_id(*sessions_.front(), mysql::quote_identifier(options.table))),
          context_{
              connection,
              mysql::quote_identifier(options.table),
              options.twin.empty() ? "" : mysql::quote_identifier(options.twin),
              largest_id_,
              control_,
              pacer_,
              recorder_} {}

    bool perform() {
        start_workers();
        watch();
        control_.stop();
        const std::uint64_t backlog = pacer_.backlog(control_.now());
        finish_workers();
        const Instant end = control_.now();
        const Totals totals = recorder_.totals(end);
        report_interval(end, backlog);
        output_.write(summary_text(totals, backlog, epoch_), summary_json(totals, backlog, epoch_));
        return totals.whole.counts.errors == 0 && totals.whole.counts.twin_mismatches == 0;
    }

private:
    static std::vector<std::unique_ptr<sql::Session>> open_sessions(
        const ConnectionOptions& connection, const RunOptions& options
    ) {
        std::vector<std::unique_ptr<sql::Session>> sessions;
        for (unsigned i = 0; i < options.threads; ++i) {
            sessions.push_back(sql::connect(connection, worker_settings()));
        }
        return sessions;
    }

    void start_workers() {
        std::uint64_t seed = options_.seed.value_or(static_cast<std::uint64_t>(epoch_.start_ms));
        std::cout << fmt::format("seed {}\n", seed);
        for (auto& session : sessions_) {
            // Far apart in the sequence of seeds, so that threads do not repeat each other.
            seed = RandomSequence(seed).next();
            workers_.push_back(std::make_unique<Worker>(context_, std::move(session), seed));
        }
    }

    /// Returns when the run is to end.
    void watch() {
        const Instant interval = options_.stats_interval;
        Instant next_report = interval;
        for (;;) {
            const Instant wake = options_.duration
                                     ? std::min<Instant>(next_report, *options_.duration)
                                     : next_report;
            if (signals_.wait_for(wake - control_.now())) {
                return;
            }
            const Instant now = control_.now();
            if (options_.duration && now >= *options_.duration) {
                return;
            }
            if (now >= next_report) {
                report_interval(now, pacer_.backlog(now));
                next_report += interval * ((now - next_report) / interval + 1);
            }
        }
    }

    void report_interval(Instant now, std::uint64_t backlog) {
        const Interval interval = recorder_.take_interval(now);
        output_.write(
            interval_text(interval, backlog, epoch_) + "\n",
            interval_json(interval, backlog, epoch_)
        );
    }

    /// Workers end with their transaction. One that a lock holds up gets some seconds, or until the
    /// next signal, and is killed then.
    void finish_workers() {
        constexpr milliseconds kStep{20};
        constexpr seconds kGrace{5};
        const Instant deadline = control_.now() + kGrace;
        while (!all_finished() && control_.now() < deadline && !signals_.wait_for(kStep)) {
        }
        if (!all_finished()) {
            kill_connections();
        }
        workers_.clear();
    }

    [[nodiscard]] bool all_finished() const {
        return std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) {
            return worker->finished();
        });
    }

    void kill_connections() {
        try {
            const auto session = sql::connect(context_.connection, worker_settings());
            for (const auto& worker : workers_) {
                const std::uint64_t id = worker->connection_id();
                if (!worker->finished() && id != 0) {
                    session->execute("KILL " + std::to_string(id));
                }
            }
        } catch (const Error& error) {
            std::cerr << "load: cannot end the open transactions: " << error.what() << "\n";
        }
    }

    const RunOptions& options_;
    StopSignals signals_;
    Output output_;
    Pacer pacer_;
    Recorder recorder_;
    std::vector<std::unique_ptr<sql::Session>> sessions_;
    std::uint64_t largest_id_;
    RunControl control_;  // the clock starts here, when all that takes time is done
    const Epoch epoch_{std::chrono::floor<milliseconds>(std::chrono::system_clock::now())
                           .time_since_epoch()
                           .count()};
    RunContext context_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

bool run(const ConnectionOptions& connection, const RunOptions& options) {
    return Run(connection, options).perform();
}

}  // namespace doppel::load
