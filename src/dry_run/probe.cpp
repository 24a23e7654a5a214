// SPDX-License-Identifier: Apache-2.0
#include "dry_run/probe.hpp"

#include "copy/chunk_statement.hpp"
#include "doppel/error.hpp"
#include "dry_run/helpers.hpp"
#include "dry_run/query.hpp"
#include "index/build_session.hpp"
#include "protocol/chunk_sizer.hpp"
#include "sql/failure_kind.hpp"
#include "verify/comparer.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPlacesMax = 12;
constexpr std::chrono::milliseconds kLook{5};

double since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Pieces of the table in turn from several places, each place up to where the next one began.
class Places final {
public:
    Places(const mysql::TablePair& tables, const Sample& sample) : tables_(tables) {
        const std::size_t step = std::max<std::size_t>(sample.ranges.size() / kPlacesMax, 1);
        for (std::size_t i = 0; i < sample.ranges.size(); i += step) {
            std::optional<mysql::Key> end;
            if (i + step < sample.ranges.size()) {
                end = sample.ranges[i + step].lower;
            }
            open_.push_back({sample.ranges[i].lower, std::move(end)});
        }
    }

    /// Nothing when the table is all given out.
    std::optional<mysql::KeyRange> next(sql::Session& session, std::size_t rows) {
        const std::lock_guard lock(mutex_);
        while (!open_.empty()) {
            mysql::KeyRange place = std::move(open_.front());
            open_.pop_front();
            auto upper = end_of_piece(session, tables_, place.lower, rows);
            // Where the order is not known the pieces of two places could overlap.
            const bool last = !upper || (place.upper && (!tables_.shape.exactly_comparable() ||
                                                         !(upper->bytes < place.upper->bytes)));
            if (last && place.upper && !tables_.shape.exactly_comparable()) {
                continue;
            }
            mysql::KeyRange piece{place.lower, last ? place.upper : upper};
            if (!last) {
                open_.push_back({upper, std::move(place.upper)});
            }
            return piece;
        }
        return std::nullopt;
    }

private:
    const mysql::TablePair& tables_;
    std::mutex mutex_;
    std::deque<mysql::KeyRange> open_;
};

class Probe final {
public:
    Probe(
        const ConnectionOptions& connection,
        const ProbePlan& plan,
        const Sample& places,
        std::chrono::milliseconds time,
        const std::function<void()>& require_running
    )
        : connection_(connection),
          plan_(plan),
          places_(plan.tables, places),
          time_(time),
          require_running_(require_running),
          sizer_({plan.chunk_rows, 10, plan.chunk_rows_max, plan.chunk_time}) {}

    ProbeResult run() {
        std::vector<std::unique_ptr<sql::Session>> sessions;
        const bool verifies = plan_.subject.has_value();
        for (unsigned i = 0; i < plan_.workers + 1 + (verifies ? 1 : 0); ++i) {
            sessions.push_back(connect_writer(connection_, plan_.utc, true));
        }
        sql::Session& finder = *sessions[plan_.workers];
        if (!plan_.drop_indexes.empty()) {
            finder.execute(plan_.drop_indexes);
        }
        began_ = Clock::now();
        run_together(plan_.workers + (verifies ? 1 : 0), failed_, [&](unsigned i) {
            if (i < plan_.workers) {
                copy(*sessions[i], finder);
            } else {
                verify(*sessions.back());
            }
        });
        ProbeResult result;
        if (rows_ == 0) {
            result.problem = "no row was copied";
            return result;
        }
        result.measured.rows = static_cast<double>(rows_);
        // The comparison ends a little later; in a run it goes on beside the copy.
        const double rest = verified_rows_ > 0 && verified_seconds_ > copied_seconds_
                                ? (verified_seconds_ - copied_seconds_)
                                : 0;
        result.measured.copy_row_seconds = (copied_seconds_ + rest) / result.measured.rows;
        build(*sessions[plan_.workers], result);
        return result;
    }

private:
    [[nodiscard]] bool goes_on() const {
        return !failed_ && since(began_) < std::chrono::duration<double>(time_).count() &&
               static_cast<double>(rows_) < plan_.rows_max;
    }

    void copy(sql::Session& session, sql::Session& finder) {
        while (goes_on()) {
            require_running_();
            const auto range = next(finder);
            if (!range) {
                break;
            }
            const auto began = Clock::now();
            try {
                const std::uint64_t rows =
                    session.execute(copy::copy_statement(plan_.tables, *range));
                note_copied(*range, rows, Clock::now() - began);
            } catch (const Error& error) {
                const auto kind = sql::classify_write_failure(error);
                if (kind != sql::FailureKind::duplicate && kind != sql::FailureKind::misfit &&
                    kind != sql::FailureKind::conflict) {
                    throw;
                }
            }
        }
        const std::lock_guard lock(mutex_);
        copied_seconds_ = std::max(copied_seconds_, since(began_));
        ++ended_;
    }

    std::optional<mysql::KeyRange> next(sql::Session& finder) {
        std::size_t rows = 0;
        {
            const std::lock_guard lock(mutex_);
            rows = sizer_.rows();
        }
        return places_.next(finder, rows);
    }

    void note_copied(const mysql::KeyRange& range, std::uint64_t rows, Clock::duration time) {
        const std::lock_guard lock(mutex_);
        rows_ += rows;
        sizer_.record(rows, std::chrono::duration_cast<std::chrono::microseconds>(time));
        to_verify_.push_back(range);
    }

    void verify(sql::Session& session) {
        const verify::Comparer comparer(*plan_.subject, 100);
        while (!failed_) {
            std::optional<mysql::KeyRange> range;
            bool last = false;
            {
                const std::lock_guard lock(mutex_);
                last = ended_ == plan_.workers;
                if (!to_verify_.empty()) {
                    range = to_verify_.front();
                    to_verify_.pop_front();
                }
            }
            if (!range && last) {
                break;
            }
            if (!range) {
                std::this_thread::sleep_for(kLook);
                continue;
            }
            require_running_();
            verified_rows_ += comparer.compare(session, *range).rows;
        }
        verified_seconds_ = since(began_);
    }

    void build(sql::Session& session, ProbeResult& result) {
        if (plan_.build_indexes.empty()) {
            return;
        }
        require_running_();
        index::prepare_build(session, plan_.workers);
        const auto began = Clock::now();
        session.execute(plan_.build_indexes);
        result.measured.index_row_seconds = since(began) / result.measured.rows;
        result.measured.indexed_rows = result.measured.rows;
    }

    const ConnectionOptions& connection_;
    const ProbePlan& plan_;
    Places places_;
    std::chrono::milliseconds time_;
    const std::function<void()>& require_running_;
    std::mutex mutex_;
    protocol::ChunkSizer sizer_;
    std::deque<mysql::KeyRange> to_verify_;
    Clock::time_point began_;
    std::atomic<bool> failed_{false};
    std::atomic<std::uint64_t> rows_{0};
    std::uint64_t verified_rows_ = 0;
    double verified_seconds_ = 0;
    double copied_seconds_ = 0;
    unsigned ended_ = 0;
};

}  // namespace

ProbeResult run_probe(
    const ConnectionOptions& connection,
    const ProbePlan& plan,
    const Sample& places,
    std::chrono::milliseconds time,
    const std::function<void()>& require_running
) {
    return Probe(connection, plan, places, time, require_running).run();
}

}  // namespace doppel::dry_run
