// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/dispatch.hpp"

#include "tools/common/suggestion.hpp"
#include "tools/doppel/command_cleanup.hpp"
#include "tools/doppel/command_control.hpp"
#include "tools/doppel/command_status.hpp"
#include "tools/doppel/command_verify.hpp"
#include "tools/doppel/texts.hpp"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::cli {

namespace {

using RunCommand = ExitCode (*)(const std::vector<std::string>&, const CommandContext&);

struct Command {
    std::string_view name;
    RunCommand run;
};

constexpr std::array<Command, 9> kCommands{
    {{"alter", command_alter},
     {"verify", command_verify},
     {"status", command_status},
     {"pause", command_pause},
     {"resume", command_resume},
     {"cutover", command_cutover},
     {"abort", command_abort},
     {"set", command_set},
     {"cleanup", command_cleanup}}};

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command& command : kCommands) {
        names.emplace_back(command.name);
    }
    return names;
}

ExitCode fail(const CommandContext& context, std::string_view message) {
    context.output.write(Stream::err, fmt::format("doppel: {}\n", message), false);
    return ExitCode::usage;
}

/// Does not repeat what it cannot place: it may be a password or a whole statement.
std::string unknown_command_text(const std::string& word) {
    if (word.find_first_of(" \t\n") != std::string::npos) {
        return "the command is missing before the statement; write: doppel alter \"ALTER TABLE "
               "..\"";
    }
    if (!word.empty() && word.front() == '-') {
        return "the command comes before its options; write: doppel alter [options] \"ALTER TABLE "
               "..\"; see doppel --help";
    }
    const std::string near = nearest_name(word, command_names());
    return fmt::format(
        "unknown command '{}'{}; the commands are: {}; see doppel --help",
        printable(word),
        near.empty() ? "" : fmt::format(" (did you mean {}?)", near),
        fmt::join(command_names(), ", ")
    );
}

}  // namespace

ExitCode dispatch(const std::vector<std::string>& arguments, const CommandContext& context) {
    if (arguments.empty()) {
        return fail(
            context,
            fmt::format(
                "the command is missing; the commands are: {}; see doppel --help",
                fmt::join(command_names(), ", ")
            )
        );
    }
    const std::string& word = arguments.front();
    for (const Command& command : kCommands) {
        if (word == command.name) {
            return command.run({arguments.begin() + 1, arguments.end()}, context);
        }
    }
    if (word == "--help" || word == "-?") {
        context.output.write(Stream::out, main_help(), false);
        return ExitCode::done;
    }
    if (word == "--version" || word == "-V") {
        context.output.write(Stream::out, version_text(), false);
        return ExitCode::done;
    }
    return fail(context, unknown_command_text(word));
}

}  // namespace doppel::cli
