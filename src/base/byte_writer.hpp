// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace doppel::base {

/// Appends protocol integers and strings to a growing buffer.
class ByteWriter final {
public:
    ByteWriter& little_endian(std::uint64_t value, std::size_t width);
    ByteWriter& big_endian(std::uint64_t value, std::size_t width);
    ByteWriter& u8(std::uint8_t value) { return little_endian(value, 1); }
    ByteWriter& u16(std::uint16_t value) { return little_endian(value, 2); }
    ByteWriter& u24(std::uint32_t value) { return little_endian(value, 3); }
    ByteWriter& u32(std::uint32_t value) { return little_endian(value, 4); }
    ByteWriter& u64(std::uint64_t value) { return little_endian(value, 8); }
    ByteWriter& length_encoded(std::uint64_t value);
    ByteWriter& length_encoded_string(std::string_view text);
    ByteWriter& nul_terminated(std::string_view text);
    ByteWriter& bytes(std::string_view text);
    ByteWriter& zeros(std::size_t count);

    [[nodiscard]] const std::string& str() const& { return buffer_; }
    [[nodiscard]] std::string str() && { return std::move(buffer_); }

private:
    std::string buffer_;
};

}  // namespace doppel::base
