// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_dry_run.hpp"

#include "base/text.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/render_dry_run.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

OptionSection dry_run_section() {
    OptionSection section{"Dry run", {}};
    section.options = {
        {"dry-run",
         '\0',
         Argument::optional,
         Scope::command_line,
         "sample|full|offline",
         "Tell what would happen, how long it takes, what it costs and what can go wrong; change "
         "nothing. sample: looks at some rows, takes seconds. full: looks at all rows. offline: "
         "makes no scratch table at all. Default: sample."},
        {"probe",
         '\0',
         Argument::flag,
         Scope::command_line,
         "",
         "With --dry-run: copy some rows into a scratch table for a few seconds, to measure "
         "instead "
         "of compute. Writes to the binary log."},
    };
    return section;
}

std::optional<DryRunOptions> dry_run_options(const Settings& settings) {
    const GivenOption* const given = settings.find("dry-run");
    const bool probe = settings.flag("probe");
    if (given == nullptr) {
        if (probe) {
            throw UsageError("--probe goes with --dry-run only; add it, or leave --probe out");
        }
        return std::nullopt;
    }
    DryRunOptions options;
    options.probe = probe;
    const std::string depth = base::to_lower_ascii(given->value.value_or("sample"));
    if (depth == "full") {
        options.depth = DryRunOptions::Depth::full;
    } else if (depth == "offline") {
        options.depth = DryRunOptions::Depth::offline;
    } else if (depth != "sample") {
        throw UsageError(fmt::format(
            "{}: '{}' is none of sample, full and offline", given->origin, *given->value
        ));
    }
    if (probe && options.depth == DryRunOptions::Depth::offline) {
        throw UsageError("--probe contradicts --dry-run=offline; remove one of them");
    }
    return options;
}

CommandParts::Work dry_run_work(
    const CommandContext& context,
    std::string statement,
    MigrationOptions migration,
    DryRunOptions options,
    bool json,
    std::shared_ptr<bool> failure_told
) {
    return [&context,
            statement = std::move(statement),
            migration,
            options,
            json,
            told = std::move(failure_told
            )](const ConnectionOptions& connection, Observer&, const Logger& logger) {
        DryRunResult result = context.run_dry(statement, connection, migration, options, logger);
        if (result.report) {
            context.output.write(
                Stream::out,
                json ? dry_run_json(*result.report, result.outcome, context.clock)
                     : dry_run_text(*result.report),
                false
            );
            *told = true;
        }
        return std::move(result.outcome);
    };
}

}  // namespace doppel::cli
