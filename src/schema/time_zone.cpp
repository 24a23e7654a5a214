// SPDX-License-Identifier: Apache-2.0
#include "schema/time_zone.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace doppel::schema {
namespace {

bool is_timestamp(const Column& column) {
    return column.data_type == "timestamp";
}

bool takes_expression(const Column& column) {
    return column.extra.find("DEFAULT_GENERATED") != std::string::npos;
}

/// Whether an expression names a TIMESTAMP column, or the present time by a name that all functions
/// for it have in common. Names in text literals count as well.
bool reads_time(const TableDefinition& table, std::string_view expression) {
    const std::string lower = base::to_lower_ascii(expression);
    for (const char* word : {"now", "cur", "local", "unix", "sysdate", "timestamp"}) {
        if (lower.find(word) != std::string::npos) {
            return true;
        }
    }
    return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
        return is_timestamp(column) &&
               lower.find(base::to_lower_ascii(column.name)) != std::string::npos;
    });
}

std::optional<std::string> in_expressions(const TableDefinition& shadow) {
    for (const Column& column : shadow.columns) {
        if (column.is_generated() && reads_time(shadow, column.generation_expression)) {
            return fmt::format("generated column `{}` reads a TIMESTAMP", column.name);
        }
    }
    for (const Index& index : shadow.indexes) {
        for (const IndexPart& part : index.parts) {
            if (!part.expression.empty() && reads_time(shadow, part.expression)) {
                return fmt::format("an expression of index `{}` reads a TIMESTAMP", index.name);
            }
        }
    }
    for (const CheckConstraint& check : shadow.checks) {
        if (check.enforced && reads_time(shadow, check.clause)) {
            return fmt::format("CHECK constraint `{}` reads a TIMESTAMP", check.name);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> zone_dependence(
    const TableDefinition& source, const TableDefinition& shadow, const ColumnMap& columns
) {
    for (const ColumnPair& pair : columns.pairs) {
        const Column* before = source.column(pair.source);
        const Column* after = shadow.column(pair.shadow);
        if (before != nullptr && after != nullptr &&
            is_timestamp(*before) != is_timestamp(*after)) {
            return fmt::format(
                "column `{}` changes from {} to {}", pair.source, before->type, after->type
            );
        }
    }
    for (const std::string& name : columns.added) {
        const Column* column = shadow.column(name);
        if (column != nullptr && takes_expression(*column) && !is_timestamp(*column)) {
            return fmt::format("new column `{}` has an expression as its default", name);
        }
        if (column != nullptr && is_timestamp(*column) && column->default_value &&
            !takes_expression(*column)) {
            return fmt::format("new TIMESTAMP column `{}` has a time as its default", name);
        }
    }
    return in_expressions(shadow);
}

bool is_utc(std::string_view time_zone, std::string_view system_time_zone) {
    const std::string_view zone =
        base::equals_ignore_case(time_zone, "SYSTEM") ? system_time_zone : time_zone;
    return zone == "+00:00" || base::equals_ignore_case(zone, "UTC") ||
           base::equals_ignore_case(zone, "Etc/UTC");
}

}  // namespace doppel::schema
