// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_verify.hpp"

#include "tools/common/connection_options.hpp"
#include "tools/common/settings.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_json.hpp"
#include "tools/doppel/render_text.hpp"
#include "tools/doppel/spdlog_sink.hpp"
#include "tools/doppel/texts.hpp"

#include <fmt/format.h>

namespace doppel::cli {

namespace {

/// Everything that was asked for, checked.
struct Request {
    VerifyRequest tables;
    ConnectionOptions connection;
    VerifyOptions options;
    OutputOptions output;
};

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

class VerifyCommand final {
public:
    explicit VerifyCommand(const CommandContext& context)
        : context_(context),
          console_(context.output, context.interactive, context.columns),
          json_renderer_(context.output, context.clock) {}

    ExitCode run(const std::vector<std::string>& arguments) {
        try {
            const OptionTable table = verify_option_table();
            const CommandLine command_line = parse_command_line(table, arguments);
            const Settings early(command_line.options);
            if (early.flag("help")) {
                context_.output.write(Stream::out, verify_help(table), false);
                return ExitCode::done;
            }
            if (early.flag("version")) {
                context_.output.write(Stream::out, version_text(), false);
                return ExitCode::done;
            }
            json_ = early.flag("json");
            return run(read_request(command_line));
        } catch (const UsageError& error) {
            return fail(ExitCode::usage, error.what());
        } catch (const PromptInterrupted& error) {
            return fail(ExitCode::stopped, error.what());
        } catch (const Error& error) {
            return fail(to_exit_code(error.code()), error.what());
        }
    }

private:
    Request read_request(const CommandLine& command_line) {
        Settings settings =
            read_settings(verify_file_option_table(), command_line, "doppel", context_.system);
        show_warnings(settings);
        Request request;
        request.tables = tables_of(settings);
        request.options = verify_options(settings);
        request.output = output_options(settings);
        request.connection = resolve_connection(settings, context_.system);
        show_warnings(settings);
        return request;
    }

    void show_warnings(Settings& settings) {
        for (const std::string& warning : settings.warnings) {
            console_.error_line(fmt::format("doppel: warning: {}", printable(warning)));
        }
        settings.warnings.clear();
    }

    ExitCode run(const Request& request) {
        json_ = request.output.json;
        TextRenderer text_renderer(console_, request.output.quiet, context_.clock);
        Observer& renderer = json_ ? static_cast<Observer&>(json_renderer_) : text_renderer;
        const Logger logger = make_logger(request.output.log_level, console_);
        const Outcome outcome = context_.run_verify(
            request.tables, request.connection, request.options, renderer, logger
        );
        console_.end_progress();
        return outcome.ok ? ExitCode::done : fail(to_exit_code(outcome), outcome.message);
    }

    ExitCode fail(ExitCode code, const std::string& message) {
        console_.end_progress();
        console_.error_line(fmt::format("doppel: {}", printable(message)));
        if (json_) {
            json_renderer_.error(code, message);
        }
        return code;
    }

    const CommandContext& context_;
    Console console_;
    JsonRenderer json_renderer_;
    bool json_ = false;
};

}  // namespace

ExitCode command_verify(const std::vector<std::string>& arguments, const CommandContext& context) {
    return VerifyCommand(context).run(arguments);
}

}  // namespace doppel::cli
