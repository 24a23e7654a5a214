// SPDX-License-Identifier: Apache-2.0
// The part of TransactionReader that decodes rows.
#include "base/byte_reader.hpp"
#include "binlog/payload.hpp"
#include "binlog/transaction_reader.hpp"
#include "binlog/transaction_table.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::binlog {
namespace {

/// A delivery to the handler holds about this much, so that memory does not grow with the event.
constexpr std::size_t kBatchBytes = std::size_t{64} << 10;
constexpr std::size_t kBatchKeys = 4'096;

bool is_compressed(EventType type) {
    return type >= EventType::mariadb_write_rows_compressed_v1 &&
           type <= EventType::mariadb_delete_rows_compressed;
}

bool is_integer(ColumnType type) {
    switch (type) {
        case ColumnType::tiny:
        case ColumnType::short_integer:
        case ColumnType::int24:
        case ColumnType::long_integer:
        case ColumnType::longlong:
            return true;
        default:
            return false;
    }
}

std::uint64_t integer_of(const PickedValue& value) {
    base::ByteReader reader(value.bytes);
    return reader.little_endian(value.bytes.size());
}

std::int64_t signed_integer_of(const PickedValue& value) {
    const unsigned shift = 64 - 8 * static_cast<unsigned>(value.bytes.size());
    return static_cast<std::int64_t>(integer_of(value) << shift) >> shift;
}

bool same_values(const std::vector<PickedValue>& a, const std::vector<PickedValue>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.state == y.state && x.bytes == y.bytes;
    });
}

/// PARTIAL_UPDATE_ROWS: value options stand before each after-image, and when they say so a bit per
/// JSON column of the table (sql/log_event.cc: Rows_log_event::unpack_current_row). A diff has the
/// same length field before it as a whole document.
bool skip_value_options(std::string_view& rows, std::size_t json_columns) {
    constexpr std::uint64_t kPartialJson = 1;
    base::ByteReader reader(rows);
    const std::uint64_t options = reader.length_encoded();
    if (options > kPartialJson) {
        return false;
    }
    if (options == kPartialJson) {
        reader.skip((json_columns + 7) / 8);
    }
    rows.remove_prefix(std::min(reader.position(), rows.size()));
    return reader.ok();
}

base::Failure in_table(const std::string& table, const char* what) {
    return {fmt::format("row event of {}: {}", table, what)};
}

}  // namespace

TransactionReader::Outcome TransactionReader::read_table_map(const Event& event) {
    if (state_ == State::between) {
        return base::Failure{"a TABLE_MAP event outside a transaction"};
    }
    state_ = State::open;
    const auto id = TableMap::parse_id(event.body);
    if (!id) {
        return id.failure();
    }
    auto& slot = tables_[*id];
    if (slot != nullptr && slot->definition == event.body) {
        return std::nullopt;
    }
    slot.reset();
    auto map = TableMap::parse(event.body);
    const auto names = map.ok() ? map : TableMap::parse_names(event.body);
    if (!names) {
        return names.failure();
    }
    auto table = std::make_unique<Table>();
    table->definition = event.body;
    table->name = names->schema + "." + names->table;
    table->interest = handler_.on_table_map(*names);
    if (table->interest.kind != TableInterest::Kind::skip) {
        if (!map) {
            return map.failure();
        }
        if (auto failure = prepare(*map, *table)) {
            return failure;
        }
    }
    slot = std::move(table);
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::prepare(const TableMap& map, Table& table) {
    const auto& interest = table.interest;
    if (interest.kind == TableInterest::Kind::marker) {
        for (const auto ordinal : interest.ordinals) {
            if (ordinal >= map.columns.size() || !is_integer(map.columns[ordinal].type)) {
                return in_table(table.name, "a marker column is no integer");
            }
        }
        table.walker = RowWalker(map, interest.ordinals);
        return std::nullopt;
    }
    if (interest.count_only || interest.shape == nullptr) {
        table.walker = RowWalker(map, {});
        return std::nullopt;
    }
    auto extractor = KeyExtractor::make(map, interest);
    if (!extractor) {
        return extractor.failure();
    }
    table.extractor = std::move(extractor).value();
    table.walker = RowWalker(map, interest.ordinals);
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_rows(const Event& event) {
    if (state_ == State::between) {
        return base::Failure{"a row event outside a transaction"};
    }
    const auto id = parse_rows_table_id(event.body);
    if (!id) {
        return id.failure();
    }
    const auto found = tables_.find(*id);
    if (found == tables_.end() || found->second == nullptr) {
        // The server closes a statement whose rows were filtered with a row event of no table.
        return *id == RowsHeader::kDummyTableId
                   ? Outcome()
                   : base::Failure{fmt::format("a row event of the unknown table id {}", *id)};
    }
    Table& table = *found->second;
    if (table.interest.kind == TableInterest::Kind::skip) {
        return std::nullopt;
    }
    auto rows = parse_rows_header(event.type(), event.body);
    if (!rows) {
        return rows.failure();
    }
    if (rows->column_count != table.walker.column_count()) {
        return in_table(table.name, "its number of columns is not that of the TABLE_MAP");
    }
    if (is_compressed(event.type())) {
        if (auto failure = inflate_mariadb(rows->rows, kEventBytesMax, inflated_)) {
            return failure;
        }
        rows->rows = inflated_;
    }
    return table.interest.kind == TableInterest::Kind::marker ? extract_markers(table, *rows)
                                                              : extract_keys(event, table, *rows);
}

/// Reads the images of one row into before_ and after_. A column that an after-image lacks has the
/// value of the before-image (binlog_row_image=MINIMAL and NOBLOB).
bool TransactionReader::next_row(
    const Table& table, const RowsHeader& rows, std::string_view& rest
) {
    const std::size_t bytes_before = rest.size();
    before_.assign(table.interest.ordinals.size(), PickedValue{});
    const bool insert = rows.change == RowChange::insert;
    if (!table.walker.next(rest, insert ? rows.after_columns : rows.before_columns, before_)) {
        return false;
    }
    after_ = before_;
    if (rows.change == RowChange::update) {
        if (rows.partial_json && !skip_value_options(rest, table.walker.json_column_count())) {
            return false;
        }
        if (!table.walker.next(rest, rows.after_columns, after_)) {
            return false;
        }
    }
    return rest.size() < bytes_before || bytes_before == 0;
}

TransactionReader::Outcome TransactionReader::extract_keys(
    const Event& event, const Table& table, const RowsHeader& rows
) {
    keys_.clear();
    std::size_t row_count = 0;
    const auto deliver = [&] {
        handler_.on_rows({table.interest.tag, rows.change, row_count, keys_, event.header.timestamp}
        );
        keys_.clear();
        row_count = 0;
    };
    const bool insert = rows.change == RowChange::insert;
    auto rest = rows.rows;
    // A row whose columns all have their defaults is no byte at all under MINIMAL.
    for (bool more = insert || !rest.empty(); more; more = !rest.empty()) {
        if (!next_row(table, rows, rest)) {
            return in_table(table.name, "a row image does not fit");
        }
        ++row_count;
        if (table.extractor) {
            const char* failure = table.extractor->append(before_, insert, keys_.buffer());
            keys_.close_key();
            if (failure == nullptr && !same_values(before_, after_)) {
                failure = table.extractor->append(after_, false, keys_.buffer());
                keys_.close_key();
            }
            if (failure != nullptr) {
                return in_table(table.name, failure);
            }
        }
        if (keys_.size() >= kBatchKeys || keys_.bytes() >= kBatchBytes) {
            deliver();
        }
    }
    if (row_count > 0) {
        deliver();
    }
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::extract_markers(
    const Table& table, const RowsHeader& rows
) {
    if (rows.change == RowChange::remove) {
        return std::nullopt;
    }
    for (auto rest = rows.rows; !rest.empty();) {
        if (!next_row(table, rows, rest)) {
            return in_table(table.name, "a row image does not fit");
        }
        for (const auto& value : after_) {
            if (value.state != PickedValue::State::present) {
                return in_table(table.name, "a marker column is missing");
            }
        }
        handler_.on_marker(table.interest.tag, signed_integer_of(after_[0]), integer_of(after_[1]));
    }
    return std::nullopt;
}

}  // namespace doppel::binlog
