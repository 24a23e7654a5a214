// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/common/option_table.hpp"
#include "tools/common/system.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::cli {

/// An option that was given somewhere.
struct GivenOption {
    std::string name;                  ///< as in the table
    std::optional<std::string> value;  ///< nothing: given without a value
    std::string origin;  ///< "--port" or "/etc/my.cnf, line 3: port"; starts every error about it
    bool from_command_line = false;
};

/// A command line, understood as far as its words go; values are not converted yet.
struct CommandLine {
    std::vector<GivenOption> options;  ///< later ones win
    std::vector<std::string> positionals;
    std::vector<std::string> warnings;
};

/// The words after the command, without the program's name. Long options may be written with
/// underscores; `--` ends the options. Throws UsageError; its text never repeats a value.
[[nodiscard]] CommandLine parse_command_line(
    const OptionTable& table, const std::vector<std::string>& arguments
);

/// What was given, the command line over the option files. Each number and duration is checked
/// against its range when it is asked for; a value outside throws UsageError with the range.
class Settings final {
public:
    Settings() = default;
    explicit Settings(std::vector<GivenOption> options) : options_(std::move(options)) {}

    /// The one that wins, or null.
    [[nodiscard]] const GivenOption* find(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    /// All of an option that may be given several times, in order.
    [[nodiscard]] std::vector<const GivenOption*> all(std::string_view name) const;
    [[nodiscard]] std::chrono::milliseconds duration(
        std::string_view name,
        std::chrono::milliseconds default_value,
        std::chrono::milliseconds min,
        std::chrono::milliseconds max
    ) const;
    [[nodiscard]] std::uint64_t count(
        std::string_view name, std::uint64_t default_value, std::uint64_t min, std::uint64_t max
    ) const;
    [[nodiscard]] std::uint64_t byte_size(
        std::string_view name, std::uint64_t default_value, std::uint64_t min, std::uint64_t max
    ) const;

    std::vector<std::string> positionals;
    std::vector<std::string> warnings;  ///< for the operator, one sentence each

private:
    std::vector<GivenOption> options_;
};

/// Reads the option files that the command line asks for and puts the command line over them.
/// Groups: [client], of which only the options with Scope::client are taken and the others ignored,
/// and `program_group`, in which an unknown option is an error. Throws UsageError.
[[nodiscard]] Settings read_settings(
    const OptionTable& table,
    const CommandLine& command_line,
    const std::string& program_group,
    System& system
);

}  // namespace doppel::cli
