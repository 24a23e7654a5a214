// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_control.hpp"

#include "doppel/control.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/command_frame.hpp"
#include "tools/doppel/console.hpp"
#include "tools/doppel/json_line.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/texts.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

struct Order {
    std::string table;
    ControlRequest request;
};

Order simple_order(const Settings& settings, const std::string& command) {
    return {table_argument(settings, command), {command, {}, {}}};
}

Order set_order(const Settings& settings) {
    const auto& words = settings.positionals;
    const auto equals = words.empty() ? std::string::npos : words[0].find('=');
    if (words.size() != 2 || equals == std::string::npos || equals == 0) {
        throw UsageError("write what is to be set and the table: doppel set max-lag=500ms db.t");
    }
    return {words[1], {"set", words[0].substr(0, equals), words[0].substr(equals + 1)}};
}

void show(
    const CommandContext& context, const Order& order, const ControlResult& result, bool json
) {
    if (!json) {
        context.output.write(Stream::out, printable(result.outcome.message) + "\n", false);
        return;
    }
    Json object = json_event("control", context.clock);
    object["command"] = order.request.command;
    object["table"] = order.table;
    object.update(Json::parse(result.details, nullptr, false));
    context.output.write(Stream::out, json_line(object), false);
}

ExitCode send_order(
    const std::string& command,
    const std::vector<std::string>& arguments,
    const CommandContext& context
) {
    const auto prepare = [&context, &command](const Settings& settings) -> CommandParts::Work {
        const Order order =
            command == "set" ? set_order(settings) : simple_order(settings, command);
        return [&context,
                order,
                socket = settings.text("control-socket").value_or(std::string()),
                json = output_options(settings).json](
                   const ConnectionOptions& connection, Observer&, const Logger& logger
               ) {
            ControlResult result =
                context.send_control(order.table, connection, socket, order.request, logger);
            if (result.outcome.ok) {
                show(context, order, result, json);
            }
            return std::move(result.outcome);
        };
    };
    const auto help = [&command](const OptionTable& table) { return control_help(command, table); };
    return run_command(
        {status_option_table(), verify_file_option_table(), help, prepare}, arguments, context
    );
}

}  // namespace

ExitCode command_pause(const std::vector<std::string>& arguments, const CommandContext& context) {
    return send_order("pause", arguments, context);
}

ExitCode command_resume(const std::vector<std::string>& arguments, const CommandContext& context) {
    return send_order("resume", arguments, context);
}

ExitCode command_cutover(const std::vector<std::string>& arguments, const CommandContext& context) {
    return send_order("cutover", arguments, context);
}

ExitCode command_abort(const std::vector<std::string>& arguments, const CommandContext& context) {
    return send_order("abort", arguments, context);
}

ExitCode command_set(const std::vector<std::string>& arguments, const CommandContext& context) {
    return send_order("set", arguments, context);
}

}  // namespace doppel::cli
