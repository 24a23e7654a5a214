// SPDX-License-Identifier: Apache-2.0
#include "statement/source_text.hpp"

#include <string>

#include <fmt/format.h>

namespace doppel::statement {
namespace {

/// Up to 32 bytes from `offset` on one line, cut between characters.
std::string excerpt(std::string_view text, std::size_t offset) {
    constexpr std::size_t kBytesMax = 32;
    std::string result;
    while (offset < text.size()) {
        const std::size_t length = utf8_length(text, offset);
        if (length == 0 || result.size() + length > kBytesMax) {
            break;
        }
        if (static_cast<unsigned char>(text[offset]) < 0x20 || text[offset] == '\x7f') {
            result += ' ';
        } else {
            result += text.substr(offset, length);
        }
        offset += length;
    }
    return result;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return continues(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return byte(1) >= low && byte(1) <= high && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return byte(1) >= low && byte(1) <= high && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

base::Failure failure_at(
    std::string_view text, std::size_t offset, std::string_view what, std::string_view advice
) {
    const std::string near = excerpt(text, offset);
    const std::string where = offset >= text.size() ? std::string("the end of the statement")
                                                    : fmt::format("offset {}", offset);
    return base::Failure{
        fmt::format(
            "{} at {}{}; {}.", what, where, near.empty() ? "" : ", near \"" + near + "\"", advice
        ),
        offset};
}

}  // namespace doppel::statement
