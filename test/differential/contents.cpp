// SPDX-License-Identifier: Apache-2.0
#include "differential/contents.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

constexpr std::size_t kDifferencesShown = 4;
// With what stands before it: comments may contain the same words.
const std::string kEngine = ") ENGINE=InnoDB";
const std::string kCounter = kEngine + " AUTO_INCREMENT=";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        text.replace(at, from.size(), to);
        at += to.size();
    }
}

void normalize(std::string& text, const std::string& table) {
    replace_all(text, "CREATE TABLE `" + table + "`", "CREATE TABLE `t`");
    replace_all(text, "CONSTRAINT `" + table + "_chk_", "CONSTRAINT `t_chk_");
    while (text.find("CONSTRAINT `_") != std::string::npos) {
        replace_all(text, "CONSTRAINT `_", "CONSTRAINT `");
    }
}

bool same_but_for_case(std::string_view one, std::string_view other) {
    return std::equal(
        one.begin(),
        one.end(),
        other.begin(),
        other.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }
    );
}

/// A rename that changes nothing but case leaves CHECK constraints as they were written, until any
/// later ALTER prints them anew (seen on 9.7): `c0` and `C0` are the same there.
void spell_as_columns(std::string& definition, const std::string& column) {
    const std::string name = mysql::quote_identifier(column);
    for (auto at = definition.find("\n  CONSTRAINT `"); at != std::string::npos;
         at = definition.find("\n  CONSTRAINT `", at + 1)) {
        const auto end = definition.find('\n', at + 1);
        for (auto i = definition.find(" CHECK ", at); i + name.size() < end; ++i) {
            if (same_but_for_case(std::string_view(definition).substr(i, name.size()), name)) {
                definition.replace(i, name.size(), name);
            }
        }
    }
}

std::string json_expression(const std::string& name) {
    std::string list = fmt::format("HEX(CAST({} AS CHAR))", name);
    // 1.0 is printed alike whether it is a DECIMAL or a DOUBLE.
    for (const char* path :
         {"$",
          "$[0]",
          "$[1]",
          "$[2]",
          "$.a",
          "$.b",
          "$.b[0]",
          "$.a.b[0]",
          "$.a.b[1]",
          "$.a.b[2]"}) {
        list += fmt::format(", JSON_TYPE(JSON_EXTRACT({}, '{}'))", name, path);
    }
    return list;
}

std::string exact_expression(const std::string& type, const std::string& name) {
    if (type == "float" || type == "double") {
        return fmt::format("CAST(CAST({} AS DOUBLE) AS CHAR)", name);
    }
    if (type == "bit") {
        return fmt::format("CAST({} AS UNSIGNED)", name);
    }
    if (type == "json") {
        return json_expression(name);
    }
    if (type == "enum" || type == "set") {
        return fmt::format("HEX({0}), {0} + 0", name);
    }
    const bool bytes = type.ends_with("char") || type.ends_with("text") ||
                       type.ends_with("binary") || type.ends_with("blob") || type == "vector" ||
                       type == "point" || type == "linestring" || type == "polygon" ||
                       type.starts_with("geom");
    return fmt::format(fmt::runtime(bytes ? "HEX({})" : "CAST({} AS CHAR)"), name);
}

}  // namespace

Contents read_contents(sql::Session& session, const std::string& schema, const std::string& table) {
    const std::string name = schema + "." + table;
    Contents contents;
    contents.definition = session.query("SHOW CREATE TABLE " + name).rows.at(0).at(1).value_or("");
    normalize(contents.definition, table);
    const auto columns = session.query(fmt::format(
        "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = '{}' "
        "AND TABLE_NAME = '{}' ORDER BY ORDINAL_POSITION",
        schema,
        table
    ));
    std::string list;
    for (const auto& row : columns.rows) {
        const std::string column = row.at(0).value_or("");
        spell_as_columns(contents.definition, column);
        list += list.empty() ? "" : ", ";
        list += exact_expression(row.at(1).value_or(""), mysql::quote_identifier(column));
    }
    const auto rows = session.query(fmt::format("SELECT {} FROM {}", list, name));
    for (const auto& row : rows.rows) {
        std::string text;
        for (const auto& value : row) {
            text += value ? "[" + *value + "]" : "NULL ";
        }
        contents.rows.push_back(std::move(text));
    }
    std::sort(contents.rows.begin(), contents.rows.end());
    return contents;
}

Contents without_counter(Contents contents) {
    const auto at = contents.definition.find(kCounter);
    if (at != std::string::npos) {
        const auto end = contents.definition.find(' ', at + kCounter.size());
        contents.definition.replace(at, end - at, kEngine);
    }
    return contents;
}

Difference compare(const Contents& ours, const Contents& expected) {
    if (ours.definition != expected.definition) {
        return {
            "definition",
            fmt::format("ours: {}\nexpected: {}", ours.definition, expected.definition)};
    }
    if (ours.rows == expected.rows) {
        return {};
    }
    std::string text;
    const auto show = [&](const char* name, const auto& one, const auto& other) {
        std::vector<std::string> only;
        std::set_difference(
            one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(only)
        );
        text += fmt::format("{} {} rows\n", name, only.size());
        for (std::size_t i = 0; i < std::min(only.size(), kDifferencesShown); ++i) {
            text += "  " + only[i] + "\n";
        }
    };
    show("only ours:", ours.rows, expected.rows);
    show("only expected:", expected.rows, ours.rows);
    return {"data", text};
}

}  // namespace doppel::differential
