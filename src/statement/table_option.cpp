// SPDX-License-Identifier: Apache-2.0
#include "statement/table_option.hpp"

#include <array>
#include <string_view>

namespace doppel::statement {
namespace {

/// Options that may stand without an equals sign.
constexpr std::array<std::string_view, 34> kOptions = {
    "AUTO_INCREMENT",
    "AUTOEXTEND_SIZE",
    "AVG_ROW_LENGTH",
    "CHECKSUM",
    "COLLATE",
    "COMMENT",
    "COMPRESSION",
    "CONNECTION",
    "DELAY_KEY_WRITE",
    "ENCRYPTED",
    "ENCRYPTION",
    "ENCRYPTION_KEY_ID",
    "ENGINE",
    "ENGINE_ATTRIBUTE",
    "INSERT_METHOD",
    "KEY_BLOCK_SIZE",
    "MAX_ROWS",
    "MIN_ROWS",
    "PACK_KEYS",
    "PAGE_CHECKSUM",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "PASSWORD",
    "ROW_FORMAT",
    "SECONDARY_ENGINE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "STATS_AUTO_RECALC",
    "STATS_PERSISTENT",
    "STATS_SAMPLE_PAGES",
    "STORAGE",
    "TABLE_CHECKSUM",
    "TABLESPACE",
    "TRANSACTIONAL",
    "UNION",
};

std::string to_upper_ascii(std::string text) {
    for (char& c : text) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return text;
}

std::optional<std::string> read_name(TokenCursor& cursor) {
    const bool is_default = cursor.accept({"DEFAULT"});
    if (cursor.accept({"CHARACTER", "SET"}) || cursor.accept({"CHAR", "SET"}) ||
        cursor.accept({"CHARSET"})) {
        return "CHARACTER SET";
    }
    if (is_default) {
        return cursor.accept({"COLLATE"}) ? std::optional<std::string>("COLLATE") : std::nullopt;
    }
    if (cursor.accept({"DATA", "DIRECTORY"})) {
        return "DATA DIRECTORY";
    }
    if (cursor.accept({"INDEX", "DIRECTORY"})) {
        return "INDEX DIRECTORY";
    }
    for (const std::string_view option : kOptions) {
        if (cursor.accept({option})) {
            return std::string(option);
        }
    }
    if (cursor.is_name() && cursor.is_symbol('=', 1)) {
        return to_upper_ascii(cursor.expect_name("an option"));
    }
    return std::nullopt;
}

bool read_value(TokenCursor& cursor) {
    cursor.accept_symbol('=');
    if (cursor.is_symbol('(')) {
        cursor.skip_group();
        return true;
    }
    if (cursor.is_kind(TokenKind::symbol) || cursor.at_end()) {
        return false;
    }
    cursor.skip();
    return true;
}

}  // namespace

std::optional<std::string> read_table_option(TokenCursor& cursor) {
    const std::size_t begin = cursor.at();
    std::optional<std::string> name = read_name(cursor);
    if (!name || !cursor.ok() || !read_value(cursor)) {
        cursor.seek(begin);
        return std::nullopt;
    }
    return name;
}

}  // namespace doppel::statement
