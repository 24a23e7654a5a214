// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/table_definition.hpp"

#include <string>

namespace doppel::schema {

/// How a value is selected from the source so that INSERT .. SELECT makes of it what a native ALTER
/// makes. The server itself converts by other rules in an INSERT: by the type of the value, not by
/// that of the new column (sql/field_conv.cc, field_conv_slow against Copy_field::get_copy_func).
/// So a FLOAT 0.1 becomes the text '0.10000000149011612', an INT 2 the second value of an ENUM and
/// not the one that is written "2", and the text '5' becomes the BIT value of the letter 5.
enum class Conversion {
    none,        ///< the same by both rules
    as_text,     ///< numbers that become text, ENUM, SET, JSON or dates, JSON that becomes a number
    as_integer,  ///< text, JSON and DATE that become BIT
    rounded,     ///< FLOAT and DOUBLE that become BIT or YEAR
    as_number,   ///< DATE that becomes YEAR, which a native ALTER finds out of range
    as_bytes,  ///< binary strings and vectors that become ASCII text: an INSERT from a column into
               ///< a TEXT takes bytes over that are none
};

[[nodiscard]] Conversion conversion_of(const Column& source, const Column& shadow);

/// `expression` of the source's type, converted.
[[nodiscard]] std::string convert(Conversion conversion, const std::string& expression);

}  // namespace doppel::schema
