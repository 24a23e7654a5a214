// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "binlog/event_handler.hpp"
#include "binlog/table_map.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace doppel::binlog {

/// The value of one column in a row image. For types with a length before the value, `bytes` is the
/// value alone.
struct PickedValue {
    enum class State : std::uint8_t { absent, null, present };
    State state = State::absent;
    std::string_view bytes;
};

/// Steps over the row images of one table and picks the values of a few columns. No allocation per
/// row. Layout: libs/mysql/binlog/event/rows_event.h, "Rows_event"; sizes of values:
/// sql-common/binlog_event_data / Field::pack of each type.
class RowWalker final {
public:
    RowWalker() = default;
    /// `picked`: positions of the columns to pick, below table.columns.size(); may repeat none.
    RowWalker(const TableMap& table, const std::vector<std::size_t>& picked);

    [[nodiscard]] std::size_t column_count() const noexcept { return columns_.size(); }
    [[nodiscard]] std::size_t json_column_count() const noexcept { return json_columns_; }

    /// Reads one image at the front of `rows` and removes it. `present` is the bitmap of the
    /// columns in the image. Overwrites `values` (one per picked column) for columns that are
    /// present and leaves the others as they are. False when the image does not fit.
    bool next(std::string_view& rows, std::string_view present, std::vector<PickedValue>& values)
        const;

private:
    struct Step {
        std::uint32_t fixed_bytes = 0;  ///< of the value, when prefix_bytes is 0
        std::uint8_t prefix_bytes = 0;  ///< bytes of the length before the value
        std::int32_t slot = -1;         ///< index in the picked values
    };

    std::vector<Step> columns_;
    std::size_t json_columns_ = 0;
};

/// The header of a row event: everything before the first row image.
struct RowsHeader {
    std::uint64_t table_id = 0;
    std::uint16_t flags = 0;
    RowChange change = RowChange::insert;
    bool partial_json = false;  ///< PARTIAL_UPDATE_ROWS: after-images carry value options
    std::size_t column_count = 0;
    std::string_view before_columns;  ///< bitmap; inserts: unused
    std::string_view after_columns;   ///< bitmap; deletes: unused
    std::string_view rows;

    static constexpr std::uint64_t kDummyTableId = 0xffffff;
};

/// Rows events of both versions. The rows of MariaDB's compressed events are left compressed.
[[nodiscard]] base::Result<RowsHeader> parse_rows_header(EventType type, std::string_view body);
/// The table id alone.
[[nodiscard]] base::Result<std::uint64_t> parse_rows_table_id(std::string_view body);

}  // namespace doppel::binlog
