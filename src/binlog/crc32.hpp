// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace doppel::binlog {

/// The CRC32 of binlog events, which is zlib's. `start` is the checksum of what comes before
/// `bytes`; 0: nothing. Uses the processor's carry-less multiplication where it has one: every byte
/// that the server sends is checked, and most of them are for nobody.
[[nodiscard]] std::uint32_t crc32_of(std::string_view bytes, std::uint32_t start = 0) noexcept;

}  // namespace doppel::binlog
