// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_verify.hpp"

#include "tools/common/usage_error.hpp"
#include "tools/doppel/command_frame.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/texts.hpp"

#include <fmt/format.h>

namespace doppel::cli {

namespace {

VerifyRequest tables_of(const Settings& settings) {
    if (settings.positionals.size() != 2) {
        throw UsageError(fmt::format(
            "two tables are compared, but {} were given; write doppel verify db.a db.b",
            settings.positionals.size()
        ));
    }
    return {
        settings.positionals[0],
        settings.positionals[1],
        settings.text("columns").value_or(std::string())};
}

}  // namespace

ExitCode command_verify(const std::vector<std::string>& arguments, const CommandContext& context) {
    const auto prepare = [&context](const Settings& settings) -> CommandParts::Work {
        return [&context, tables = tables_of(settings), options = verify_options(settings)](
                   const ConnectionOptions& connection, Observer& observer, const Logger& logger
               ) { return context.run_verify(tables, connection, options, observer, logger); };
    };
    return run_command(
        {verify_option_table(), verify_file_option_table(), verify_help, prepare},
        arguments,
        context
    );
}

}  // namespace doppel::cli
