// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace doppel::mysql {

/// A column of the key in one of the two tables. The ALTER may give it another name and another
/// type than the KeyColumn of the source has, as long as values map one to one; this says how a
/// value of the source's is found there.
struct KeyPlace {
    KeyPlace(std::string column) : name(std::move(column)) {}  // NOLINT: a name alone is a place
    KeyPlace(const char* column) : name(column) {}             // NOLINT: a name alone is a place

    std::string name;  ///< unquoted
    /// BINARY(n) that pads the source's values with NULs to n bytes; 0 when it does not.
    std::size_t padded_bytes = 0;
    /// Text whose charset or collation changes, so that the two tables differ in which values are
    /// equal: rows are then told apart by the bytes of the source's values, in both tables.
    bool bytewise = false;
    std::string charset;    ///< of this table's column, when bytewise
    std::string collation;  ///< of this table's column, when bytewise
    /// For ranges in the order of an index that has the column descending: they run down in it.
    bool descending = false;
    bool operator==(const KeyPlace&) const = default;
};

using KeyPlaces = std::vector<KeyPlace>;

}  // namespace doppel::mysql
