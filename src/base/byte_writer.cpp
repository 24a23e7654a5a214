// SPDX-License-Identifier: Apache-2.0
#include "base/byte_writer.hpp"

namespace doppel::base {

ByteWriter& ByteWriter::little_endian(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        buffer_.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    }
    return *this;
}

ByteWriter& ByteWriter::big_endian(std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i > 0; --i) {
        buffer_.push_back(static_cast<char>((value >> (8 * (i - 1))) & 0xff));
    }
    return *this;
}

ByteWriter& ByteWriter::length_encoded(std::uint64_t value) {
    if (value < 0xfb) {
        return u8(static_cast<std::uint8_t>(value));
    }
    if (value <= 0xffff) {
        return u8(0xfc).little_endian(value, 2);
    }
    if (value <= 0xffffff) {
        return u8(0xfd).little_endian(value, 3);
    }
    return u8(0xfe).little_endian(value, 8);
}

ByteWriter& ByteWriter::length_encoded_string(std::string_view text) {
    return length_encoded(text.size()).bytes(text);
}

ByteWriter& ByteWriter::nul_terminated(std::string_view text) {
    return bytes(text).u8(0);
}

ByteWriter& ByteWriter::bytes(std::string_view text) {
    buffer_.append(text);
    return *this;
}

ByteWriter& ByteWriter::zeros(std::size_t count) {
    buffer_.append(count, '\0');
    return *this;
}

}  // namespace doppel::base
