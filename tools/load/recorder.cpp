// SPDX-License-Identifier: Apache-2.0
#include "tools/load/recorder.hpp"

#include <algorithm>

namespace doppel::load {
namespace {

using std::chrono::seconds;

std::uint64_t microseconds(Instant duration) {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count));
}

Quantiles quantiles(const Histogram& histogram) {
    return {
        histogram.quantile(0.50),
        histogram.quantile(0.95),
        histogram.quantile(0.99),
        histogram.max()};
}

void keep_longest(Longest& longest, std::string_view what, Instant start, Instant end) {
    if (end - start > longest.length) {
        longest = {std::string(what), start, end - start};
    }
}

}  // namespace

double Interval::commits_per_second() const {
    const double length = std::chrono::duration<double>(to - from).count();
    return length > 0 ? static_cast<double>(counts.commits) / length : 0;
}

Interval Recorder::Window::summarise(Instant from, Instant to) const {
    return {from, to, counts, quantiles(latency), quantiles(service), {}};
}

template <class Change>
void Recorder::count(Change change) {
    change(window_.counts);
    change(whole_.counts);
}

void Recorder::started(Instant due) {
    const std::lock_guard lock(mutex_);
    stalls_.started(due);
    window_stalls_.started(due);
}

void Recorder::committed(Instant due, Instant start, Instant now) {
    const std::lock_guard lock(mutex_);
    count([](Counts& counts) { ++counts.commits; });
    for (Window* const window : {&window_, &whole_}) {
        window->latency.add(microseconds(now - due));
        window->service.add(microseconds(now - start));
    }
    stalls_.committed(due, now);
    window_stalls_.committed(due, now);
    keep_longest(transaction_, "transaction", start, now);
    const auto second = static_cast<std::size_t>(now / seconds{1});
    if (commits_by_second_.size() <= second) {
        commits_by_second_.resize(second + 1);
    }
    ++commits_by_second_[second];
}

bool Recorder::failed(Instant due, const std::string& message) {
    const std::lock_guard lock(mutex_);
    count([](Counts& counts) { ++counts.errors; });
    stalls_.failed(due);
    window_stalls_.failed(due);
    if (first_errors_.size() >= kErrorsKept) {
        return false;
    }
    first_errors_.push_back(message);
    return true;
}

void Recorder::deadlocked() {
    const std::lock_guard lock(mutex_);
    count([](Counts& counts) { ++counts.deadlocks; });
}

void Recorder::lock_wait_timed_out() {
    const std::lock_guard lock(mutex_);
    count([](Counts& counts) { ++counts.lock_wait_timeouts; });
}

void Recorder::twin_mismatched() {
    const std::lock_guard lock(mutex_);
    count([](Counts& counts) { ++counts.twin_mismatches; });
}

void Recorder::statement_done(std::string_view what, Instant start, Instant end) {
    const std::lock_guard lock(mutex_);
    keep_longest(statement_, what, start, end);
}

Interval Recorder::take_interval(Instant now) {
    const std::lock_guard lock(mutex_);
    Interval interval = window_.summarise(window_start_, now);
    interval.stall = window_stalls_.longest(now);
    window_stalls_.forget();
    window_.counts = {};
    window_.latency.clear();
    window_.service.clear();
    window_start_ = now;
    return interval;
}

Totals Recorder::totals(Instant now) const {
    const std::lock_guard lock(mutex_);
    Totals totals;
    totals.whole = whole_.summarise(Instant{0}, now);
    totals.stall = stalls_.longest(now);
    totals.statement = statement_;
    totals.transaction = transaction_;
    totals.first_errors = first_errors_;
    const auto whole_seconds = static_cast<std::size_t>(std::max(Instant{0}, now) / seconds{1});
    for (std::size_t second = 0; second < whole_seconds; ++second) {
        if (second >= commits_by_second_.size() || commits_by_second_[second] == 0) {
            ++totals.seconds_without_commit;
        }
    }
    return totals;
}

}  // namespace doppel::load
