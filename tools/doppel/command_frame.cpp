// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_frame.hpp"

#include "tools/common/connection_options.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_json.hpp"
#include "tools/doppel/render_text.hpp"
#include "tools/doppel/spdlog_sink.hpp"
#include "tools/doppel/texts.hpp"

#include <optional>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

class CommandFrame final {
public:
    CommandFrame(const CommandParts& parts, const CommandContext& context)
        : parts_(parts),
          context_(context),
          console_(context.output, context.interactive, context.columns),
          json_renderer_(context.output, context.clock) {}

    ExitCode run(const std::vector<std::string>& arguments) {
        try {
            const CommandLine command_line = parse_command_line(parts_.options, arguments);
            const Settings early(command_line.options);
            if (early.flag("help")) {
                context_.output.write(Stream::out, parts_.help(parts_.options), false);
                return ExitCode::done;
            }
            if (early.flag("version")) {
                context_.output.write(Stream::out, version_text(), false);
                return ExitCode::done;
            }
            json_ = early.flag("json");
            return run(command_line);
        } catch (const UsageError& error) {
            return fail(ExitCode::usage, error.what());
        } catch (const PromptInterrupted& error) {
            return fail(ExitCode::stopped, error.what());
        } catch (const Error& error) {
            return fail(to_exit_code(error.code()), error.what());
        }
    }

private:
    ExitCode run(const CommandLine& command_line) {
        Settings settings =
            read_settings(parts_.file_options, command_line, "doppel", context_.system);
        show_warnings(settings);
        const OutputOptions output = output_options(settings);
        const CommandParts::Work work = parts_.prepare(settings);
        const ConnectionOptions connection = resolve_connection(settings, context_.system);
        show_warnings(settings);
        json_ = output.json;
        TextRenderer text_renderer(console_, output.quiet, context_.clock);
        Observer& renderer = json_ ? static_cast<Observer&>(json_renderer_) : text_renderer;
        const Outcome outcome = work(connection, renderer, make_logger(output.log_level, console_));
        console_.end_progress();
        return outcome.ok ? ExitCode::done
                          : fail(to_exit_code(outcome), outcome.message, outcome.misfit);
    }

    void show_warnings(Settings& settings) {
        for (const std::string& warning : settings.warnings) {
            console_.error_line(fmt::format("doppel: warning: {}", printable(warning)));
        }
        settings.warnings.clear();
    }

    ExitCode fail(
        ExitCode code,
        const std::string& message,
        const std::optional<DataMisfit>& misfit = std::nullopt
    ) {
        console_.end_progress();
        console_.error_line(fmt::format("doppel: {}", printable(message)));
        const bool told = parts_.failure_told && *parts_.failure_told;
        if (json_ && !told) {
            json_renderer_.error(code, message, misfit);
        }
        return code;
    }

    const CommandParts& parts_;
    const CommandContext& context_;
    Console console_;
    JsonRenderer json_renderer_;
    bool json_ = false;
};

}  // namespace

ExitCode run_command(
    const CommandParts& parts,
    const std::vector<std::string>& arguments,
    const CommandContext& context
) {
    return CommandFrame(parts, context).run(arguments);
}

}  // namespace doppel::cli
