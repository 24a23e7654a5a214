// SPDX-License-Identifier: Apache-2.0
#include "tools/common/option_file.hpp"

#include "base/text.hpp"
#include "tools/common/usage_error.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr unsigned kIncludeDepthMax = 10;

bool is_quote(char byte) {
    return byte == '"' || byte == '\'';
}

/// A `#` starts a comment in the middle of a line too, unless it is quoted; a `;` does not.
std::string_view without_comment(std::string_view line) {
    char quote = '\0';
    bool escaped = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char byte = line[i];
        if (is_quote(byte) && !escaped) {
            quote = quote == '\0' ? byte : (quote == byte ? '\0' : quote);
        } else if (byte == '#' && quote == '\0') {
            return line.substr(0, i);
        }
        escaped = byte == '\\' && !escaped;
    }
    return line;
}

/// The byte that backslash and `byte` stand for, or nothing: then both stay.
std::optional<char> escape_meaning(char byte) {
    switch (byte) {
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'r':
            return '\r';
        case 'b':
            return '\b';
        case 's':
            return ' ';
        case '"':
        case '\'':
        case '\\':
            return byte;
        default:
            return std::nullopt;
    }
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto meaning = text[i] == '\\' && i + 1 < text.size() ? escape_meaning(text[i + 1])
                                                                    : std::optional<char>();
        if (meaning) {
            ++i;
        }
        out.push_back(meaning.value_or(text[i]));
    }
    return out;
}

std::string option_value(std::string_view text) {
    text = base::trim(text);
    if (text.size() >= 2 && is_quote(text.front()) && text.front() == text.back()) {
        text = text.substr(1, text.size() - 2);
    }
    return unescaped(text);
}

OptionFileEntry directive(std::string_view line) {
    constexpr std::string_view kIncludeDirectory = "!includedir";
    constexpr std::string_view kInclude = "!include";
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    OptionFileEntry entry;
    entry.kind = OptionFileEntry::Kind::unknown_directive;
    entry.name = std::string(word);
    entry.value = std::string(base::trim(line.substr(end)));
    if (!entry.value->empty() && word == kIncludeDirectory) {
        entry.kind = OptionFileEntry::Kind::include_directory;
    } else if (!entry.value->empty() && word == kInclude) {
        entry.kind = OptionFileEntry::Kind::include;
    }
    return entry;
}

OptionFileEntry option(std::string_view line, const std::string& group) {
    OptionFileEntry entry;
    entry.group = group;
    const std::size_t equals = line.find('=');
    entry.name = std::string(base::trim(line.substr(0, equals)));
    if (equals != std::string_view::npos) {
        entry.value = option_value(line.substr(equals + 1));
    }
    return entry;
}

class Reader final {
public:
    Reader(const OptionFileSelection& selection, System& system)
        : selection_(selection), system_(system) {}

    void read_required(const std::string& path, std::string_view option_name) {
        const FileContent content = system_.read_file(path);
        if (content.status != FileContent::Status::ok) {
            throw UsageError(fmt::format(
                "{}: cannot read '{}' ({}); give the path of a readable option file",
                option_name,
                path,
                content.status == FileContent::Status::missing ? "no such file" : content.reason
            ));
        }
        take(path, content, 0);
    }

    void read_if_there(const std::string& path) {
        const FileContent content = system_.read_file(path);
        if (content.status == FileContent::Status::unreadable) {
            warn("option file {} is ignored: {}", path, content.reason);
        } else if (content.status == FileContent::Status::ok) {
            take(path, content, 0);
        }
    }

    [[nodiscard]] FileOptions result() && { return std::move(result_); }

private:
    template <class... Args>
    void warn(fmt::format_string<Args...> format, Args&&... args) {
        result_.warnings.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    void take(const std::string& path, const FileContent& content, unsigned depth) {
        if (content.world_writable) {
            warn(
                "option file {0} is ignored because every user may write it; run: chmod o-w {0}",
                path
            );
            return;
        }
        const auto entries = parse_option_file(content.text);
        if (!entries) {
            throw UsageError(fmt::format(
                "{}, line {}: {}", path, entries.failure().offset, entries.failure().message
            ));
        }
        for (const OptionFileEntry& entry : *entries) {
            follow(path, entry, depth);
        }
    }

    void follow(const std::string& path, const OptionFileEntry& entry, unsigned depth) {
        using Kind = OptionFileEntry::Kind;
        if (entry.kind == Kind::option) {
            take_option(path, entry);
        } else if (entry.kind == Kind::unknown_directive) {
            warn("{}, line {}: '{}' is ignored", path, entry.line, entry.name);
        } else if (depth >= kIncludeDepthMax) {
            warn("{}, line {}: includes are too deep; it is ignored", path, entry.line);
        } else if (entry.kind == Kind::include) {
            include(path, entry.line, *entry.value, depth);
        } else {
            include_directory(path, entry, depth);
        }
    }

    void include(
        const std::string& path, std::size_t line, const std::string& included, unsigned depth
    ) {
        const FileContent content = system_.read_file(included);
        if (content.status == FileContent::Status::ok) {
            take(included, content, depth + 1);
        } else {
            warn("{}, line {}: cannot read '{}'; it is ignored", path, line, included);
        }
    }

    void include_directory(const std::string& path, const OptionFileEntry& entry, unsigned depth) {
        auto names = system_.list_directory(*entry.value);
        if (!names) {
            throw UsageError(fmt::format(
                "{}, line {}: cannot read the folder '{}'; create it or remove the line",
                path,
                entry.line,
                *entry.value
            ));
        }
        std::sort(names->begin(), names->end());
        for (const std::string& name : *names) {
            constexpr std::string_view kExtension = ".cnf";
            const bool matches =
                name.size() > kExtension.size() &&
                std::string_view(name).substr(name.size() - kExtension.size()) == kExtension;
            if (matches) {
                const bool slash = entry.value->back() == '/';
                include(path, entry.line, *entry.value + (slash ? "" : "/") + name, depth);
            }
        }
    }

    void take_option(const std::string& path, const OptionFileEntry& entry) {
        for (const std::string& group : selection_.groups) {
            const bool suffixed =
                !selection_.group_suffix.empty() && entry.group == group + selection_.group_suffix;
            if (entry.group == group || suffixed) {
                result_.options.push_back({group, entry.name, entry.value, path, entry.line});
            }
        }
    }

    const OptionFileSelection& selection_;
    System& system_;
    FileOptions result_;
};

}  // namespace

base::Result<std::vector<OptionFileEntry>> parse_option_file(std::string_view text) {
    std::vector<OptionFileEntry> entries;
    std::optional<std::string> group;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = base::trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        ++number;
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (line.front() == '!') {
            entries.push_back(directive(line));
        } else if (line.front() == '[') {
            const std::size_t bracket = line.find(']');
            if (bracket == std::string_view::npos) {
                return base::Failure{"a group starts with '[' but has no ']'", number};
            }
            group = std::string(base::trim(line.substr(1, bracket - 1)));
            continue;
        } else if (!group) {
            return base::Failure{"an option stands before the first [group] line", number};
        } else {
            entries.push_back(option(base::trim(without_comment(line)), *group));
        }
        entries.back().line = number;
    }
    return entries;
}

FileOptions read_option_files(const OptionFileSelection& selection, System& system) {
    Reader reader(selection, system);
    if (selection.defaults_file) {
        reader.read_required(*selection.defaults_file, "--defaults-file");
    } else if (!selection.no_defaults) {
        reader.read_if_there("/etc/my.cnf");
        reader.read_if_there("/etc/mysql/my.cnf");
        if (selection.defaults_extra_file) {
            reader.read_required(*selection.defaults_extra_file, "--defaults-extra-file");
        }
        if (const auto home = system.environment("HOME"); home && !home->empty()) {
            reader.read_if_there(*home + "/.my.cnf");
        }
    }
    return std::move(reader).result();
}

}  // namespace doppel::cli
