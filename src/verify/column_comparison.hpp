// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "schema/table_definition.hpp"

#include <string>

namespace doppel::verify {

/// How two values are compared so that every bit counts.
enum class Form {
    value,     ///< as the type compares: integers, decimals, dates, binary strings
    floating,  ///< by value, and -0 is not 0
    bytes,     ///< text, spatial and vector values: the bytes, trailing spaces included
    text,      ///< the same of text whose charset has a collation by bytes: no copy is made of it
    bytes_in,  ///< text of another charset: the bytes after a lossless conversion
    number,    ///< ENUM, SET and BIT: the number, not the label
    instant,   ///< TIMESTAMP: the point in time, also when clocks are set back
    json,      ///< by type and text, so that 1 is not 1.0
};

struct ColumnComparison {
    Form form = Form::value;
    std::string charset;  ///< of text and bytes_in: the shadow's
    /// The statement changes the type in a way that only the server can follow: it converts the
    /// source's value first, and the result is compared in the shadow's type.
    bool converted = false;
    bool operator==(const ColumnComparison&) const = default;
};

/// How a column is compared with the one it was copied to. Fails for types that are not known.
/// Pure.
[[nodiscard]] base::Result<ColumnComparison> compare_columns(
    const schema::Column& source, const schema::Column& shadow
);

/// An SQL expression of the bytes of one.
[[nodiscard]] std::string as_bytes(const std::string& value);

/// An SQL condition that is never NULL: true exactly when both values are the same. `source` and
/// `shadow` are column references.
[[nodiscard]] std::string equal_condition(
    const ColumnComparison& comparison, const std::string& source, const std::string& shadow
);

}  // namespace doppel::verify
