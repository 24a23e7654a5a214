// SPDX-License-Identifier: Apache-2.0
#include "mysql/identifier.hpp"

#include "base/hex.hpp"

#include <algorithm>

namespace doppel::mysql {

std::string quote_identifier(std::string_view name) {
    std::string quoted = "`";
    for (const char c : name) {
        if (c == '`') {
            quoted.push_back('`');
        }
        quoted.push_back(c);
    }
    quoted.push_back('`');
    return quoted;
}

std::string quote_identifiers(std::span<const std::string> names) {
    std::string list;
    for (const std::string& name : names) {
        list += list.empty() ? "" : ", ";
        list += quote_identifier(name);
    }
    return list;
}

std::string quote_string(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '\'' && c != '\\';
    });
    if (plain) {
        return "'" + std::string(text) + "'";
    }
    return "_utf8mb4 x'" + base::to_hex(text) + "'";
}

std::string TableName::quoted() const {
    return quote_identifier(schema) + "." + quote_identifier(table);
}

}  // namespace doppel::mysql
