// SPDX-License-Identifier: Apache-2.0
#include "mysql/serialization.hpp"

namespace doppel::mysql {

std::uint64_t read_varlen_unsigned(base::ByteReader& reader) {
    const std::uint8_t first = reader.u8();
    unsigned trailing_ones = 0;
    while (trailing_ones < 8 && ((first >> trailing_ones) & 1U) != 0) {
        ++trailing_ones;
    }
    if (trailing_ones == 8) {
        return reader.u64();
    }
    const std::uint64_t high = trailing_ones == 0 ? 0 : reader.little_endian(trailing_ones);
    if (!reader.ok()) {
        return 0;
    }
    return (high << (7 - trailing_ones)) | (std::uint64_t{first} >> (trailing_ones + 1));
}

std::int64_t read_varlen_signed(base::ByteReader& reader) {
    const std::uint64_t coded = read_varlen_unsigned(reader);
    const std::uint64_t magnitude = coded >> 1;
    return static_cast<std::int64_t>((coded & 1) != 0 ? ~magnitude : magnitude);
}

}  // namespace doppel::mysql
