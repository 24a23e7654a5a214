// SPDX-License-Identifier: Apache-2.0
#include "tools/common/arguments.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

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

/// Of a URL's user and password in this word, e.g. --throttle-http=http://user:password@host/; 0
/// and 0 when it holds none.
std::pair<std::size_t, std::size_t> credentials_of_url(std::string_view word) {
    constexpr std::string_view kScheme = "://";
    const std::size_t scheme = word.find(kScheme);
    if (scheme == std::string_view::npos) {
        return {0, 0};
    }
    const std::size_t begin = scheme + kScheme.size();
    const std::size_t end = word.substr(0, word.find_first_of("/?# ", begin)).rfind('@');
    return end == std::string_view::npos || end < begin ? std::pair<std::size_t, std::size_t>(0, 0)
                                                        : std::pair(begin, end);
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
        const auto [begin, end] = credentials_of_url(word);
        std::fill(argv[i] + begin, argv[i] + end, 'x');
    }
    return arguments;
}

}  // namespace doppel::cli
