// SPDX-License-Identifier: Apache-2.0
#include "verify/verifier.hpp"

#include "sql/failure_kind.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::verify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kConflictPause{20};
/// A look costs two fences and the wait for replay, so suspected keys are looked at together.
constexpr std::size_t kSuspectsMax = 500;
constexpr std::chrono::milliseconds kSuspectsPatience{2'000};
/// Differences of one range that are taken up at once.
constexpr std::size_t kDifferencesMax = 1'000;
/// Ranges in a row, ever smaller, with more differences than that although replay had caught up.
constexpr unsigned kOverflowsMax = 12;
/// Differences judged at once while the feed is busy: each costs a statement.
constexpr std::size_t kJudgedMax = 50;
constexpr std::size_t kKeysInStatement = 1'000;
constexpr std::chrono::milliseconds kPauseStep{20};
constexpr std::chrono::milliseconds kPauseMax{500};
constexpr std::size_t kKeysShown = 10;
/// A value that does not fit is replay's to report; it reads the row, too.
constexpr unsigned kMisfitsMax = 20;

protocol::ChunkSizer::Limits sizer_limits(const VerifierLimits& limits) {
    protocol::ChunkSizer::Limits sizer;
    sizer.rows_max = std::max(limits.rows_max, sizer.rows_min);
    sizer.time_target = limits.time_target;
    return sizer;
}

std::vector<mysql::Key> keys_of(const Comparison& found) {
    std::vector<mysql::Key> keys;
    keys.reserve(found.differences.size());
    for (const Difference& difference : found.differences) {
        keys.push_back(difference.key);
    }
    return keys;
}

std::vector<Suspects::Look> looks_of(const Comparison& found, bool touched) {
    std::vector<Suspects::Look> looks;
    looks.reserve(found.differences.size());
    for (const Difference& difference : found.differences) {
        looks.push_back({difference.key, touched});
    }
    return looks;
}

/// Any of `touched`, in statements of bounded length.
bool is_among(
    const Comparer& comparer,
    sql::Session& session,
    const mysql::Key& key,
    std::span<const mysql::Key> touched,
    std::size_t bytes_max
) {
    std::size_t first = 0;
    while (first < touched.size()) {
        std::size_t count = 0;
        std::size_t bytes = 0;
        while (first + count < touched.size() && count < kKeysInStatement &&
               (count == 0 || bytes < bytes_max)) {
            bytes += touched[first + count].bytes.size();
            ++count;
        }
        if (comparer.is_among(session, key, touched.subspan(first, count))) {
            return true;
        }
        first += count;
    }
    return false;
}

/// `found` are judged as far as kJudgedMax; the rest stays suspected.
std::vector<Suspects::Look> find_touched(
    const Comparer& comparer,
    sql::Session& session,
    const Comparison& found,
    const std::vector<mysql::Key>& touched,
    std::size_t bytes_max
) {
    std::vector<Suspects::Look> looks = looks_of(found, true);
    for (std::size_t i = 0; i < std::min(looks.size(), kJudgedMax); ++i) {
        looks[i].touched = is_among(comparer, session, looks[i].key, touched, bytes_max);
    }
    return looks;
}

}  // namespace

Verifier::Verifier(VerifierContext context, sql::AsyncSession& session)
    : context_(std::move(context)),
      session_(session),
      comparer_(context_.subject, kDifferencesMax),
      pace_(sizer_limits(context_.limits)) {}

bool Verifier::can_advance() const {
    if (compared_all_) {
        return false;
    }
    return compared_source_ || context_.coordinator.copied() ||
           context_.coordinator.closed_through() != compared_;
}

bool Verifier::must_settle() const {
    return !suspects_.empty() &&
           (compared_all_ || suspects_.size() >= kSuspectsMax || overflows_ > 0 ||
            (suspected_since_ && Clock::now() - *suspected_since_ > kSuspectsPatience));
}

async::awaitable<void> Verifier::run() {
    while (!context_.stopping && !finished_) {
        if (must_settle()) {
            co_await settle();
        } else if (can_advance()) {
            co_await proceed();
        } else if (compared_all_) {
            finished_ = true;
            context_.changed.notify();
        } else {
            co_await context_.changed.wait(kLook);
        }
    }
}

std::chrono::milliseconds Verifier::pause() const {
    return context_.gate == nullptr ? std::chrono::milliseconds::zero()
                                    : context_.gate->pause(0, 1);
}

async::awaitable<void> Verifier::proceed() {
    if (const auto rest = pause(); rest.count() > 0) {
        co_await context_.changed.wait(rest);
        co_return;
    }
    const auto began = Clock::now();
    if (compared_source_) {
        co_await advance_walk();
    } else {
        co_await advance();
    }
    if (context_.gate != nullptr) {
        context_.gate->worked(
            0, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began)
        );
    }
}

template <class Work>
async::awaitable<bool> Verifier::attempt(const Work& work) {
    std::optional<Error> failure;
    try {
        co_await session_.run(std::ref(work));
        misfits_ = 0;
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) {
        co_return true;
    }
    co_await recover(*failure);
    co_return false;
}

async::awaitable<void> Verifier::recover(Error error) {
    if (context_.stopping) {
        co_return;
    }
    switch (sql::classify_write_failure(error)) {
        case sql::FailureKind::connection_lost:
            context_.logger.warning("verify: lost the connection: {}", error.what());
            co_await session_.reconnect(context_.limits.reconnect_limit);
            co_return;
        case sql::FailureKind::conflict:
            co_await async::sleep(kConflictPause);
            co_return;
        case sql::FailureKind::misfit:
            // A change that does not fit the new schema and is not reconciled yet.
            if (++misfits_ > kMisfitsMax) {
                throw Error(
                    Errc::data_misfit,
                    fmt::format(
                        "a row of {} does not fit the new schema: {}",
                        context_.subject.tables.source.str(),
                        error.what()
                    )
                );
            }
            co_await context_.catch_up();
            co_return;
        default:
            throw Error(error, fmt::format("verifying failed: {}", error.what()));
    }
}

void Verifier::add_suspects(const Comparison& found) {
    if (found.differences.empty()) {
        return;
    }
    suspects_.add(keys_of(found));
    if (!suspected_since_) {
        suspected_since_ = Clock::now();
    }
}

async::awaitable<void> Verifier::advance() {
    const bool copied = context_.coordinator.copied();
    mysql::KeyRange range;
    range.lower = compared_;
    if (!copied) {
        range.upper = context_.coordinator.closed_through();
    }
    Comparison found;
    mysql::KeyRange part;
    const auto started = Clock::now();
    const auto work = [&](sql::Session& session) {
        part = comparer_.first_part(session, range, pace_.rows());
        found = comparer_.compare(session, part);
    };
    if (!co_await attempt(work)) {
        co_return;
    }
    if (!take_up(found, found.rows, Clock::now() - started)) {
        co_return;
    }
    rows_ += found.rows;
    compared_ = part.upper;
    compared_source_ = copied && !part.upper;
    compared_all_ = compared_source_ && context_.subject.extra_rows == ExtraRows::by_range;
}

/// By and by all rows of the shadow, whose order is not the source's.
async::awaitable<void> Verifier::advance_walk() {
    mysql::KeyRange range;
    range.lower = walked_;
    Comparison found;
    mysql::KeyRange part;
    const auto started = Clock::now();
    const auto work = [&](sql::Session& session) {
        part = comparer_.first_step(session, range, pace_.rows());
        found = comparer_.walk(session, part);
    };
    if (!co_await attempt(work)) {
        co_return;
    }
    if (!take_up(found, part.upper ? pace_.rows() : 0, Clock::now() - started)) {
        co_return;
    }
    walked_ = part.upper;
    compared_all_ = !part.upper;
}

bool Verifier::take_up(const Comparison& found, std::size_t rows, Clock::duration taken) {
    require_possible(found);
    add_suspects(found);
    if (!found.complete) {
        // Perhaps replay is far behind. Those that were named are looked at, which lets it catch
        // up; then the range is compared again.
        if (++overflows_ > kOverflowsMax) {
            throw Error(
                Errc::failed,
                fmt::format(
                    "{} and {} differ in more rows than can be looked at",
                    context_.subject.tables.source.str(),
                    context_.subject.tables.shadow.str()
                )
            );
        }
        pace_.shrink();
        return false;
    }
    overflows_ = 0;
    pace_.record(rows, std::chrono::duration_cast<std::chrono::microseconds>(taken));
    return true;
}

void Verifier::require_possible(const Comparison& found) const {
    if (found.impossible.empty()) {
        return;
    }
    Differences rows;
    rows.table = context_.subject.tables.shadow.str();
    rows.count = found.impossible.size();
    rows.action = Differences::Action::stopping;
    rows.keys = found.impossible;
    rows.keys.resize(std::min(rows.keys.size(), kKeysShown));
    context_.report(rows);
    throw Error(
        Errc::failed,
        fmt::format(
            "{} holds {} row(s) that no row of {} can become, with the keys {}{}. Something else "
            "writes to the new table (a trigger, an event, a program)",
            rows.table,
            rows.count,
            context_.subject.tables.source.str(),
            fmt::join(rows.keys, ", "),
            rows.keys.size() < rows.count ? ", .." : ""
        )
    );
}

async::awaitable<void> Verifier::settle() {
    while (!context_.stopping && !suspects_.empty()) {
        co_await look();
        if (const unsigned looks = suspects_.looks(); looks > 0) {
            co_await async::sleep(std::min(looks * kPauseStep, kPauseMax));
        }
    }
    suspected_since_.reset();
}

async::awaitable<void> Verifier::look() {
    context_.touched.begin();
    co_await context_.catch_up();
    const auto keys = suspects_.next(context_.limits.keys_max, context_.limits.bytes_max);
    Comparison found;
    const auto work = [&](sql::Session& session) { found = comparer_.compare(session, keys); };
    if (!co_await attempt(work)) {
        co_return;
    }
    require_possible(found);
    if (!found.differences.empty()) {
        // What the comparison saw was in the binlog before it was visible: from here on the feed
        // has delivered it.
        co_await context_.pass_fence();
    }
    context_.touched.end();
    const auto different = co_await judge_touched(found);
    if (different) {
        const auto verdict = suspects_.judge(keys, *different);
        act_on(verdict);
    }
}

async::awaitable<std::optional<std::vector<Suspects::Look>>> Verifier::judge_touched(
    const Comparison& found
) {
    const TouchedKeys& touched = context_.touched;
    std::vector<Suspects::Look> looks = looks_of(found, touched.overflowed());
    if (found.differences.empty() || touched.empty() || touched.overflowed()) {
        co_return looks;
    }
    const std::vector<mysql::Key> keys = touched.keys();
    const auto work = [&](sql::Session& session) {
        looks = find_touched(comparer_, session, found, keys, context_.limits.bytes_max);
    };
    if (!co_await attempt(work)) {
        co_return std::nullopt;
    }
    co_return looks;
}

Differences Verifier::describe(const std::vector<mysql::Key>& keys, Differences::Action action)
    const {
    Differences differences;
    differences.table = context_.subject.tables.source.str();
    differences.count = keys.size();
    differences.action = action;
    for (std::size_t i = 0; i < std::min(keys.size(), kKeysShown); ++i) {
        differences.keys.push_back(context_.subject.tables.shape.describe(keys[i]));
    }
    return differences;
}

void Verifier::act_on(const Suspects::Verdict& verdict) {
    const mysql::TablePair& tables = context_.subject.tables;
    if (!verdict.returned.empty()) {
        const Differences returned = describe(verdict.returned, Differences::Action::stopping);
        context_.report(returned);
        throw Error(
            Errc::failed,
            fmt::format(
                "{} row(s) of {} differ from {} again after they were copied anew, with the keys "
                "{}{}. Something else changes the new table (a trigger, an event, a program), or "
                "the server converts these rows differently each time",
                returned.count,
                tables.source.str(),
                tables.shadow.str(),
                fmt::join(returned.keys, ", "),
                returned.keys.size() < returned.count ? ", .." : ""
            )
        );
    }
    if (!verdict.repair.empty()) {
        const Differences repairs = describe(verdict.repair, Differences::Action::repairing);
        context_.logger.warning(
            "verify: {} row(s) of {} and {} differ and are copied anew, with the keys {}{}",
            repairs.count,
            tables.source.str(),
            tables.shadow.str(),
            fmt::join(repairs.keys, ", "),
            repairs.keys.size() < repairs.count ? ", .." : ""
        );
        context_.report(repairs);
        for (const mysql::Key& key : verdict.repair) {
            context_.coordinator.request(key.bytes);
        }
        context_.changed.notify();
    }
    if (suspects_.too_many_real() || suspects_.too_many_undecided()) {
        throw Error(
            Errc::failed,
            suspects_.too_many_real()
                ? fmt::format(
                      "{} and {} differ in more than {} rows: that is no accident",
                      tables.source.str(),
                      tables.shadow.str(),
                      Suspects::kRepairsMax
                  )
                : fmt::format(
                      "more than {} rows of {} change too often to be verified; run again at a "
                      "quieter time or with --verify=off",
                      Suspects::kUndecidedMax,
                      tables.source.str()
                  )
        );
    }
}

async::awaitable<bool> Verifier::settle_locked(sql::AsyncSession& session) {
    const std::vector<mysql::Key> keys(suspects_.undecided().begin(), suspects_.undecided().end());
    if (keys.empty()) {
        co_return true;
    }
    Comparison found;
    const auto work = [&](sql::Session& locked) {
        const std::span<const mysql::Key> all(keys);
        for (std::size_t first = 0; first < all.size(); first += kJudgedMax) {
            const auto some = comparer_.compare(
                locked, all.subspan(first, std::min(kJudgedMax, all.size() - first))
            );
            found.differences.insert(
                found.differences.end(), some.differences.begin(), some.differences.end()
            );
        }
    };
    co_await session.run(std::ref(work));
    const auto differing = keys_of(found);
    const auto verdict = suspects_.judge_locked(differing);
    act_on(verdict);
    co_return differing.empty();
}

}  // namespace doppel::verify
