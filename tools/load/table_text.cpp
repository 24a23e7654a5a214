// SPDX-License-Identifier: Apache-2.0
#include "tools/load/table_text.hpp"

#include "mysql/identifier.hpp"

namespace doppel::load {
namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        text.replace(at, from.size(), to);
        at += to.size();
    }
}

}  // namespace

std::string normalise_create_table(std::string_view text, std::string_view table) {
    std::string result(text);
    const std::string quoted = mysql::quote_identifier(table);
    const std::string head = "CREATE TABLE " + quoted;
    if (result.rfind(head, 0) == 0) {
        result.replace(0, head.size(), "CREATE TABLE ?");
    }
    const std::string open = quoted.substr(0, quoted.size() - 1);
    for (const char* const kind : {"_chk_", "_ibfk_"}) {
        replace_all(result, "CONSTRAINT " + open + kind, std::string("CONSTRAINT `?") + kind);
    }
    return result;
}

}  // namespace doppel::load
