// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::schema {

enum class GeneratedKind { none, virtual_value, stored_value };

/// One column as INFORMATION_SCHEMA.COLUMNS shows it. Hidden columns of functional indexes are none
/// of these, and are not in row images either.
struct Column {
    std::string name;
    std::size_t ordinal = 0;  ///< place in a row image of the binlog, from 0
    std::string type;         ///< COLUMN_TYPE, e.g. "int unsigned", "varchar(30)"
    std::string data_type;    ///< DATA_TYPE in lower case, e.g. "int"
    std::string charset;      ///< of text, enum and set; empty otherwise
    std::string collation;
    bool nullable = true;
    GeneratedKind generated = GeneratedKind::none;
    std::string generation_expression;  ///< as the server prints it; empty for plain columns
    bool invisible = false;
    bool auto_increment = false;
    /// COLUMN_DEFAULT; nothing for NULL and for no default, which the server does not tell apart
    /// here.
    std::optional<std::string> default_value;
    std::string extra;  ///< EXTRA, e.g. "DEFAULT_GENERATED on update CURRENT_TIMESTAMP"
    std::uint64_t length_characters = 0;  ///< CHARACTER_MAXIMUM_LENGTH: bytes for binary types
    std::uint64_t length_bytes = 0;       ///< CHARACTER_OCTET_LENGTH
    unsigned numeric_precision = 0;
    unsigned numeric_scale = 0;
    unsigned fractional_digits = 0;  ///< of TIME, DATETIME and TIMESTAMP
    std::string comment;

    [[nodiscard]] bool is_generated() const { return generated != GeneratedKind::none; }
    /// TINYINT .. BIGINT, whatever sign and display width.
    [[nodiscard]] bool is_integer() const;
    [[nodiscard]] bool is_unsigned() const;
};

struct IndexPart {
    std::string column;             ///< empty for a functional part
    std::string expression;         ///< of a functional part
    std::size_t prefix_length = 0;  ///< 0: the whole column; characters, bytes for binary types
    bool descending = false;
};

struct Index {
    std::string name;
    bool unique = false;
    bool visible = true;  ///< MariaDB: not IGNORED
    std::string type;     ///< "BTREE", "FULLTEXT", "SPATIAL", "HASH"
    std::vector<IndexPart> parts;
    std::string comment;

    [[nodiscard]] bool is_primary() const { return name == "PRIMARY"; }
};

struct ForeignKey {
    std::string name;
    mysql::TableName child;
    mysql::TableName parent;
};

struct Trigger {
    std::string name;
    std::string timing;  ///< "BEFORE" or "AFTER"
    std::string event;   ///< "INSERT", "UPDATE" or "DELETE"
};

struct CheckConstraint {
    std::string name;
    std::string clause;  ///< CHECK_CLAUSE as the server prints it
    bool enforced = true;
};

/// A table as the server describes it at one moment. A value; nothing in it follows later changes.
struct TableDefinition {
    mysql::TableName name;        ///< as the server spells it (lower_case_table_names)
    bool is_view = false;         ///< anything but a base table: views, system views, sequences
    std::string engine;           ///< "InnoDB"; empty for a view
    std::vector<Column> columns;  ///< in row image order
    std::vector<Index> indexes;   ///< PRIMARY first, then by name
    std::vector<ForeignKey> foreign_keys;   ///< this table is the child
    std::vector<ForeignKey> referenced_by;  ///< this table is the parent; self references too
    std::vector<Trigger> triggers;          ///< empty without the TRIGGER privilege
    std::vector<CheckConstraint> checks;
    bool partitioned = false;
    std::uint64_t rows_estimated = 0;
    std::uint64_t data_bytes = 0;
    std::uint64_t index_bytes = 0;
    std::optional<std::uint64_t> auto_increment;  ///< the next value; nothing without such a column
    std::string row_format;
    std::string create_options;
    std::string comment;
    std::string collation;    ///< default collation of the table
    std::string create_text;  ///< SHOW CREATE TABLE

    /// The column of that name, compared as the server compares; nullptr when there is none. Valid
    /// as long as the definition is not changed.
    [[nodiscard]] const Column* column(std::string_view column_name) const;
    [[nodiscard]] const Index* index(std::string_view index_name) const;
    /// The column with AUTO_INCREMENT, or nullptr.
    [[nodiscard]] const Column* auto_increment_column() const;
};

/// Compares names of columns, indexes and constraints the way the server does: without regard to
/// case. Letters outside Latin, Greek and Cyrillic compare byte by byte.
[[nodiscard]] bool same_identifier(std::string_view a, std::string_view b);

}  // namespace doppel::schema
