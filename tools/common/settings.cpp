// SPDX-License-Identifier: Apache-2.0
#include "tools/common/settings.hpp"

#include "tools/common/option_file.hpp"
#include "tools/common/quantity.hpp"
#include "tools/common/usage_error.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

const std::string& required_value(const GivenOption& given) {
    if (!given.value) {
        throw UsageError(fmt::format("{} needs a value", given.origin));
    }
    return *given.value;
}

template <class T>
T checked(const GivenOption& given, const base::Result<T>& parsed) {
    if (!parsed) {
        throw UsageError(fmt::format("{}: {}", given.origin, parsed.failure().message));
    }
    return *parsed;
}

[[noreturn]] void out_of_range(
    const GivenOption& given, const std::string& min, const std::string& max
) {
    throw UsageError(fmt::format(
        "{}: '{}' is out of range; write a value from {} to {}",
        given.origin,
        required_value(given),
        min,
        max
    ));
}

OptionFileSelection selected_files(
    const CommandLine& command_line, const std::string& program_group, const System& system
) {
    const Settings early(command_line.options);
    OptionFileSelection selection;
    selection.no_defaults = early.flag("no-defaults");
    selection.defaults_file = early.text("defaults-file");
    selection.defaults_extra_file = early.text("defaults-extra-file");
    selection.group_suffix = early.text("defaults-group-suffix")
                                 .value_or(system.environment("MYSQL_GROUP_SUFFIX").value_or(""));
    selection.groups = {"client", program_group};
    if (selection.no_defaults && (selection.defaults_file || selection.defaults_extra_file)) {
        throw UsageError(
            "--no-defaults contradicts --defaults-file and --defaults-extra-file; remove one"
        );
    }
    return selection;
}

/// Turns an option of a file into the same form as one of the command line; nothing when it is
/// another program's.
std::optional<GivenOption> accepted(
    const OptionTable& table, const FileOption& option, std::vector<std::string>& warnings
) {
    const ResolvedName name = table.resolve(option.name);
    // What follows a blank may be a value, even a password, whose '=' was forgotten.
    const std::string shown = option.name.substr(0, option.name.find_first_of(" \t"));
    const std::string origin = fmt::format("{}, line {}: {}", option.path, option.line, shown);
    if (option.group == "client") {
        if (name.spec == nullptr || name.spec->scope != Scope::client) {
            return std::nullopt;
        }
    } else if (name.spec == nullptr && name.loose) {
        warnings.push_back(fmt::format("{} is unknown and ignored", origin));
        return std::nullopt;
    } else if (name.spec == nullptr && shown != option.name) {
        throw UsageError(fmt::format("{} has no '='; write name=value", origin));
    } else if (name.spec == nullptr) {
        throw UsageError(fmt::format(
            "{} is not an option{}; correct or remove the line",
            origin,
            table.suggestion(option.name)
        ));
    } else if (name.spec->scope == Scope::command_line) {
        throw UsageError(
            fmt::format("{} is possible on the command line only; remove the line", origin)
        );
    }
    GivenOption given{name.spec->name, option.value, origin, false};
    if (name.switched) {
        const bool is_flag = name.spec->argument == Argument::flag;
        given.value = is_flag ? (*name.switched ? "1" : "0") : "";
    }
    return given;
}

}  // namespace

const GivenOption* Settings::find(std::string_view name) const {
    for (auto option = options_.rbegin(); option != options_.rend(); ++option) {
        if (option->name == name) {
            return &*option;
        }
    }
    return nullptr;
}

bool Settings::flag(std::string_view name) const {
    const GivenOption* const given = find(name);
    if (given == nullptr || !given->value) {
        return given != nullptr;
    }
    if (const auto value = parse_switch(*given->value)) {
        return *value;
    }
    throw UsageError(fmt::format("{} is either on or off; write it without a value", given->origin)
    );
}

std::vector<const GivenOption*> Settings::all(std::string_view name) const {
    std::vector<const GivenOption*> found;
    for (const GivenOption& option : options_) {
        if (option.name == name) {
            found.push_back(&option);
        }
    }
    return found;
}

std::optional<std::string> Settings::text(std::string_view name) const {
    const GivenOption* const given = find(name);
    return given == nullptr ? std::nullopt : std::make_optional(required_value(*given));
}

std::chrono::milliseconds Settings::duration(
    std::string_view name,
    std::chrono::milliseconds default_value,
    std::chrono::milliseconds min,
    std::chrono::milliseconds max
) const {
    const GivenOption* const given = find(name);
    if (given == nullptr) {
        return default_value;
    }
    const auto value = checked(*given, parse_duration(required_value(*given)));
    if (value < min || value > max) {
        out_of_range(*given, format_duration(min), format_duration(max));
    }
    return value;
}

std::uint64_t Settings::count(
    std::string_view name, std::uint64_t default_value, std::uint64_t min, std::uint64_t max
) const {
    const GivenOption* const given = find(name);
    if (given == nullptr) {
        return default_value;
    }
    const std::uint64_t value = checked(*given, parse_count(required_value(*given)));
    if (value < min || value > max) {
        out_of_range(*given, fmt::format("{}", min), fmt::format("{}", max));
    }
    return value;
}

std::uint64_t Settings::byte_size(
    std::string_view name, std::uint64_t default_value, std::uint64_t min, std::uint64_t max
) const {
    const GivenOption* const given = find(name);
    if (given == nullptr) {
        return default_value;
    }
    const std::uint64_t value = checked(*given, parse_byte_size(required_value(*given)));
    if (value < min || value > max) {
        out_of_range(*given, fmt::format("{}k", min / 1024), fmt::format("{}k", max / 1024));
    }
    return value;
}

Settings read_settings(
    const OptionTable& table,
    const CommandLine& command_line,
    const std::string& program_group,
    System& system
) {
    const FileOptions files =
        read_option_files(selected_files(command_line, program_group, system), system);
    std::vector<std::string> warnings = command_line.warnings;
    warnings.insert(warnings.end(), files.warnings.begin(), files.warnings.end());
    std::vector<GivenOption> options;
    for (const FileOption& option : files.options) {
        if (auto given = accepted(table, option, warnings)) {
            options.push_back(std::move(*given));
        }
    }
    options.insert(options.end(), command_line.options.begin(), command_line.options.end());
    Settings settings(std::move(options));
    settings.positionals = command_line.positionals;
    settings.warnings = std::move(warnings);
    return settings;
}

}  // namespace doppel::cli
