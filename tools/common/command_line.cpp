// SPDX-License-Identifier: Apache-2.0
#include "tools/common/quantity.hpp"
#include "tools/common/settings.hpp"
#include "tools/common/usage_error.hpp"

#include <utility>

#include <boost/program_options.hpp>
#include <fmt/format.h>

namespace doppel::cli {

namespace {

namespace po = boost::program_options;

// Names that no one can type, for forms of options that Boost.Program_options does not tell apart:
// it knows options without a value and with a value, and gives an optional value the next word.
constexpr std::string_view kOff = "off:";
constexpr std::string_view kBare = "bare:";

std::string off_name(const OptionSpec& spec) {
    return std::string(kOff) + spec.name;
}
std::string bare_name(const OptionSpec& spec) {
    return std::string(kBare) + spec.name;
}

po::options_description described(const OptionTable& table) {
    po::options_description description;
    const auto add = [&](const std::string& name, bool has_value) {
        auto* const value = po::value<std::string>();
        if (!has_value) {
            value->zero_tokens();
        }
        description.add_options()(name.c_str(), value);
    };
    for (const OptionSection& section : table.sections()) {
        for (const OptionSpec& spec : section.options) {
            const std::string short_form =
                spec.short_name == '\0' ? "" : fmt::format(",{}", spec.short_name);
            add(spec.name + short_form, spec.argument != Argument::flag);
            if (spec.argument != Argument::required) {
                add(off_name(spec), false);
            }
            if (spec.argument == Argument::optional) {
                add(bare_name(spec), false);
            }
        }
    }
    return description;
}

/// Rewrites options to the form that Boost.Program_options reads: canonical names, no modifiers,
/// and the names above.
class Canonical final {
public:
    explicit Canonical(const OptionTable& table) : table_(table) {}

    void add(const std::string& word) {
        if (ended_ || word == "--") {
            ended_ = true;
            words.push_back(word);
        } else if (word.size() > 2 && word.compare(0, 2, "--") == 0) {
            add_long(word);
        } else if (word.size() > 1 && word.front() == '-') {
            add_short(word.substr(1));
        } else {
            words.push_back(word);
        }
    }

    std::vector<std::string> words;
    std::vector<std::string> warnings;

private:
    [[nodiscard]] const OptionSpec* find_short(char letter) const {
        for (const OptionSection& section : table_.sections()) {
            for (const OptionSpec& spec : section.options) {
                if (spec.short_name == letter) {
                    return &spec;
                }
            }
        }
        return nullptr;
    }

    /// Flags may be joined (`-qv`), the last one may be an option with its value (`-qpX`).
    void add_short(std::string_view letters) {
        const OptionSpec* spec = find_short(letters.front());
        while (letters.size() > 1 && spec != nullptr && spec->argument == Argument::flag) {
            words.push_back(fmt::format("-{}", letters.front()));
            letters.remove_prefix(1);
            spec = find_short(letters.front());
        }
        const bool bare =
            letters.size() == 1 && spec != nullptr && spec->argument == Argument::optional;
        words.push_back(bare ? "--" + bare_name(*spec) : fmt::format("-{}", letters));
    }

    void add_long(const std::string& word) {
        const std::size_t equals = word.find('=');
        const bool has_value = equals != std::string::npos;
        const std::string written = word.substr(2, has_value ? equals - 2 : equals);
        const ResolvedName name = table_.resolve(written);
        if (name.spec == nullptr) {
            unknown(written, name.loose);
        } else if (name.switched && has_value) {
            throw UsageError(fmt::format("--{} takes no value", written));
        } else if (name.spec->argument == Argument::flag) {
            add_flag(name, has_value ? word.substr(equals + 1) : "1");
        } else if (name.switched) {
            words.push_back("--" + off_name(*name.spec));
        } else if (has_value) {
            add_value(*name.spec, word.substr(equals + 1));
        } else {
            const bool optional = name.spec->argument == Argument::optional;
            words.push_back("--" + (optional ? bare_name(*name.spec) : name.spec->name));
        }
    }

    void unknown(const std::string& written, bool loose) {
        if (loose) {
            warnings.push_back(fmt::format("--{} is unknown and ignored", written));
            return;
        }
        if (written == "login-path" || written == "login_path") {
            throw UsageError(
                "--login-path is not supported; put the options into an option file and name it "
                "with --defaults-extra-file"
            );
        }
        // "--passwordSECRET": the secret is not repeated.
        constexpr std::string_view kPassword = "password";
        const bool glued = written.compare(0, kPassword.size(), kPassword) == 0;
        throw UsageError(fmt::format(
            "unknown option --{}{}{}; see --help",
            glued ? std::string(kPassword) : written,
            glued ? ".." : "",
            table_.suggestion(written)
        ));
    }

    void add_flag(const ResolvedName& name, const std::string& value) {
        const auto on = name.switched ? name.switched : parse_switch(value);
        if (!on) {
            throw UsageError(
                fmt::format("--{} is either on or off; write it without a value", name.spec->name)
            );
        }
        words.push_back("--" + (*on ? name.spec->name : off_name(*name.spec)));
    }

    void add_value(const OptionSpec& spec, const std::string& value) {
        if (!value.empty()) {
            words.push_back(fmt::format("--{}={}", spec.name, value));
        } else if (spec.argument == Argument::optional) {
            words.push_back("--" + off_name(spec));
        } else {
            words.push_back("--" + spec.name);
            words.emplace_back();
        }
    }

    const OptionTable& table_;
    bool ended_ = false;
};

/// The option's name as it was written, never its value.
std::string written_name(const std::string& word) {
    return word.compare(0, 2, "--") == 0 ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

GivenOption given_option(const OptionTable& table, const po::option& option) {
    GivenOption given{option.string_key, std::nullopt, "", true};
    const bool off = take_prefix(given.name, kOff);
    const bool bare = take_prefix(given.name, kBare);
    given.origin = off || bare ? "--" + given.name : written_name(option.original_tokens.front());
    if (off) {
        given.value = table.find(given.name)->argument == Argument::flag ? "0" : "";
    } else if (!option.value.empty()) {
        given.value = option.value.front();
    }
    return given;
}

[[noreturn]] void refuse(const po::error_with_option_name& error) {
    const std::string name = written_name(error.get_option_name());
    if (dynamic_cast<const po::unknown_option*>(&error) != nullptr) {
        throw UsageError(fmt::format("unknown option {}; see --help", name));
    }
    const auto* const syntax = dynamic_cast<const po::invalid_syntax*>(&error);
    if (syntax != nullptr && syntax->kind() == po::invalid_syntax::missing_parameter) {
        throw UsageError(fmt::format("{} needs a value", name));
    }
    throw UsageError(fmt::format("{} is not understood; see --help", name));
}

}  // namespace

CommandLine parse_command_line(
    const OptionTable& table, const std::vector<std::string>& arguments
) {
    Canonical canonical(table);
    for (const std::string& word : arguments) {
        canonical.add(word);
    }
    namespace style = po::command_line_style;
    constexpr int kStyle = style::allow_long | style::long_allow_adjacent | style::long_allow_next |
                           style::allow_short | style::allow_dash_for_short |
                           style::short_allow_adjacent | style::short_allow_next;
    const po::options_description description = described(table);
    CommandLine command_line;
    command_line.warnings = std::move(canonical.warnings);
    try {
        const po::parsed_options parsed =
            po::command_line_parser(canonical.words).options(description).style(kStyle).run();
        for (const po::option& option : parsed.options) {
            if (option.position_key >= 0) {
                const auto& words = option.value;
                command_line.positionals.insert(
                    command_line.positionals.end(), words.begin(), words.end()
                );
            } else {
                command_line.options.push_back(given_option(table, option));
            }
        }
    } catch (const po::error_with_option_name& error) {
        refuse(error);
    }
    return command_line;
}

}  // namespace doppel::cli
