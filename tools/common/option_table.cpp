// SPDX-License-Identifier: Apache-2.0
#include "tools/common/option_table.hpp"

#include "base/text.hpp"
#include "tools/common/suggestion.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr std::size_t kHelpColumn = 34;
constexpr std::size_t kHelpWidth = 100;

std::string normalized(std::string_view written) {
    std::string name = base::to_lower_ascii(written);
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

std::string invocation(const OptionSpec& spec) {
    const std::string short_form =
        spec.short_name == '\0' ? "    " : fmt::format("-{}, ", spec.short_name);
    switch (spec.argument) {
        case Argument::flag:
            return fmt::format("  {}--{}", short_form, spec.name);
        case Argument::optional:
            return fmt::format("  {}--{}[={}]", short_form, spec.name, spec.value_name);
        case Argument::required:
            break;
    }
    return fmt::format("  {}--{}={}", short_form, spec.name, spec.value_name);
}

void append_wrapped(std::string& out, std::string_view text) {
    std::size_t column = kHelpColumn;
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        if (column > kHelpColumn && column + 1 + word.size() > kHelpWidth) {
            out.append("\n").append(kHelpColumn, ' ');
            column = kHelpColumn;
        } else if (column > kHelpColumn) {
            out.push_back(' ');
            ++column;
        }
        out.append(word);
        column += word.size();
    }
    out.push_back('\n');
}

}  // namespace

bool take_prefix(std::string& name, std::string_view prefix) {
    if (name.size() <= prefix.size() || name.compare(0, prefix.size(), prefix) != 0) {
        return false;
    }
    name.erase(0, prefix.size());
    return true;
}

OptionTable::OptionTable(std::vector<OptionSection> sections) : sections_(std::move(sections)) {}

const OptionSpec* OptionTable::find(std::string_view name) const {
    for (const OptionSection& section : sections_) {
        for (const OptionSpec& spec : section.options) {
            if (spec.name == name) {
                return &spec;
            }
        }
    }
    return nullptr;
}

ResolvedName OptionTable::resolve(std::string_view written) const {
    ResolvedName resolved;
    std::string name = normalized(written);
    resolved.loose = take_prefix(name, "loose-");
    resolved.spec = find(name);
    if (resolved.spec != nullptr) {
        return resolved;
    }
    if (take_prefix(name, "skip-") || take_prefix(name, "disable-")) {
        resolved.switched = false;
    } else if (take_prefix(name, "enable-")) {
        resolved.switched = true;
    } else {
        return resolved;
    }
    const OptionSpec* const spec = find(name);
    const bool switchable =
        spec != nullptr && (spec->argument == Argument::flag ||
                            (spec->argument == Argument::optional && !*resolved.switched));
    resolved.spec = switchable ? spec : nullptr;
    return resolved;
}

std::string OptionTable::suggestion(std::string_view written) const {
    std::vector<std::string> names;
    for (const OptionSection& section : sections_) {
        for (const OptionSpec& spec : section.options) {
            names.push_back(spec.name);
        }
    }
    const std::string nearest = nearest_name(normalized(written), names);
    return nearest.empty() ? std::string() : fmt::format(" (did you mean --{}?)", nearest);
}

std::string OptionTable::help() const {
    std::string out;
    for (const OptionSection& section : sections_) {
        out.append(out.empty() ? "" : "\n").append(section.title).append(":\n");
        for (const OptionSpec& spec : section.options) {
            std::string line = invocation(spec);
            if (line.size() + 2 > kHelpColumn) {
                line.append("\n").append(kHelpColumn, ' ');
            } else {
                line.append(kHelpColumn - line.size(), ' ');
            }
            out.append(line);
            append_wrapped(out, spec.help);
        }
    }
    return out;
}

}  // namespace doppel::cli
