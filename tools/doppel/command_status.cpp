// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_status.hpp"

#include "doppel/control.hpp"
#include "tools/doppel/command_frame.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_status.hpp"
#include "tools/doppel/texts.hpp"

#include <string>
#include <utility>

namespace doppel::cli {

namespace {

/// What the run itself tells, if it is one of this machine and user; null otherwise.
Json ask_run(
    const CommandContext& context,
    const MigrationStatus& status,
    const ConnectionOptions& connection,
    const std::string& socket,
    const Logger& logger
) {
    const bool may_run = status.connection.has_value() && context.send_control;
    if (!may_run) {
        return nullptr;
    }
    const ControlRequest request{"status", {}, {}};
    const ControlResult result =
        context.send_control(status.table, connection, socket, request, logger);
    if (!result.outcome.ok) {
        logger.debug("{}", result.outcome.message);
        return nullptr;
    }
    Json answer = Json::parse(result.details, nullptr, false);
    return answer.is_object() ? answer : Json(nullptr);
}

}  // namespace

ExitCode command_status(const std::vector<std::string>& arguments, const CommandContext& context) {
    const auto prepare = [&context](const Settings& settings) -> CommandParts::Work {
        return [&context,
                table = table_argument(settings, "status"),
                socket = settings.text("control-socket").value_or(std::string()),
                json = output_options(settings).json](
                   const ConnectionOptions& connection, Observer&, const Logger& logger
               ) {
            StatusResult result = context.read_status(table, connection, logger);
            if (result.outcome.ok) {
                const Json live = ask_run(context, result.status, connection, socket, logger);
                context.output.write(
                    Stream::out,
                    json ? status_json(result.status, context.clock, live)
                         : status_text(result.status, live) + "\n",
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
