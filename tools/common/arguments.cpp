// SPDX-License-Identifier: Apache-2.0
#include "tools/common/arguments.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string_view>

namespace doppel::cli {

namespace {

// The short options without a value; -p may follow them in one word.
constexpr std::string_view kFlagLetters = "?Vqv";

/// Where the password starts in this word; npos when it holds none. Misspelt names count too: the
/// operator typed a secret whether or not the option exists.
std::size_t password_offset(std::string_view word) {
    if (word.substr(0, 1) == "-" && word.substr(0, 2) != "--") {
        const std::size_t letter = word.find_first_not_of(kFlagLetters, 1);
        const bool found = letter != std::string_view::npos && word[letter] == 'p';
        return found ? letter + 1 : std::string_view::npos;
    }
    constexpr std::string_view kLong = "--password";
    const std::size_t equals = word.find('=');
    if (word.substr(0, 2) != "--" || equals == std::string_view::npos) {
        const bool glued = word.size() > kLong.size() && word.substr(0, kLong.size()) == kLong;
        return glued ? kLong.size() : std::string_view::npos;
    }
    const std::string name = base::to_lower_ascii(word.substr(0, equals));
    return name.find("pass") == std::string::npos ? std::string_view::npos : equals + 1;
}

}  // namespace

std::vector<std::string> take_arguments(int argc, char** argv) {
    std::vector<std::string> arguments;
    for (int i = 1; i < argc; ++i) {
        arguments.emplace_back(argv[i]);
        const std::string& word = arguments.back();
        const std::size_t offset = password_offset(word);
        if (offset != std::string_view::npos) {
            std::fill(argv[i] + offset, argv[i] + word.size(), 'x');
        }
    }
    return arguments;
}

}  // namespace doppel::cli
