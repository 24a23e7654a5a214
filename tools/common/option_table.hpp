// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::cli {

enum class Argument {
    flag,      ///< no value; `--name=0` and `--skip-name` switch it off
    required,  ///< `--name=value`, `--name value`, `-nvalue`, `-n value`
    optional,  ///< `--name`, `--name=value`, `-nvalue`; the next word never belongs to it
};

/// Where an option may be given.
enum class Scope {
    command_line,  ///< only there
    program,       ///< also in the program's own group of option files
    client,        ///< also in group [client], which all MySQL programs share
};

struct OptionSpec {
    std::string name;  ///< long name in lower case with dashes
    char short_name = '\0';
    Argument argument = Argument::required;
    Scope scope = Scope::program;
    std::string value_name;  ///< for the help; empty for flags
    std::string help;        ///< a sentence with default and unit
};

struct OptionSection {
    std::string title;
    std::vector<OptionSpec> options;
};

/// An option name as it was written, understood: dashes and underscores are the same, and the
/// prefixes `loose-`, `skip-`, `disable-` and `enable-` are taken off (MySQL manual, "Program
/// Option Modifiers").
struct ResolvedName {
    const OptionSpec* spec = nullptr;  ///< null when there is no such option
    bool loose = false;
    std::optional<bool> switched;  ///< false after `skip-` or `disable-`, true after `enable-`
};

/// Takes `prefix` off a name that is longer; false: it does not begin with it.
bool take_prefix(std::string& name, std::string_view prefix);

/// The options of one command; also what option files may set. Immutable.
class OptionTable final {
public:
    explicit OptionTable(std::vector<OptionSection> sections);

    [[nodiscard]] const std::vector<OptionSection>& sections() const { return sections_; }
    /// The option with exactly this name (dashes, no prefix), or null.
    [[nodiscard]] const OptionSpec* find(std::string_view name) const;
    [[nodiscard]] ResolvedName resolve(std::string_view written) const;
    /// " (did you mean --host?)" or empty.
    [[nodiscard]] std::string suggestion(std::string_view written) const;
    /// The options with their help, wrapped at 100 columns.
    [[nodiscard]] std::string help() const;

private:
    std::vector<OptionSection> sections_;
};

}  // namespace doppel::cli
