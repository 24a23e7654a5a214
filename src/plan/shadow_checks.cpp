// SPDX-License-Identifier: Apache-2.0
#include "plan/shadow_checks.hpp"

#include "doppel/error.hpp"
#include "schema/reader.hpp"
#include "schema/time_zone.hpp"

#include <string>

#include <fmt/format.h>

namespace doppel::plan {

schema::KeyDecision choose_key(
    const Facts& facts, const schema::TableDefinition& shadow, const schema::ColumnMap& columns
) {
    std::optional<std::string> why_not_utc;
    if (!schema::is_utc(facts.server.time_zone, facts.server.system_time_zone)) {
        why_not_utc = schema::zone_dependence(*facts.source, shadow, columns);
    }
    return schema::choose_key(*facts.source, shadow, columns, why_not_utc);
}

void require_values(sql::Session& session, const Facts& facts, const schema::ColumnMap& columns) {
    const std::string* column = columns.without_value();
    if (column == nullptr || !schema::has_rows(session, facts.source->name)) {
        return;
    }
    throw Error(
        Errc::data_misfit,
        fmt::format(
            "new column `{}` of {} is NOT NULL, has no DEFAULT, and its type has no value for the "
            "rows that exist: give it a DEFAULT or allow NULL",
            *column,
            facts.source->name.str()
        )
    );
}

std::optional<Finding> numbers_for_null(
    const Facts& facts, const schema::TableDefinition& shadow, const schema::ColumnMap& columns
) {
    const schema::Column* numbered = shadow.auto_increment_column();
    for (const schema::ColumnPair& pair : columns.pairs) {
        const schema::Column* column = facts.source->column(pair.source);
        if (numbered == nullptr || pair.shadow != numbered->name || !column->nullable) {
            continue;
        }
        return Finding{
            "numbers-for-null",
            Finding::Level::refusal,
            fmt::format(
                "column `{}` of {} allows NULL and becomes AUTO_INCREMENT: the server's own ALTER "
                "numbers the NULLs in the order in which it reads the rows, which cannot be "
                "repeated while the table is written to",
                column->name,
                facts.source->name.str()
            ),
            "give rows with NULL there a value, make the column NOT NULL in a migration of its "
            "own, then add AUTO_INCREMENT"};
    }
    return std::nullopt;
}

}  // namespace doppel::plan
