// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_cleanup.hpp"

#include "base/text.hpp"
#include "tools/doppel/command_frame.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_cleanup.hpp"
#include "tools/doppel/texts.hpp"

#include <string>
#include <utility>

namespace doppel::cli {

namespace {

/// Shows the plan, and lets the operator decide.
class Dialogue final : public CleanupDialogue {
public:
    Dialogue(const OutputOptions& output, bool yes, const CommandContext& context)
        : output_(output), yes_(yes), context_(context) {}

    bool confirm(const CleanupPlan& plan) override {
        if (output_.json) {
            write(cleanup_json(plan, context_.clock));
        } else if (!output_.quiet || !yes_) {
            write(cleanup_text(plan) + "\n");
        }
        if (plan.remove.empty() || yes_) {
            return true;
        }
        if (output_.json || !context_.can_ask) {
            throw Error(
                Errc::refused,
                output_.json ? "with --json nobody is asked: add --yes to remove the tables"
                             : "there is no terminal to ask at: add --yes to remove the tables"
            );
        }
        write("Remove what is named? Write yes: ");
        std::string answer;
        std::getline(context_.input, answer);
        return base::to_lower_ascii(std::string(base::trim(answer))) == "yes";
    }

    void removed(const CleanupTable& table) override {
        if (output_.json) {
            write(removed_json(table, context_.clock));
        } else if (!output_.quiet) {
            write(removed_text(table) + "\n");
        }
    }

private:
    void write(std::string text) { context_.output.write(Stream::out, std::move(text), false); }

    const OutputOptions& output_;
    bool yes_;
    const CommandContext& context_;
};

}  // namespace

ExitCode command_cleanup(const std::vector<std::string>& arguments, const CommandContext& context) {
    const auto prepare = [&context](const Settings& settings) -> CommandParts::Work {
        return [&context,
                table = table_argument(settings, "cleanup"),
                output = output_options(settings),
                yes = settings.flag("yes"
                )](const ConnectionOptions& connection, Observer&, const Logger& logger) {
            Dialogue dialogue(output, yes, context);
            return context.run_cleanup(table, connection, dialogue, logger);
        };
    };
    return run_command(
        {cleanup_option_table(), cleanup_file_option_table(), cleanup_help, prepare},
        arguments,
        context
    );
}

}  // namespace doppel::cli
