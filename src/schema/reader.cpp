// SPDX-License-Identifier: Apache-2.0
#include "schema/reader.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace doppel::schema {
namespace {

using mysql::quote_string;
using mysql::ServerVersion;
using mysql::TableName;

constexpr unsigned kErrTableAccessDenied = 1142;

/// Cells of one row in the order of the SELECT list.
class RowReader final {
public:
    explicit RowReader(const sql::Row& row) : row_(row) {}

    const sql::Value& value() { return row_.at(position_++); }
    std::string text() { return value().value_or(std::string()); }
    std::string lower() { return base::to_lower_ascii(text()); }
    bool yes() { return base::equals_ignore_case(text(), "YES"); }
    std::optional<std::uint64_t> optional_number() {
        const sql::Value& cell = value();
        std::uint64_t number = 0;
        if (!cell) {
            return std::nullopt;
        }
        const auto [end, error] =
            std::from_chars(cell->data(), cell->data() + cell->size(), number);
        if (error != std::errc() || end != cell->data() + cell->size()) {
            throw Error(Errc::failed, "the server sent '" + *cell + "' where a number was due");
        }
        return number;
    }
    std::uint64_t number() { return optional_number().value_or(0); }

private:
    const sql::Row& row_;
    std::size_t position_ = 0;
};

bool contains_ignore_case(std::string_view text, std::string_view lower_word) {
    return base::to_lower_ascii(text).find(lower_word) != std::string::npos;
}

// By default the server caches row counts and AUTO_INCREMENT for a day, and may hide the primary
// key that it generated itself (MySQL manual, "Generated Invisible Primary Keys").
void show_everything(sql::Session& session, const ServerVersion& version) {
    if (version.is_mariadb()) {
        return;
    }
    if (version.at_least(8, 0)) {
        session.execute("SET SESSION information_schema_stats_expiry = 0");
    }
    if (version.at_least(8, 0, 30)) {
        session.execute("SET SESSION show_gipk_in_create_table_and_information_schema = ON");
    }
}

std::string where_table(const TableName& name) {
    return fmt::format(
        " WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
        quote_string(name.schema),
        quote_string(name.table)
    );
}

std::optional<TableDefinition> read_table_row(sql::Session& session, const TableName& name) {
    const sql::Rows rows = session.query(
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_ROWS, DATA_LENGTH,"
        " INDEX_LENGTH, AUTO_INCREMENT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT"
        " FROM INFORMATION_SCHEMA.TABLES" +
        where_table(name)
    );
    if (rows.empty()) {
        return std::nullopt;
    }
    RowReader row(rows.rows.front());
    TableDefinition table;
    table.name.schema = row.text();
    table.name.table = row.text();
    table.is_view = row.text() != "BASE TABLE";
    table.engine = row.text();
    table.row_format = row.text();
    table.rows_estimated = row.number();
    table.data_bytes = row.number();
    table.index_bytes = row.number();
    table.auto_increment = row.optional_number();
    table.collation = row.text();
    table.create_options = row.text();
    table.comment = row.text();
    table.partitioned = contains_ignore_case(table.create_options, "partitioned");
    return table;
}

GeneratedKind generated_kind(std::string_view extra) {
    if (contains_ignore_case(extra, "virtual generated")) {
        return GeneratedKind::virtual_value;
    }
    const bool stored = contains_ignore_case(extra, "stored generated") ||
                        contains_ignore_case(extra, "persistent");
    return stored ? GeneratedKind::stored_value : GeneratedKind::none;
}

Column read_column(const sql::Row& cells, std::size_t ordinal) {
    RowReader row(cells);
    Column column;
    column.ordinal = ordinal;
    column.name = row.text();
    column.type = row.text();
    column.data_type = row.lower();
    column.charset = row.text();
    column.collation = row.text();
    column.nullable = row.yes();
    column.extra = row.text();
    column.generation_expression = row.text();
    column.default_value = row.value();
    column.length_characters = row.number();
    column.length_bytes = row.number();
    column.numeric_precision = static_cast<unsigned>(row.number());
    column.numeric_scale = static_cast<unsigned>(row.number());
    column.fractional_digits = static_cast<unsigned>(row.number());
    column.comment = row.text();
    column.generated = generated_kind(column.extra);
    column.invisible = contains_ignore_case(column.extra, "invisible");
    column.auto_increment = contains_ignore_case(column.extra, "auto_increment");
    return column;
}

void read_columns(sql::Session& session, TableDefinition& table) {
    const sql::Rows rows = session.query(
        "SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME,"
        " IS_NULLABLE, EXTRA, GENERATION_EXPRESSION, COLUMN_DEFAULT, CHARACTER_MAXIMUM_LENGTH,"
        " CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION,"
        " COLUMN_COMMENT FROM INFORMATION_SCHEMA.COLUMNS" +
        where_table(table.name) + " ORDER BY ORDINAL_POSITION"
    );
    // Counted, not taken from ORDINAL_POSITION: hidden columns may leave gaps there, and have no
    // place in row images (mysql-server sql/rpl_record.cc, table views without hidden columns).
    for (const sql::Row& row : rows.rows) {
        table.columns.push_back(read_column(row, table.columns.size()));
    }
}

std::string statistics_query(const TableName& name, const ServerVersion& version) {
    std::string visible = "'YES'";
    std::string expression = "NULL";
    if (!version.is_mariadb() && version.at_least(8, 0)) {
        visible = "IS_VISIBLE";
        expression = version.at_least(8, 0, 13) ? "EXPRESSION" : "NULL";
    } else if (version.is_mariadb() && version.at_least(10, 6)) {
        visible = "IF(IGNORED = 'YES', 'NO', 'YES')";
    }
    return "SELECT INDEX_NAME, NON_UNIQUE, " + visible +
           ", INDEX_TYPE, INDEX_COMMENT, COLUMN_NAME, " + expression +
           ", SUB_PART, COLLATION FROM INFORMATION_SCHEMA.STATISTICS" + where_table(name) +
           " ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX";
}

void read_indexes(sql::Session& session, TableDefinition& table, const ServerVersion& version) {
    const sql::Rows rows = session.query(statistics_query(table.name, version));
    for (const sql::Row& cells : rows.rows) {
        RowReader row(cells);
        const std::string name = row.text();
        const bool unique = row.number() == 0;
        const bool visible = row.yes();
        std::string type = row.text();
        std::string comment = row.text();
        if (table.indexes.empty() || table.indexes.back().name != name) {
            table.indexes.push_back({name, unique, visible, std::move(type), {}, std::move(comment)}
            );
        }
        IndexPart part;
        part.column = row.text();
        part.expression = row.text();
        part.prefix_length = row.number();
        part.descending = row.text() == "D";
        table.indexes.back().parts.push_back(std::move(part));
    }
}

void read_foreign_keys(sql::Session& session, TableDefinition& table) {
    const std::string schema = quote_string(table.name.schema);
    const std::string name = quote_string(table.name.table);
    const sql::Rows rows = session.query(fmt::format(
        "SELECT CONSTRAINT_NAME, CONSTRAINT_SCHEMA, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA,"
        " REFERENCED_TABLE_NAME,"
        " CONSTRAINT_SCHEMA = {0} AND TABLE_NAME = {1},"
        " UNIQUE_CONSTRAINT_SCHEMA = {0} AND REFERENCED_TABLE_NAME = {1}"
        " FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS"
        " WHERE (CONSTRAINT_SCHEMA = {0} AND TABLE_NAME = {1})"
        " OR (UNIQUE_CONSTRAINT_SCHEMA = {0} AND REFERENCED_TABLE_NAME = {1})"
        " ORDER BY CONSTRAINT_SCHEMA, CONSTRAINT_NAME",
        schema,
        name
    ));
    for (const sql::Row& cells : rows.rows) {
        RowReader row(cells);
        ForeignKey key;
        key.name = row.text();
        key.child.schema = row.text();
        key.child.table = row.text();
        key.parent.schema = row.text();
        key.parent.table = row.text();
        if (row.number() != 0) {
            table.foreign_keys.push_back(key);
        }
        if (row.number() != 0) {
            table.referenced_by.push_back(key);
        }
    }
}

void read_triggers(sql::Session& session, TableDefinition& table) {
    const sql::Rows rows = session.query(fmt::format(
        "SELECT TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION FROM INFORMATION_SCHEMA.TRIGGERS"
        " WHERE EVENT_OBJECT_SCHEMA = {} AND EVENT_OBJECT_TABLE = {} ORDER BY TRIGGER_NAME",
        quote_string(table.name.schema),
        quote_string(table.name.table)
    ));
    for (const sql::Row& cells : rows.rows) {
        RowReader row(cells);
        Trigger trigger;
        trigger.name = row.text();
        trigger.timing = row.text();
        trigger.event = row.text();
        table.triggers.push_back(std::move(trigger));
    }
}

std::string checks_query(const TableName& name, const ServerVersion& version) {
    if (version.is_mariadb()) {
        return fmt::format(
            "SELECT CONSTRAINT_NAME, CHECK_CLAUSE, 'YES' FROM INFORMATION_SCHEMA.CHECK_CONSTRAINTS"
            " WHERE CONSTRAINT_SCHEMA = {} AND TABLE_NAME = {} ORDER BY CONSTRAINT_NAME",
            quote_string(name.schema),
            quote_string(name.table)
        );
    }
    return "SELECT CONSTRAINT_NAME, CHECK_CLAUSE, ENFORCED"
           " FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS"
           " JOIN INFORMATION_SCHEMA.CHECK_CONSTRAINTS USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME)" +
           where_table(name) + " AND CONSTRAINT_TYPE = 'CHECK' ORDER BY CONSTRAINT_NAME";
}

void read_checks(sql::Session& session, TableDefinition& table, const ServerVersion& version) {
    if (!version.is_mariadb() && !version.at_least(8, 0, 16)) {
        return;
    }
    const sql::Rows rows = session.query(checks_query(table.name, version));
    for (const sql::Row& cells : rows.rows) {
        RowReader row(cells);
        CheckConstraint check;
        check.name = row.text();
        check.clause = row.text();
        check.enforced = row.yes();
        table.checks.push_back(std::move(check));
    }
}

// Empty when the account may see the table's columns but not its definition.
std::string read_create_text(sql::Session& session, const TableName& name) {
    try {
        const sql::Rows rows = session.query("SHOW CREATE TABLE " + name.quoted());
        const bool shown = !rows.empty() && rows.rows.front().size() > 1;
        return shown ? rows.rows.front()[1].value_or(std::string()) : std::string();
    } catch (const Error& error) {
        if (error.server_errno() == kErrTableAccessDenied) {
            return {};
        }
        throw;
    }
}

constexpr std::string_view kAutoIncrement = " AUTO_INCREMENT=";

struct Span {
    std::size_t begin;
    std::size_t end;
};

// Where the digits are. Options stand in one line behind the closing parenthesis of the columns,
// AUTO_INCREMENT before all options with text of the user (mysql-server sql/sql_show.cc,
// store_create_info).
std::optional<Span> auto_increment_digits(std::string_view create_text) {
    const std::size_t options = create_text.rfind("\n) ");
    if (options == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t found = create_text.find(kAutoIncrement, options);
    if (found == std::string_view::npos || found > create_text.find("='", options)) {
        return std::nullopt;
    }
    Span digits{found + kAutoIncrement.size(), found + kAutoIncrement.size()};
    while (digits.end < create_text.size() && create_text[digits.end] >= '0' &&
           create_text[digits.end] <= '9') {
        ++digits.end;
    }
    return digits.begin == digits.end ? std::nullopt : std::optional(digits);
}

}  // namespace

std::optional<TableDefinition> read_table(
    sql::Session& session, const TableName& name, const ServerVersion& version
) {
    show_everything(session, version);
    std::optional<TableDefinition> table = read_table_row(session, name);
    if (!table) {
        return table;
    }
    read_columns(session, *table);
    if (table->is_view) {
        return table;
    }
    read_indexes(session, *table, version);
    read_foreign_keys(session, *table);
    read_triggers(session, *table);
    read_checks(session, *table, version);
    table->create_text = read_create_text(session, table->name);
    if (table->auto_increment_column() != nullptr) {
        table->auto_increment = auto_increment_of(table->create_text).value_or(1);
    }
    return table;
}

bool has_rows(sql::Session& session, const TableName& name) {
    return !session.query("SELECT 1 FROM " + name.quoted() + " LIMIT 1").empty();
}

std::optional<std::uint64_t> read_auto_increment(sql::Session& session, const TableName& name) {
    return auto_increment_of(read_create_text(session, name));
}

std::optional<std::uint64_t> auto_increment_of(std::string_view create_text) {
    const std::optional<Span> digits = auto_increment_digits(create_text);
    if (!digits) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    std::from_chars(create_text.data() + digits->begin, create_text.data() + digits->end, value);
    return value;
}

std::string without_auto_increment(std::string_view create_text) {
    std::string text(create_text);
    if (const std::optional<Span> digits = auto_increment_digits(create_text)) {
        const std::size_t begin = digits->begin - kAutoIncrement.size();
        text.erase(begin, digits->end - begin);
    }
    return text;
}

}  // namespace doppel::schema
