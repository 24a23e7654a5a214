// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/key.hpp"
#include "mysql/key_place.hpp"
#include "schema/table_definition.hpp"

#include <optional>
#include <string>

namespace doppel::schema {

/// Which types rows can be followed by, and which changes of a key column's type keep its values
/// one to one. All functions are pure.

/// Why no key can contain a column like this; nothing when one can.
[[nodiscard]] std::optional<std::string> unusable_as_key(const Column& column);

/// The column as part of a key. Requires a column that is usable.
[[nodiscard]] mysql::KeyColumn key_column(const Column& column);

/// How the source's column is found in the shadow's column that its values are copied to. Fails,
/// with the reason, when values may not survive the copying one to one, or when the server's
/// comparison could not be made to tell them apart as in the source: a row would then be taken for
/// another one.
[[nodiscard]] base::Result<mysql::KeyPlace> place_in_shadow(
    const Column& source, const Column& shadow
);

/// The place of the column in the source, given the one in the shadow.
[[nodiscard]] mysql::KeyPlace place_in_source(const Column& source, const mysql::KeyPlace& shadow);

}  // namespace doppel::schema
