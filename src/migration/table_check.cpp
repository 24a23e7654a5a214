// SPDX-License-Identifier: Apache-2.0
#include "migration/table_check.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <thread>
#include <utility>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeysInStatement = 200;
constexpr std::size_t kKeysShown = 10;

std::chrono::milliseconds since(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

protocol::ChunkSizer::Limits sizer_limits(const VerifyOptions& options) {
    protocol::ChunkSizer::Limits limits;
    limits.rows_max = std::max(options.chunk_rows_max, limits.rows_min);
    limits.time_target = options.chunk_time_target;
    return limits;
}

std::string describe(const verify::Subject& subject, const verify::Difference& difference) {
    std::string text = subject.tables.shape.describe(difference.key);
    switch (difference.kind) {
        case verify::RowKind::missing:
            return text + " only in " + subject.tables.source.str();
        case verify::RowKind::extra:
            return text + " only in " + subject.tables.shadow.str();
        case verify::RowKind::duplicate:
            return text + " more than once in " + subject.tables.shadow.str();
        default:
            return text;
    }
}

}  // namespace

TableCheck::TableCheck(
    const verify::Subject& subject,
    const VerifyOptions& options,
    sql::Session& session,
    Observer& observer
)
    : subject_(subject),
      options_(options),
      session_(session),
      observer_(observer),
      comparer_(subject, options.differences_max),
      pace_(sizer_limits(options)),
      started_(Clock::now()),
      next_progress_(started_) {}

Verified TableCheck::run() {
    observer_.on_event(PhaseChanged{Phase::verifying});
    compare_all();
    for (unsigned look = 0; look < options_.looks && !differences_.empty(); ++look) {
        std::this_thread::sleep_for(options_.look_pause);
        look_again();
    }
    std::sort(differences_.begin(), differences_.end(), [](const auto& a, const auto& b) {
        return a.key < b.key;
    });
    report();
    Verified result;
    result.first = subject_.tables.source.str();
    result.second = subject_.tables.shadow.str();
    result.rows = rows_;
    result.differences = differences();
    result.complete = complete_;
    observer_.on_event(result);
    return result;
}

void TableCheck::compare_all() {
    compare_along([this](const mysql::KeyRange& rest) {
        const mysql::KeyRange part = comparer_.first_part(session_, rest, pace_.rows());
        return std::make_pair(part, comparer_.compare(session_, part));
    });
    if (complete_ && subject_.extra_rows == verify::ExtraRows::by_walk) {
        compare_along([this](const mysql::KeyRange& rest) {
            const mysql::KeyRange part = comparer_.first_step(session_, rest, pace_.rows());
            return std::make_pair(part, comparer_.walk(session_, part));
        });
    }
}

void TableCheck::compare_along(const CompareFirst& compare_first) {
    mysql::KeyRange rest;
    while (true) {
        show_progress();
        const auto begun = Clock::now();
        const auto [part, found] = compare_first(rest);
        pace_.record(
            found.rows, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun)
        );
        rows_ += found.rows;
        differences_.insert(differences_.end(), found.differences.begin(), found.differences.end());
        impossible_.insert(impossible_.end(), found.impossible.begin(), found.impossible.end());
        if (!found.complete || differences() >= options_.differences_max) {
            complete_ = false;
            return;
        }
        if (!part.upper) {
            return;
        }
        rest.lower = part.upper;
    }
}

void TableCheck::look_again() {
    std::vector<mysql::Key> keys;
    for (const verify::Difference& difference : differences_) {
        keys.push_back(difference.key);
    }
    differences_.clear();
    const std::span<const mysql::Key> all(keys);
    for (std::size_t first = 0; first < all.size(); first += kKeysInStatement) {
        const auto part = all.subspan(first, std::min(kKeysInStatement, all.size() - first));
        const verify::Comparison found = comparer_.compare(session_, part);
        differences_.insert(differences_.end(), found.differences.begin(), found.differences.end());
    }
}

void TableCheck::show_progress() {
    if (Clock::now() < next_progress_) {
        return;
    }
    next_progress_ = Clock::now() + options_.progress_interval;
    Progress progress;
    progress.phase = Phase::verifying;
    progress.rows_verified = rows_;
    progress.differences = differences();
    progress.elapsed = since(started_);
    observer_.on_event(progress);
}

void TableCheck::report() const {
    if (differences() == 0) {
        return;
    }
    Differences event;
    event.table = subject_.tables.source.str();
    event.count = differences();
    for (std::size_t i = 0; i < std::min(differences_.size(), kKeysShown); ++i) {
        event.keys.push_back(describe(subject_, differences_[i]));
    }
    for (std::size_t i = 0; i < impossible_.size() && event.keys.size() < kKeysShown; ++i) {
        event.keys.push_back(impossible_[i] + " only in " + subject_.tables.shadow.str());
    }
    observer_.on_event(event);
}

}  // namespace doppel::migration
