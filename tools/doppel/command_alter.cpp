// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_alter.hpp"

#include "tools/common/connection_options.hpp"
#include "tools/common/settings.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_json.hpp"
#include "tools/doppel/render_text.hpp"
#include "tools/doppel/spdlog_sink.hpp"
#include "tools/doppel/texts.hpp"

#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

/// Everything that was asked for, checked.
struct Request {
    std::string statement;
    ConnectionOptions connection;
    MigrationOptions migration;
    OutputOptions output;
};

void show_warnings(Settings& settings, Console& console) {
    for (const std::string& warning : settings.warnings) {
        console.error_line(fmt::format("doppel: warning: {}", printable(warning)));
    }
    settings.warnings.clear();
}

Request read_request(
    const OptionTable& table,
    const CommandLine& command_line,
    const CommandContext& context,
    Console& console
) {
    Settings settings = read_settings(table, command_line, "doppel", context.system);
    show_warnings(settings, console);
    Request request;
    request.output = output_options(settings);
    request.migration = migration_options(settings);
    request.statement = statement_text(settings, context.input);
    request.connection = resolve_connection(settings, context.system);
    show_warnings(settings, console);
    return request;
}

/// Passes events on and remembers whether the result was among them.
class SummaryWatch final : public Observer {
public:
    explicit SummaryWatch(Observer& next) : next_(next) {}
    void on_event(const ProgressEvent& event) override {
        seen_ = seen_ || std::holds_alternative<Summary>(event);
        next_.on_event(event);
    }
    [[nodiscard]] bool seen() const { return seen_; }

private:
    Observer& next_;
    bool seen_ = false;
};

class AlterCommand final {
public:
    explicit AlterCommand(const CommandContext& context)
        : context_(context),
          console_(context.output, context.interactive, context.columns),
          json_renderer_(context.output, context.clock) {}

    ExitCode run(const std::vector<std::string>& arguments) {
        try {
            const OptionTable table = alter_option_table();
            const CommandLine command_line = parse_command_line(table, arguments);
            const Settings early(command_line.options);
            if (early.flag("help")) {
                context_.output.write(Stream::out, alter_help(table), false);
                return ExitCode::done;
            }
            if (early.flag("version")) {
                context_.output.write(Stream::out, version_text(), false);
                return ExitCode::done;
            }
            json_ = early.flag("json");
            return run(read_request(table, command_line, context_, console_));
        } catch (const UsageError& error) {
            return fail(ExitCode::usage, error.what());
        } catch (const PromptInterrupted& error) {
            return fail(ExitCode::stopped, error.what());
        } catch (const Error& error) {
            return fail(to_exit_code(error.code()), error.what());
        }
    }

private:
    ExitCode run(const Request& request) {
        json_ = request.output.json;
        TextRenderer text_renderer(console_, request.output.quiet, context_.clock);
        Observer& renderer = json_ ? static_cast<Observer&>(json_renderer_) : text_renderer;
        SummaryWatch observer(renderer);
        const Logger logger = make_logger(request.output.log_level, console_);
        const Outcome outcome = context_.run_alter(
            request.statement, request.connection, request.migration, observer, logger
        );
        console_.end_progress();
        if (!outcome.ok) {
            return fail(to_exit_code(outcome), outcome.message, outcome.misfit);
        }
        if (!observer.seen() && !outcome.message.empty()) {
            renderer.on_event(Notice{outcome.message});
        }
        return ExitCode::done;
    }

    ExitCode fail(
        ExitCode code,
        const std::string& message,
        const std::optional<DataMisfit>& misfit = std::nullopt
    ) {
        console_.end_progress();
        console_.error_line(fmt::format("doppel: {}", printable(message)));
        if (json_) {
            json_renderer_.error(code, message, misfit);
        }
        return code;
    }

    const CommandContext& context_;
    Console console_;
    JsonRenderer json_renderer_;
    bool json_ = false;
};

}  // namespace

ExitCode command_alter(const std::vector<std::string>& arguments, const CommandContext& context) {
    return AlterCommand(context).run(arguments);
}

}  // namespace doppel::cli
