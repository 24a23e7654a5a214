// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/command_alter.hpp"

#include "tools/doppel/command_dry_run.hpp"
#include "tools/doppel/command_frame.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/texts.hpp"

#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace doppel::cli {

namespace {

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

}  // namespace

ExitCode command_alter(const std::vector<std::string>& arguments, const CommandContext& context) {
    const auto failure_told = std::make_shared<bool>(false);
    const auto prepare = [&context, failure_told](const Settings& settings) -> CommandParts::Work {
        auto options = migration_options(settings);
        const auto dry_run = dry_run_options(settings);
        auto statement = statement_text(settings, context.input);
        if (dry_run) {
            const bool json = output_options(settings).json;
            return dry_run_work(
                context, std::move(statement), options, *dry_run, json, failure_told
            );
        }
        return [&context, options = std::move(options), statement = std::move(statement)](
                   const ConnectionOptions& connection, Observer& observer, const Logger& logger
               ) {
            SummaryWatch watch(observer);
            Outcome outcome = context.run_alter(statement, connection, options, watch, logger);
            if (outcome.ok && !watch.seen() && !outcome.message.empty()) {
                observer.on_event(Notice{outcome.message});
            }
            return outcome;
        };
    };
    const OptionTable options = alter_option_table();
    return run_command({options, options, alter_help, prepare, failure_told}, arguments, context);
}

}  // namespace doppel::cli
