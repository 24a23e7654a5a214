// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "mysql/key_place.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::mysql {

/// One SQL expression per column whose textual result `shape.encode_text` understands, read in the
/// shadow's columns. Where the ALTER gives a column another type the value is written as the
/// source's type writes it: 7.00 of a DECIMAL(10,2) as the 7 of the INT it was, text in its
/// former character set, BINARY without the new padding. So keys of both tables are the same bytes.
/// `qualifier` is put before each column ("g.") and may be empty.
[[nodiscard]] std::vector<std::string> select_shadow_key(
    const KeyShape& shape, const KeyPlaces& shadow_key, std::string_view qualifier
);

}  // namespace doppel::mysql
