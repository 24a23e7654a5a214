// SPDX-License-Identifier: Apache-2.0
#include "migration/remains.hpp"

#include "doppel/error.hpp"
#include "mysql/server_version.hpp"
#include "schema/reader.hpp"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using mysql::TableName;
using schema::TableDefinition;

constexpr unsigned kDatabaseAccessDenied = 1044;
constexpr unsigned kTableAccessDenied = 1142;
constexpr unsigned kNoSuchTable = 1146;
constexpr unsigned kNoSuchColumn = 1054;
/// How often tables may vanish between two looks, as those of a run that is just ending do.
constexpr int kLooks = 5;

mysql::ServerVersion read_version(sql::Session& session) {
    auto version =
        mysql::ServerVersion::parse(session.query("SELECT VERSION()").scalar().value_or(""));
    if (!version) {
        throw Error(Errc::refused, version.failure().message);
    }
    if (version->is_mariadb()) {
        throw Error(
            Errc::refused, fmt::format("the server is {}; MySQL is needed", version->str())
        );
    }
    return *version;
}

/// INFORMATION_SCHEMA hides what the account has no privilege on. A SELECT tells it apart from what
/// does not exist.
void require_absent(sql::Session& session, const TableName& table) {
    try {
        session.query("SELECT 1 FROM " + table.quoted() + " LIMIT 0");
    } catch (const Error& error) {
        const unsigned number = error.server_errno();
        if (number == kTableAccessDenied || number == kDatabaseAccessDenied) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "the account may not see whether there is a table {}: it needs SELECT on "
                    "schema "
                    "{}",
                    table.str(),
                    table.schema
                )
            );
        }
        if (error.code() == Errc::interrupted) {
            throw;
        }
    }
}

std::optional<TableDefinition> read(
    sql::Session& session, const TableName& table, const mysql::ServerVersion& version
) {
    auto definition = schema::read_table(session, table, version);
    if (!definition) {
        require_absent(session, table);
    }
    return definition;
}

/// Where names are not told apart by case, the server keeps them in lower case.
TableName spelled(sql::Session& session, const TableName& table) {
    const sql::Row row = session
                             .query(fmt::format(
                                 "SELECT @@GLOBAL.lower_case_table_names, LOWER({}), LOWER({})",
                                 mysql::quote_string(table.schema),
                                 mysql::quote_string(table.table)
                             ))
                             .rows.at(0);
    if (row.at(0).value_or("0") != "1") {
        return table;
    }
    return {row.at(1).value_or(""), row.at(2).value_or("")};
}

std::optional<checkpoint::Stored> read_stored(sql::Session& session, const TableName& state) {
    try {
        return checkpoint::StateTable(state).read(session);
    } catch (const Error& error) {
        if (error.server_errno() == kNoSuchColumn) {
            return std::nullopt;
        }
        throw;
    }
}

/// `at` is by the clock of the server where the run is. Its replica has a clock of its own, by
/// which it knows when the table was written to last; it forgets that when it is started again.
std::optional<double> seconds_since_change(sql::Session& session, const TableName& table) {
    session.execute("SET SESSION information_schema_stats_expiry = 0");
    const auto age = session
                         .query(fmt::format(
                             "SELECT TIMESTAMPDIFF(MICROSECOND, UPDATE_TIME, NOW(6)) / 1e6 FROM "
                             "information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = "
                             "{}",
                             mysql::quote_string(table.schema),
                             mysql::quote_string(table.table)
                         ))
                         .scalar();
    session.execute("SET SESSION information_schema_stats_expiry = DEFAULT");
    if (!age) {
        return std::nullopt;
    }
    return std::strtod(age->c_str(), nullptr);
}

void settle_age(sql::Session& session, Remains& remains) {
    const auto point = checkpoint::parse_point(remains.stored->point);
    if (!point || point->server.uuid == remains.server_uuid) {
        return;
    }
    if (const auto age = seconds_since_change(session, remains.state->name)) {
        remains.stored->age_seconds = age;
    }
}

Remains read_once(sql::Session& session, const TableName& table) {
    const mysql::ServerVersion version = read_version(session);
    Remains remains;
    remains.source = read(session, table, version);
    remains.table = remains.source ? remains.source->name : spelled(session, table);
    remains.names = shadow::derive_names(remains.table.table);
    remains.shadow = read(session, remains.sibling(remains.names.shadow), version);
    remains.old_table = read(session, remains.sibling(remains.names.old_table), version);
    remains.state = read(session, remains.sibling(remains.names.state), version);
    if (remains.state && is_marked(*remains.state)) {
        remains.stored = read_stored(session, remains.state->name);
    }
    remains.shadow_has_rows = remains.shadow && schema::has_rows(session, remains.shadow->name);
    const sql::Row row = session
                             .query(fmt::format(
                                 "SELECT @@GLOBAL.server_uuid, IS_USED_LOCK({})",
                                 mysql::quote_string(shadow::lock_name(remains.table))
                             ))
                             .rows.at(0);
    remains.server_uuid = row.at(0).value_or("");
    if (remains.stored) {
        settle_age(session, remains);
    }
    if (row.at(1)) {
        remains.lock_holder = std::strtoull(row.at(1)->c_str(), nullptr, 10);
    }
    return remains;
}

Standing unreadable(std::string problem) {
    Standing standing;
    standing.stage = Standing::Stage::unreadable;
    standing.problem = std::move(problem);
    return standing;
}

Standing judge_record(const Remains& remains, const std::string& text) {
    auto record = checkpoint::parse_record(text);
    if (!record) {
        return unreadable("its record cannot be read: " + record.failure().message);
    }
    if (record->source != checkpoint::as_recorded(remains.table.table)) {
        return unreadable(
            fmt::format("its record tells of another table, {}; it may be a copy", record->source)
        );
    }
    Standing standing;
    switch (record->stage) {
        case checkpoint::Stage::preparing:
            standing.stage = Standing::Stage::preparing;
            break;
        case checkpoint::Stage::running:
            standing.stage = Standing::Stage::running;
            break;
        case checkpoint::Stage::swapped:
            standing.stage = Standing::Stage::swapped;
            standing.surely_swapped = true;
            break;
    }
    standing.record = *std::move(record);
    return standing;
}

/// The RENAME is not recorded in the same moment, so it is seen by what exists.
void look_for_swap(const Remains& remains, Standing& standing) {
    const checkpoint::Record& record = *standing.record;
    if (remains.shadow || !remains.old_table || !remains.source ||
        describe_columns(*remains.source) != record.shadow_columns) {
        return;
    }
    standing.stage = Standing::Stage::swapped;
    standing.surely_swapped = is_recorded_source(*remains.old_table, record) &&
                              !is_recorded_source(*remains.source, record);
}

/// SHOW CREATE TABLE from behind the table's name on. The server derives names of CHECK constraints
/// from it, and renames them with the table.
std::string definition_of(const TableDefinition& table, const std::string& known_as) {
    std::string text = schema::without_auto_increment(table.create_text);
    const auto replace_all = [&](const std::string& from, const std::string& to) {
        for (std::size_t at = text.find(from); at != std::string::npos;
             at = text.find(from, at + to.size())) {
            text.replace(at, from.size(), to);
        }
    };
    const std::string own = mysql::quote_identifier(table.name.table);
    const std::string known = mysql::quote_identifier(known_as);
    replace_all("CREATE TABLE " + own, "CREATE TABLE " + known);
    const auto check_of = [](const std::string& quoted) {
        return quoted.substr(0, quoted.size() - 1) + "_chk_";
    };
    replace_all(check_of(own), check_of(known));
    return checkpoint::as_recorded(text);
}

}  // namespace

std::vector<std::string> describe_columns(const TableDefinition& table) {
    std::vector<std::string> columns;
    columns.reserve(table.columns.size());
    for (const schema::Column& column : table.columns) {
        columns.push_back(checkpoint::as_recorded(column.name + " " + column.type));
    }
    return columns;
}

bool is_marked(const TableDefinition& state) {
    return !state.is_view && state.comment.starts_with(shadow::kStateCommentPrefix);
}

Remains read_remains(sql::Session& session, const TableName& table) {
    for (int look = 1;; ++look) {
        try {
            return read_once(session, table);
        } catch (const Error& error) {
            if (error.server_errno() != kNoSuchTable || look == kLooks) {
                throw;
            }
        }
    }
}

bool is_recorded_shadow(const TableDefinition& table, const checkpoint::Record& record) {
    if (table.is_view || record.shadow_definition.empty()) {
        return false;
    }
    const std::string definition =
        checkpoint::as_recorded(schema::without_auto_increment(table.create_text));
    return definition == record.shadow_definition ||
           (!record.bare_definition.empty() && definition == record.bare_definition);
}

bool is_recorded_source(const TableDefinition& table, const checkpoint::Record& record) {
    return !table.is_view && !record.source_definition.empty() &&
           definition_of(table, record.source) == record.source_definition;
}

bool is_recorded_swap(const TableDefinition& table, const checkpoint::Record& record) {
    return !table.is_view && !record.shadow_definition.empty() &&
           definition_of(table, record.shadow) == record.shadow_definition &&
           !is_recorded_source(table, record);
}

Standing judge_standing(const Remains& remains) {
    if (!remains.state || !is_marked(*remains.state)) {
        return {};
    }
    if (!remains.stored) {
        return unreadable("its columns are not those of this version's state tables");
    }
    if (remains.stored->record.empty()) {
        if (remains.state->comment != shadow::state_comment(remains.table)) {
            return unreadable("it has no record, and its comment names another table");
        }
        Standing standing;
        standing.stage = Standing::Stage::begun;
        return standing;
    }
    Standing standing = judge_record(remains, remains.stored->record);
    if (standing.stage == Standing::Stage::unreadable) {
        return standing;
    }
    if (auto point = checkpoint::parse_point(remains.stored->point)) {
        standing.point = *std::move(point);
    }
    if (auto show = checkpoint::parse_show(remains.stored->point)) {
        standing.show = *std::move(show);
    }
    if (standing.stage == Standing::Stage::running) {
        look_for_swap(remains, standing);
    }
    return standing;
}

}  // namespace doppel::migration
