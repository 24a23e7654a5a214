// SPDX-License-Identifier: Apache-2.0
#include "migration/logged_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace doppel::migration {
namespace {

constexpr std::size_t kExcerptBytes = 200;
// sql/system_variables.h: MODE_ANSI_QUOTES, MODE_NO_BACKSLASH_ESCAPES
constexpr std::uint64_t kAnsiQuotes = 4;
constexpr std::uint64_t kNoBackslashEscapes = std::uint64_t{1} << 20;
/// Stands for characters that are not compared.
constexpr char kAny = '\x01';
constexpr std::string_view kPlaceholder = "\xc3\xbf";

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return is_ascii(c); });
}

// Ids of collations are fixed (manual, INFORMATION_SCHEMA.COLLATIONS); 255 and above are utf8mb4.
bool is_utf8(std::uint16_t id) {
    return id == 33 || id == 45 || id == 46 || id == 76 || id == 83 || (id >= 192 && id <= 215) ||
           (id >= 223 && id <= 247) || id >= 255;
}

/// big5, sjis, cp932, gbk, gb18030: the second byte of a character may look like a quote or a
/// backslash.
bool has_ascii_in_characters(std::uint16_t id) {
    constexpr std::uint16_t kIds[] = {1, 84, 13, 88, 95, 96, 28, 87, 248, 249, 250};
    return std::find(std::begin(kIds), std::end(kIds), id) != std::end(kIds);
}

bool is_single_byte_kana(std::uint16_t id, char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (id == 13 || id == 88 || id == 95 || id == 96) && byte >= 0xa1 && byte <= 0xdf;
}

/// Every run of non-ASCII characters becomes one placeholder.
std::string without_foreign_characters(std::string_view text, std::uint16_t charset) {
    const bool pairs = has_ascii_in_characters(charset);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_ascii(text[i])) {
            out += text[i];
            continue;
        }
        while (i < text.size() && !is_ascii(text[i])) {
            i += pairs && !is_single_byte_kana(charset, text[i]) ? 2U : 1U;
        }
        out += kPlaceholder;
        --i;
    }
    return out;
}

/// For comparing: letters that may have case, other than those of ASCII, are not told apart.
std::string folded(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = static_cast<unsigned char>(name[i]);
        const bool may_have_case =
            (byte >= 0xc2 && byte <= 0xdf) || byte == 0xe1 || byte == 0xe2 || byte == 0xef;
        if (!may_have_case) {
            out += name[i] == '\\' ? '/' : name[i];  // as readable() may have it
            continue;
        }
        out += kAny;
        while (i + 1 < name.size() && (static_cast<unsigned char>(name[i + 1]) & 0xc0) == 0x80) {
            ++i;
        }
    }
    return base::to_lower_ascii(out);
}

/// The same with every run of non-ASCII characters as one.
std::string coarse(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (is_ascii(c)) {
            out += c == '\\' ? '/' : c;
        } else if (out.empty() || out.back() != kAny) {
            out += kAny;
        }
    }
    return base::to_lower_ascii(out);
}

std::string translated(const binlog::QueryView& query, bool utf8) {
    std::string text =
        utf8 ? std::string(query.text) : without_foreign_characters(query.text, query.charset);
    if ((query.sql_mode & kNoBackslashEscapes) != 0) {
        std::replace(text.begin(), text.end(), '\\', '/');
    }
    return text;
}

}  // namespace

LoggedText::LoggedText(const binlog::QueryView& query)
    : utf8_(query.charset == 0 || is_utf8(query.charset) || is_ascii(query.text)),
      ansi_quotes_((query.sql_mode & kAnsiQuotes) != 0) {
    readable_ = translated(query, utf8_);
}

bool LoggedText::is_ambiguous() const noexcept {
    return ansi_quotes_ && readable_.find('\\') != std::string::npos;
}

bool may_be_same_name(std::string_view a, std::string_view b) {
    return folded(a) == folded(b);
}

bool LoggedText::may_be(std::string_view in_text, std::string_view name) const {
    return utf8_ ? may_be_same_name(in_text, name) : coarse(in_text) == coarse(name);
}

bool LoggedText::may_contain(std::string_view name) const {
    const bool comparable = is_ascii(name) && name.find('\\') == std::string_view::npos;
    return !comparable ||
           base::to_lower_ascii(readable_).find(base::to_lower_ascii(name)) != std::string::npos;
}

bool LoggedText::begins_with_word(std::initializer_list<std::string_view> words) const {
    const auto text = base::trim(readable_);
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return text.size() > word.size() &&
               base::equals_ignore_case(text.substr(0, word.size()), word) &&
               (text[word.size()] == ' ' || text[word.size()] == '\n' || text[word.size()] == '\t');
    });
}

std::string LoggedText::excerpt() const {
    std::string text = readable_.substr(0, kExcerptBytes);
    while (text.size() < readable_.size() && !text.empty() &&
           (static_cast<unsigned char>(readable_[text.size()]) & 0xc0) == 0x80) {
        text.pop_back();
    }
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' '
    );
    return text.size() < readable_.size() ? text + ".." : text;
}

std::string unquoted(std::string_view content, char quote) {
    std::string name;
    for (std::size_t i = 0; i < content.size(); ++i) {
        name += content[i];
        i += content[i] == quote && i + 1 < content.size() && content[i + 1] == quote ? 1U : 0U;
    }
    return name;
}

}  // namespace doppel::migration
