// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_reader.hpp"

#include <cstdint>

namespace doppel::mysql {

// Integers of MySQL's serialization library (libs/mysql/serialization/readme.md, "Variable-length
// integers"): the number of trailing one bits of the first byte, plus one, is the length in bytes.

/// Fails the reader when the bytes end early.
[[nodiscard]] std::uint64_t read_varlen_unsigned(base::ByteReader& reader);
/// The sign is the lowest bit.
[[nodiscard]] std::int64_t read_varlen_signed(base::ByteReader& reader);

}  // namespace doppel::mysql
