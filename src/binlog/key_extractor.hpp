// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "binlog/event_handler.hpp"
#include "binlog/row_image.hpp"
#include "binlog/table_map.hpp"
#include "mysql/key.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::binlog {

/// Encodes the key of row images of one table. TIMESTAMP columns are printed in UTC, so statements
/// that use such keys must run with time_zone = '+00:00'. Immutable after `make`.
class KeyExtractor final {
public:
    /// Fails when a position is out of range or a column's type cannot hold the kind of its key
    /// column (the table was altered, or the plan is wrong). Copies what it needs.
    static base::Result<KeyExtractor> make(const TableMap& table, const TableInterest& interest);

    /// Appends the key of one image; `values` holds the picked values, one per key column. With
    /// `use_defaults` an absent value is the column's default (TableInterest::defaults).
    /// Returns nullptr, or why a value is malformed (then `out` holds a part of the key).
    const char* append(const std::vector<PickedValue>& values, bool use_defaults, std::string& out)
        const;

private:
    struct Part {
        ColumnType type = ColumnType::null;
        std::uint16_t length = 0;
        std::uint8_t scale = 0;
        mysql::KeyKind kind = mysql::KeyKind::signed_integer;
        std::size_t fixed_length_bytes = 0;
        std::optional<std::string> encoded_default;
    };

    static const char* append_part(const Part& part, std::string_view bytes, std::string& out);

    std::vector<Part> parts_;
};

}  // namespace doppel::binlog
