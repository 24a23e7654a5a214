// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_status.hpp"

#include "tools/doppel/command_frame.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_status.hpp"
#include "tools/doppel/texts.hpp"

#include <utility>

namespace doppel::cli {

ExitCode command_status(const std::vector<std::string>& arguments, const CommandContext& context) {
    const auto prepare = [&context](const Settings& settings) -> CommandParts::Work {
        return [&context,
                table = table_argument(settings, "status"),
                json = output_options(settings).json](
                   const ConnectionOptions& connection, Observer&, const Logger& logger
               ) {
            StatusResult result = context.read_status(table, connection, logger);
            if (result.outcome.ok) {
                context.output.write(
                    Stream::out,
                    json ? status_json(result.status, context.clock)
                         : status_text(result.status) + "\n",
                    false
                );
            }
            return std::move(result.outcome);
        };
    };
    return run_command(
        {status_option_table(), verify_file_option_table(), status_help, prepare},
        arguments,
        context
    );
}

}  // namespace doppel::cli
