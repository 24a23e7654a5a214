// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/dispatch.hpp"

#include "tools/common/suggestion.hpp"
#include "tools/doppel/command_verify.hpp"
#include "tools/doppel/texts.hpp"

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr std::string_view kAlter = "alter";
constexpr std::string_view kVerify = "verify";

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
    const std::string near = nearest_name(word, {std::string(kAlter), std::string(kVerify)});
    return fmt::format(
        "unknown command '{}'{}; the commands are: {}, {}; see doppel --help",
        printable(word),
        near.empty() ? "" : fmt::format(" (did you mean {}?)", near),
        kAlter,
        kVerify
    );
}

}  // namespace

ExitCode dispatch(const std::vector<std::string>& arguments, const CommandContext& context) {
    if (arguments.empty()) {
        return fail(
            context, "the command is missing; the commands are: alter, verify; see doppel --help"
        );
    }
    const std::string& word = arguments.front();
    if (word == kAlter) {
        return command_alter({arguments.begin() + 1, arguments.end()}, context);
    }
    if (word == kVerify) {
        return command_verify({arguments.begin() + 1, arguments.end()}, context);
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
