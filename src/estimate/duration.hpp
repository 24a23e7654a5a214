// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace doppel::estimate {

/// What a second of a session does on this server now, against the machine that the ratios of
/// duration.cpp were measured on.
struct Speed {
    double scale = 1;  ///< seconds here for one there
    double cores = 2;  ///< sessions that get that speed at a time
    /// Of a read of a row by one session; what it takes beyond the ratios is the disk's.
    std::optional<double> read_row_seconds;
};

/// What was measured by doing it: wall time, with everything else of a run going on beside.
struct Probed {
    double copy_row_seconds = 0;
    double rows = 0;                          ///< that were copied for it
    std::optional<double> index_row_seconds;  ///< all late indexes
    double indexed_rows = 0;
};

struct DurationInput {
    double rows = 0;
    double rows_spread = 1;
    double record_bytes = 100;         ///< with what lies outside of the record
    double early_indexes = 0;          ///< filled with the copy
    double early_random = 0;           ///< of them, those that are filled in no order
    std::vector<double> late_entries;  ///< bytes of an entry of each index that is built late
    bool converts = false;             ///< verification inserts into a temporary table first
    bool verify = true;
    unsigned workers = 4;        ///< sessions that copy
    bool gentle = false;         ///< beside an application: small chunks
    double chunk_rows = 10'000;  ///< at most
    double chunk_seconds = 0.4;  ///< at most
    bool steered = false;        ///< by the lag of replicas: begins slowly
    double nice = 0;             ///< share of the copy's time that is given away
    Speed speed;
    std::optional<Probed> probed;
};

struct Durations {
    Range copy;
    Range index;
    Range verify;  ///< what is left of it after copy and indexes
    Range cutover;
    Range total;
};

/// Pure.
[[nodiscard]] Durations durations_of(const DurationInput& input);

}  // namespace doppel::estimate
