// SPDX-License-Identifier: Apache-2.0
#include "estimate/duration.hpp"

#include "estimate/sizes.hpp"

#include <algorithm>
#include <cmath>

namespace doppel::estimate {
namespace {

// Seconds of one session on the reference machine (MySQL 9.7, 2 cores, nothing else on them), where
// the work of src/dry_run/server_speed.cpp takes what is said there. Set from the quiet runs of
// docs/performance.md with one and with four indexes; how what is per row and what is per byte
// share in that is from runs of other shapes on a busy machine. bench/estimate holds them against
// runs.
constexpr double kCopyRow = 3.4e-6;
constexpr double kCopyByte = 12.6e-9;
constexpr double kIndexRow = 1.6e-6;        ///< an index that is filled with the copy, in order
constexpr double kIndexRowRandom = 3.2e-6;  ///< in no order
constexpr double kVerifyRow = 2.8e-6;
constexpr double kVerifyByte = 5e-9;
constexpr double kConvertRow = 2.5e-6;
constexpr double kReadRow = 0.35e-6;
constexpr double kReadByte = 1.2e-9;
constexpr double kLateRow = 0.35e-6;  ///< reading a row once for all late indexes
constexpr double kLateEntry = 0.67e-6;
constexpr double kLateByte = 40e-9;  ///< most of it is the server writing the pages one by one
/// A fence, its commit, and finding the next boundary.
constexpr double kChunk = 4e-3;
/// Checks, tables, start of the feed; then catching up, the swap, the clean-up.
constexpr double kStart = 0.15;
constexpr double kEnd = 0.05;
constexpr double kCutover = 0.1;

/// A probe copies without fences, and nobody reads its binary log (docs/performance.md: 0.28 s of
/// CPU for a million rows that take 6 s).
constexpr double kBesideProbe = 1.05;

/// Right within this factor.
constexpr double kByRatios = 1.7;
constexpr double kByProbe = 1.25;

struct Work {
    double copy = 0;  ///< seconds of a session per row
    double verify = 0;
};

Work work_per_row(const DurationInput& input) {
    Work work;
    work.copy = kCopyRow + kCopyByte * input.record_bytes +
                kIndexRow * (input.early_indexes - input.early_random) +
                kIndexRowRandom * input.early_random;
    if (input.verify) {
        work.verify =
            kVerifyRow + kVerifyByte * input.record_bytes + (input.converts ? kConvertRow : 0);
    }
    work.copy *= input.speed.scale;
    work.verify *= input.speed.scale;
    if (input.speed.read_row_seconds) {
        const double by_ratio = (kReadRow + kReadByte * input.record_bytes) * input.speed.scale;
        work.copy += std::max(0.0, *input.speed.read_row_seconds - 3 * by_ratio);
    }
    return work;
}

/// Wall time per row of copy and verification together, and what is left to verify at the end.
struct Wall {
    double copy = 0;
    double verify_left = 0;
};

Wall wall_per_row(const DurationInput& input) {
    const Work work = work_per_row(input);
    const double workers = std::max(input.workers, 1U);
    const double rows = std::clamp(input.chunk_seconds / work.copy, 1.0, input.chunk_rows);
    const double chunk = kChunk * input.speed.scale / rows / workers;
    const double cores = std::max(input.speed.cores, 1.0);
    const double busy = workers + (input.verify ? 1 : 0);
    const double shared = (work.copy + work.verify) / std::min(cores, busy);
    Wall wall;
    wall.copy = std::max({work.copy / workers, shared, input.gentle ? work.copy : 0.0}) + chunk;
    // One session verifies, beside the copy: with cores to spare it is what takes longest.
    wall.verify_left = std::max(0.0, work.verify - wall.copy);
    return wall;
}

/// What a copy that takes so long at full speed loses while it begins with a share of it that grows
/// (throttle::Steering, with a lag of a tenth of its limit).
double ramp_seconds(double copy) {
    constexpr double kFirst = 0.2;
    constexpr double kGrowth = 0.52;
    const double full = std::log(1 / kFirst) / kGrowth;
    const double done_by_then = (1 - kFirst) / kGrowth;
    if (copy >= done_by_then) {
        return full - done_by_then;
    }
    return std::log(1 + copy * kGrowth / kFirst) / kGrowth - copy;
}

double late_seconds(const DurationInput& input) {
    if (input.late_entries.empty()) {
        return 0;
    }
    double row = kLateRow;
    for (const double bytes : input.late_entries) {
        row += kLateEntry + kLateByte * bytes;
    }
    // Sorting takes a little more for each row the more there are.
    const double sorting = 1 + 0.05 * std::log2(std::max(input.rows / 1e6, 1.0));
    const double threads =
        std::min(std::max(input.speed.cores, 1.0), static_cast<double>(input.workers));
    return input.rows * row * sorting * input.speed.scale / std::max(1.0, 0.8 * threads);
}

}  // namespace

Durations durations_of(const DurationInput& input) {
    const Wall wall = wall_per_row(input);
    double copy = input.rows * wall.copy;
    double left = input.rows * wall.verify_left;
    double index = late_seconds(input);
    double spread = kByRatios;
    if (input.probed && input.probed->rows > 0) {
        copy = input.rows * input.probed->copy_row_seconds * kBesideProbe;
        left = 0;
        spread = kByProbe;
        if (input.probed->index_row_seconds && input.probed->indexed_rows > 0) {
            const double grown = std::log2(std::max(input.rows / input.probed->indexed_rows, 1.0));
            index = input.rows * *input.probed->index_row_seconds * (1 + 0.03 * grown);
        }
    }
    spread *= input.rows_spread;
    if (input.nice > 0) {
        copy /= 1 - std::min(input.nice, 0.95);
    }
    if (input.steered) {
        copy += ramp_seconds(copy);
    }
    Durations all;
    all.copy = within(copy, spread);
    all.index = within(index, spread);
    all.verify = {0, left, std::max(left * spread, 0.2 * copy * (input.verify ? 1 : 0))};
    all.cutover = within(kCutover, 2);
    // Commits, connections and waits for the server: less of them is computing than of the rest.
    const double slowed = std::clamp(std::sqrt(input.speed.scale), 0.7, 3.0);
    const Range fixed = within((kStart + kEnd) * slowed, 1.6);
    all.total = all.copy + all.index + all.cutover + fixed;
    all.total.expected += left;
    all.total.high += left * spread;
    return all;
}

}  // namespace doppel::estimate
