// SPDX-License-Identifier: Apache-2.0
#include "shadow/names.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace doppel::shadow {
namespace {

// The server derives names from a table's name itself, "_t_new_chk_12" for a CHECK constraint, and
// then wants those to fit in 64 characters too.
constexpr std::size_t kIdentifierCharactersMax = 64;
constexpr std::size_t kTableCharactersMax = kIdentifierCharactersMax - 8;
constexpr std::size_t kLockReadableCharacters = 40;

bool starts_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for (const char byte : text) {
        count += starts_character(byte) ? 1U : 0U;
    }
    return count;
}

std::string_view first_characters(std::string_view text, std::size_t limit) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (starts_character(text[i]) && ++count > limit) {
            return text.substr(0, i);
        }
    }
    return text;
}

// FNV-1a; the names must never change between releases, so it is spelled out here.
std::uint64_t hash(std::string_view text) {
    std::uint64_t value = 0xcbf29ce484222325U;
    for (const char byte : text) {
        value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    }
    return value;
}

std::string mark_of(std::string_view name) {
    const std::uint64_t wide = hash(name);
    return fmt::format("_{:08x}", (wide >> 32U) ^ (wide & 0xFFFFFFFFU));
}

std::string derive(std::string_view table, std::string_view suffix) {
    if (1 + count_characters(table) + suffix.size() <= kTableCharactersMax) {
        return fmt::format("_{}{}", table, suffix);
    }
    const std::string mark = mark_of(table);
    const std::size_t room = kTableCharactersMax - 1 - mark.size() - suffix.size();
    return fmt::format("_{}{}{}", first_characters(table, room), mark, suffix);
}

std::string lock_name(std::string_view kind, const mysql::TableName& source) {
    const std::string exact = source.schema + '\0' + source.table;
    return fmt::format(
        "{}:{:016x}:{}", kind, hash(exact), first_characters(source.str(), kLockReadableCharacters)
    );
}

std::string plain_comment(std::string comment) {
    // COMMENT takes no character set introducer, so only what a plain literal can hold.
    for (char& c : comment) {
        if (c < ' ' || c > '~' || c == '\'' || c == '\\') {
            c = '?';
        }
    }
    return comment;
}

}  // namespace

DerivedNames derive_names(std::string_view table) {
    return {derive(table, "_new"), derive(table, "_old"), derive(table, "_doppel")};
}

ScratchNames derive_scratch_names(std::string_view table) {
    return {derive(table, "_dry"), derive(table, "_probe")};
}

std::string fit_identifier(std::string_view name) {
    if (count_characters(name) <= kIdentifierCharactersMax) {
        return std::string(name);
    }
    const std::string mark = mark_of(name);
    return std::string(first_characters(name, kIdentifierCharactersMax - mark.size())) + mark;
}

std::string lock_name(const mysql::TableName& source) {
    return lock_name("doppel", source);
}

std::string scratch_lock_name(const mysql::TableName& source) {
    return lock_name("dopdry", source);
}

std::string state_comment(const mysql::TableName& source) {
    return plain_comment(fmt::format("{} of {}", kStateCommentPrefix, source.str()));
}

std::string scratch_comment(const mysql::TableName& source) {
    return plain_comment(fmt::format("{} of {}", kScratchCommentPrefix, source.str()));
}

}  // namespace doppel::shadow
