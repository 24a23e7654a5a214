// SPDX-License-Identifier: Apache-2.0
#include "index/deferred_indexes.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace doppel::index {
namespace {

using schema::Column;
using schema::Index;
using schema::IndexPart;
using schema::TableDefinition;

const Column* find_column(const TableDefinition& table, const std::string& name) {
    const auto found =
        std::find_if(table.columns.begin(), table.columns.end(), [&](const Column& column) {
            return column.name == name;
        });
    return found == table.columns.end() ? nullptr : &*found;
}

bool is_plain(const TableDefinition& table, const IndexPart& part) {
    const Column* const column = find_column(table, part.column);
    return column != nullptr && part.expression.empty() && !column->is_generated();
}

/// The server wants a key that begins with this column.
bool begins_with_counter(const TableDefinition& table, const Index& index) {
    const Column* const first = find_column(table, index.parts.front().column);
    return first == nullptr || first->auto_increment;
}

bool may_wait(const TableDefinition& table, const Index& index) {
    return !index.unique && index.type == "BTREE" && !index.parts.empty() &&
           std::all_of(
               index.parts.begin(),
               index.parts.end(),
               [&](const IndexPart& part) { return is_plain(table, part); }
           ) &&
           !begins_with_counter(table, index);
}

/// The line of SHOW CREATE TABLE that defines the index, without the comma.
std::optional<std::string_view> definition_of(
    std::string_view create_text, const std::string& name
) {
    const std::string begin = fmt::format("\n  KEY {} ", mysql::quote_identifier(name));
    const std::size_t at = create_text.find(begin);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view line = create_text.substr(at + 1);
    line = line.substr(0, line.find('\n'));
    line.remove_prefix(line.find_first_not_of(' '));
    if (line.ends_with(',')) {
        line.remove_suffix(1);
    }
    return line;
}

}  // namespace

std::vector<std::string> deferrable(const TableDefinition& table) {
    std::vector<std::string> names;
    if (!table.foreign_keys.empty() || !table.referenced_by.empty()) {
        return names;
    }
    for (const Index& index : table.indexes) {
        if (may_wait(table, index)) {
            names.push_back(index.name);
        }
    }
    // `indexes` is in the order of the names; the table's own order is that of its text.
    const auto place = [&](const std::string& name) {
        const auto line = definition_of(table.create_text, name);
        return line ? line->data() - table.create_text.data() : 0;
    };
    std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
        return place(a) < place(b);
    });
    return names;
}

std::string drop_statement(const mysql::TableName& table, const std::vector<std::string>& names) {
    std::string clauses;
    for (const std::string& name : names) {
        clauses +=
            (clauses.empty() ? " DROP INDEX " : ", DROP INDEX ") + mysql::quote_identifier(name);
    }
    return "ALTER TABLE " + table.quoted() + clauses;
}

std::string build_statement(
    const mysql::TableName& table,
    std::string_view create_text,
    const std::vector<std::string>& names
) {
    std::string clauses;
    for (const std::string& name : names) {
        const auto definition = definition_of(create_text, name);
        if (!definition) {
            return {};
        }
        clauses += " ADD ";
        clauses += *definition;
        clauses += ',';
    }
    return "ALTER TABLE " + table.quoted() + clauses + " ALGORITHM=INPLACE, LOCK=NONE";
}

}  // namespace doppel::index
