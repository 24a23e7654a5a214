// SPDX-License-Identifier: Apache-2.0
#include "dry_run/query.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"

#include <cstdlib>

namespace doppel::dry_run {

std::optional<sql::Rows> query_if_told(sql::Session& session, std::string_view statement) {
    try {
        return session.query(statement);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        return std::nullopt;
    }
}

Names read_names(const std::optional<sql::Rows>& rows) {
    Names names;
    if (rows) {
        for (const sql::Row& row : rows->rows) {
            names[base::to_lower_ascii(row.at(0).value_or(""))] = row.at(1).value_or("");
        }
    }
    return names;
}

double number(const sql::Value& value, double otherwise) {
    if (!value || value->empty()) {
        return otherwise;
    }
    char* end = nullptr;
    const double parsed = std::strtod(value->c_str(), &end);
    return end == value->c_str() ? otherwise : parsed;
}

double number(const Names& names, const std::string& name, double otherwise) {
    const auto found = names.find(name);
    return found == names.end() ? otherwise : number(sql::Value(found->second), otherwise);
}

std::string cell(
    const sql::Rows& rows, std::size_t row, std::string_view name, std::string_view former_name
) {
    for (std::size_t i = 0; i < rows.columns.size() && row < rows.rows.size(); ++i) {
        if (base::equals_ignore_case(rows.columns[i], name) ||
            base::equals_ignore_case(rows.columns[i], former_name)) {
            return rows.rows[row].at(i).value_or("");
        }
    }
    return {};
}

}  // namespace doppel::dry_run
