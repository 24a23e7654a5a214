// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "doppel/migration.hpp"

namespace doppel::cli {

/// What the process returns. Scripts rely on these numbers: they never change their meaning.
enum class ExitCode {
    done = 0,
    failed = 1,       ///< the source table is untouched; what was left behind is named
    usage = 2,        ///< the command line or the statement is wrong
    refused = 3,      ///< a check refused before anything was changed
    interrupted = 4,  ///< the server was lost; the same command goes on
    data_misfit = 5,  ///< the data does not fit the new schema
    stopped = 130,    ///< stopped by a signal; the same command goes on
};

[[nodiscard]] constexpr ExitCode to_exit_code(Errc code) {
    switch (code) {
        case Errc::failed:
            return ExitCode::failed;
        case Errc::usage:
            return ExitCode::usage;
        case Errc::refused:
            return ExitCode::refused;
        case Errc::interrupted:
        case Errc::displaced:
        case Errc::overloaded:
            return ExitCode::interrupted;
        case Errc::data_misfit:
            return ExitCode::data_misfit;
        case Errc::stopped:
            return ExitCode::stopped;
    }
    return ExitCode::failed;
}

[[nodiscard]] inline ExitCode to_exit_code(const Outcome& outcome) {
    return outcome.ok ? ExitCode::done : to_exit_code(outcome.code);
}

/// "refused" etc.; stable, part of the JSON interface.
[[nodiscard]] constexpr const char* to_string(ExitCode code) {
    switch (code) {
        case ExitCode::done:
            return "done";
        case ExitCode::failed:
            return "failed";
        case ExitCode::usage:
            return "usage";
        case ExitCode::refused:
            return "refused";
        case ExitCode::interrupted:
            return "interrupted";
        case ExitCode::data_misfit:
            return "data_misfit";
        case ExitCode::stopped:
            return "stopped";
    }
    return "failed";
}

}  // namespace doppel::cli
