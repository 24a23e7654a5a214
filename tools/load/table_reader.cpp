// SPDX-License-Identifier: Apache-2.0
#include "tools/load/table_reader.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"
#include "mysql/identifier.hpp"
#include "tools/load/table_text.hpp"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::load {
namespace {

std::string text(const sql::Row& row, std::size_t index) {
    return row.at(index).value_or("");
}

std::optional<mysql::KeyKind> key_kind(const std::string& data_type, bool is_unsigned) {
    static const std::map<std::string_view, mysql::KeyKind> kKinds = {
        {"binary", mysql::KeyKind::binary_string},
        {"varbinary", mysql::KeyKind::binary_string},
        {"char", mysql::KeyKind::text},
        {"varchar", mysql::KeyKind::text},
        {"decimal", mysql::KeyKind::decimal},
        {"date", mysql::KeyKind::date},
        {"time", mysql::KeyKind::time},
        {"datetime", mysql::KeyKind::datetime},
        {"timestamp", mysql::KeyKind::timestamp},
        {"year", mysql::KeyKind::year},
        {"enum", mysql::KeyKind::enumeration},
    };
    for (const std::string_view integer : {"tinyint", "smallint", "mediumint", "int", "bigint"}) {
        if (data_type == integer) {
            return is_unsigned ? mysql::KeyKind::unsigned_integer : mysql::KeyKind::signed_integer;
        }
    }
    const auto found = kKinds.find(data_type);
    return found == kKinds.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

sql::SessionSettings compare_settings() {
    sql::SessionSettings settings;
    settings.program_name = "doppel-load";
    settings.statements = {"SET SESSION time_zone = '+00:00'", "SET SESSION sql_mode = ''"};
    return settings;
}

TableReader::TableReader(sql::Session& session, std::string schema, std::string table)
    : session_(session),
      schema_(std::move(schema)),
      table_(std::move(table)),
      quoted_(mysql::TableName{schema_, table_}.quoted()) {
    read_columns();
    read_key();
    read_definition();
}

void TableReader::read_columns() {
    const sql::Rows rows = session_.query(fmt::format(
        "SELECT COLUMN_NAME, LOWER(DATA_TYPE) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
        "{} "
        "AND TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
        mysql::quote_string(schema_),
        mysql::quote_string(table_)
    ));
    for (const sql::Row& row : rows.rows) {
        shape_.columns.push_back({text(row, 0), text(row, 1)});
    }
    if (shape_.columns.empty()) {
        throw Error(Errc::failed, "there is no table " + schema_ + "." + table_);
    }
}

void TableReader::read_key() {
    const sql::Rows rows = session_.query(fmt::format(
        "SELECT c.COLUMN_NAME, LOWER(c.DATA_TYPE), LOWER(c.COLUMN_TYPE), c.CHARACTER_SET_NAME, "
        "c.COLLATION_NAME, c.CHARACTER_MAXIMUM_LENGTH, s.SUB_PART FROM "
        "information_schema.STATISTICS s "
        "JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME) "
        "WHERE s.TABLE_SCHEMA = {} AND s.TABLE_NAME = {} AND s.INDEX_NAME = 'PRIMARY' "
        "ORDER BY s.SEQ_IN_INDEX",
        mysql::quote_string(schema_),
        mysql::quote_string(table_)
    ));
    for (const sql::Row& row : rows.rows) {
        const std::string data_type = text(row, 1);
        const bool is_unsigned = text(row, 2).find("unsigned") != std::string::npos;
        const auto kind = key_kind(data_type, is_unsigned);
        if (!kind || row.at(6).has_value()) {
            throw Error(Errc::failed, "cannot compare by the key column " + text(row, 0));
        }
        mysql::KeyColumn column;
        column.name = text(row, 0);
        column.kind = *kind;
        column.fixed_length_bytes = data_type == "binary" ? std::stoull(text(row, 5)) : 0;
        column.charset = text(row, 3);
        column.collation = text(row, 4);
        key_names_.push_back(column.name);
        shape_.key.push_back(std::move(column));
    }
    if (shape_.key.empty()) {
        throw Error(Errc::failed, schema_ + "." + table_ + " has no primary key to compare by");
    }
    key_shape_.emplace(shape_.key);
}

void TableReader::read_definition() {
    const sql::Rows rows = session_.query("SHOW CREATE TABLE " + quoted_);
    shape_.definition = normalise_create_table(text(rows.rows.at(0), 1), table_);
}

std::string TableReader::from_where(const mysql::KeyRange& range) const {
    return fmt::format(
        " FROM {} WHERE {}", quoted_, mysql::range_condition(*key_shape_, key_names_, range)
    );
}

mysql::Key TableReader::key_of(const sql::Row& row) const {
    const auto width = static_cast<std::ptrdiff_t>(key_names_.size());
    const auto key = key_shape_->encode_text({row.begin(), row.begin() + width});
    if (!key) {
        throw Error(Errc::failed, key.failure().message);
    }
    return *key;
}

std::vector<mysql::KeyRange> TableReader::chunks(std::uint64_t chunk_rows) {
    std::vector<mysql::KeyRange> ranges(1);
    for (;;) {
        const sql::Rows rows = session_.query(fmt::format(
            "SELECT {}{} ORDER BY {} LIMIT 1 OFFSET {}",
            fmt::join(key_shape_->select_expressions(), ", "),
            from_where(ranges.back()),
            mysql::column_list(key_names_),
            chunk_rows - 1
        ));
        if (rows.empty()) {
            return ranges;
        }
        mysql::Key bound = key_of(rows.rows.front());
        ranges.back().upper = bound;
        ranges.push_back({std::move(bound), std::nullopt});
    }
}

ChunkHash TableReader::chunk_hash(const mysql::KeyRange& range) {
    const sql::Rows rows = session_.query(fmt::format(
        "SELECT COUNT(*), {}{}", chunk_hash_expression(shape_.columns), from_where(range)
    ));
    const sql::Row& row = rows.rows.at(0);
    return {std::stoull(text(row, 0)), text(row, 1)};
}

std::vector<RowHash> TableReader::row_hashes(const mysql::KeyRange& range) {
    const sql::Rows rows = session_.query(fmt::format(
        "SELECT {}, {}{} ORDER BY {}",
        fmt::join(key_shape_->select_expressions(), ", "),
        row_hash_expression(shape_.columns),
        from_where(range),
        mysql::column_list(key_names_)
    ));
    std::vector<RowHash> hashes;
    hashes.reserve(rows.rows.size());
    for (const sql::Row& row : rows.rows) {
        hashes.push_back({key_of(row), text(row, key_names_.size())});
    }
    return hashes;
}

std::optional<sql::Row> TableReader::row(const mysql::Key& key) {
    std::vector<std::string> expressions;
    for (const ColumnInfo& column : shape_.columns) {
        expressions.push_back(bytes_expression(column));
    }
    const sql::Rows rows = session_.query(fmt::format(
        "SELECT {} FROM {} WHERE {}",
        fmt::join(expressions, ", "),
        quoted_,
        mysql::in_condition(*key_shape_, key_names_, {&key, 1})
    ));
    return rows.empty() ? std::nullopt : std::optional(rows.rows.front());
}

}  // namespace doppel::load
