// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "mysql/key.hpp"
#include "mysql/key_condition.hpp"
#include "mysql/key_place.hpp"
#include "sql/session.hpp"
#include "tools/load/row_hash.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doppel::load {

/// What a table is compared by.
struct TableShape {
    std::vector<ColumnInfo> columns;
    std::vector<mysql::KeyColumn> key;  ///< of the primary key
    std::string definition;             ///< SHOW CREATE TABLE, normalised
};

struct ChunkHash {
    std::uint64_t rows = 0;
    std::string hash;
    bool operator==(const ChunkHash&) const = default;
};

struct RowHash {
    mysql::Key key;
    std::string hash;
};

/// Reads one table for a comparison. Owns no session; used by one thread at a time.
class TableReader final {
public:
    /// Reads the shape. Throws Error when there is no such table or it has no usable primary key.
    TableReader(sql::Session& session, std::string schema, std::string table);

    [[nodiscard]] const TableShape& shape() const { return shape_; }
    [[nodiscard]] const mysql::KeyShape& key_shape() const { return *key_shape_; }

    /// The table cut along its key into pieces of `chunk_rows` rows; the last one is open.
    [[nodiscard]] std::vector<mysql::KeyRange> chunks(std::uint64_t chunk_rows);
    [[nodiscard]] ChunkHash chunk_hash(const mysql::KeyRange& range);
    /// One by one, in the order of the key.
    [[nodiscard]] std::vector<RowHash> row_hashes(const mysql::KeyRange& range);
    /// The bytes of every column of a row; nothing when there is no such row.
    [[nodiscard]] std::optional<sql::Row> row(const mysql::Key& key);

private:
    void read_columns();
    void read_key();
    void read_definition();
    [[nodiscard]] std::string from_where(const mysql::KeyRange& range) const;
    [[nodiscard]] mysql::Key key_of(const sql::Row& row) const;

    sql::Session& session_;
    std::string schema_;
    std::string table_;
    std::string quoted_;
    TableShape shape_;
    mysql::KeyPlaces key_names_;
    std::optional<mysql::KeyShape> key_shape_;
};

/// Settings under which two servers write equal values alike.
[[nodiscard]] sql::SessionSettings compare_settings();

}  // namespace doppel::load
