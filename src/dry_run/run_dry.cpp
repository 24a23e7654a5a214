// SPDX-License-Identifier: Apache-2.0
#include "doppel/dry_run.hpp"
#include "dry_run/executor.hpp"
#include "dry_run/helpers.hpp"
#include "migration/alter_request.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel {
namespace {

DryRunResult failed(Errc code, std::string message) {
    return {{false, code, std::move(message), std::nullopt}, std::nullopt};
}

/// What the report comes down to.
Outcome outcome_of(const DryRunReport& report) {
    const auto refusal =
        std::find_if(report.checks.begin(), report.checks.end(), [](const DryRunCheck& check) {
            return check.level == DryRunCheck::Level::refusal && check.applies;
        });
    if (refusal != report.checks.end()) {
        return {
            false,
            Errc::refused,
            fmt::format("the run would be refused: {}", refusal->message),
            std::nullopt};
    }
    if (!report.fit.misfits.empty()) {
        const DryRunMisfit& first = report.fit.misfits.front();
        return {false, Errc::data_misfit, first.message, first.rows};
    }
    return {true, Errc::failed, {}, std::nullopt};
}

}  // namespace

const char* to_string(DryRunCheck::Level level) {
    switch (level) {
        case DryRunCheck::Level::ok:
            return "ok";
        case DryRunCheck::Level::warning:
            return "warning";
        case DryRunCheck::Level::refusal:
            break;
    }
    return "refusal";
}

DryRunResult run_dry(
    const std::string& statement,
    const ConnectionOptions& connection,
    const MigrationOptions& migration,
    const DryRunOptions& options,
    const Logger& logger
) {
    auto request = migration::alter_request(statement, connection.default_schema);
    if (!request) {
        return failed(Errc::usage, request.failure().message);
    }
    const dry_run::StopSignals signals;
    try {
        DryRunReport report =
            dry_run::Executor(statement, *request, connection, migration, options, logger).run();
        Outcome outcome = outcome_of(report);
        return {std::move(outcome), std::move(report)};
    } catch (const Error& error) {
        // A signal interrupts a call at any place, and what that then says is no matter.
        if (dry_run::StopSignals::requested() && error.code() != Errc::stopped) {
            return failed(Errc::stopped, fmt::format("stopped by a signal: {}", error.what()));
        }
        DryRunResult result = failed(error.code(), error.what());
        if (error.misfit() != nullptr) {
            result.outcome.misfit = *error.misfit();
        }
        return result;
    } catch (const std::exception& error) {
        return failed(Errc::failed, fmt::format("internal error: {}", error.what()));
    }
}

}  // namespace doppel
