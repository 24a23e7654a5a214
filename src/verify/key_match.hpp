// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "mysql/key_place.hpp"
#include "schema/table_definition.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace doppel::verify {

/// How the source's row and the shadow's are known to be the same row, by one column of the key:
/// in conditions, the source is `s` and the shadow `g`. A value.
struct KeyMatch {
    enum class Form {
        value,   ///< by `=`: the types may differ where the server compares them exactly
        number,  ///< ENUM and SET of different collations: by number
        padded,  ///< BINARY(n) that gets longer
        bytes,   ///< text whose charset or collation changes: by the bytes of the source's value
    };

    Form form = Form::value;
    mysql::KeyColumn column;    ///< as the source defines it
    mysql::KeyPlace place{""};  ///< in the shadow
    mysql::KeyColumn there;     ///< as the shadow defines it
    std::size_t digits = 0;     ///< after the point, of the source's numbers and times
    bool operator==(const KeyMatch&) const = default;
};

/// Requires that schema::place_in_shadow gave `place` for the columns.
[[nodiscard]] KeyMatch match_column(
    const schema::Column& source, const schema::Column& shadow, const mysql::KeyPlace& place
);

/// For joins that look the source's rows up in the shadow: an index of the shadow serves.
[[nodiscard]] std::string match_condition(const KeyMatch& match);
/// For joins that look the shadow's rows up in the source: the same, and an index of the source
/// serves.
[[nodiscard]] std::string reverse_match_condition(const KeyMatch& match);
/// The same for rows that were joined; false, not NULL, where one of them is missing.
[[nodiscard]] std::string matched_condition(const KeyMatch& match);
/// What two rows of the shadow have in common that match the same row.
[[nodiscard]] std::string identity(const KeyMatch& match);

/// The value that the shadow's row has, in the source's charset, as text; NULL where that has no
/// such characters.
[[nodiscard]] std::string shadow_value(const KeyMatch& match);
/// That text as it is written for the source's column, for KeyShape::encode_text: "5.00" is 5 and
/// "2024-01-01 00:00:00.00" a DATE. Nothing for a value that the source's column cannot have.
[[nodiscard]] std::optional<std::string> spelled_for_source(
    const KeyMatch& match, const std::string& text
);

}  // namespace doppel::verify
