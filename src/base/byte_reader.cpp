// SPDX-License-Identifier: Apache-2.0
#include "base/byte_reader.hpp"

namespace doppel::base {

std::uint64_t ByteReader::little_endian(std::size_t width) {
    if (width > 8 || !take(width)) {
        failed_ = true;
        return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        const auto byte = static_cast<unsigned char>(bytes_[position_ - width + i]);
        value |= std::uint64_t{byte} << (8 * i);
    }
    return value;
}

std::uint64_t ByteReader::big_endian(std::size_t width) {
    if (width > 8 || !take(width)) {
        failed_ = true;
        return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        value = (value << 8) | static_cast<unsigned char>(bytes_[position_ - width + i]);
    }
    return value;
}

std::uint64_t ByteReader::length_encoded() {
    const std::uint8_t first = u8();
    if (first < 0xfb) {
        return first;
    }
    switch (first) {
        case 0xfc:
            return little_endian(2);
        case 0xfd:
            return little_endian(3);
        case 0xfe:
            return little_endian(8);
        default:
            failed_ = true;
            return 0;
    }
}

std::string_view ByteReader::length_encoded_string() {
    const std::uint64_t length = length_encoded();
    if (length > remaining()) {
        failed_ = true;
        return {};
    }
    return bytes(static_cast<std::size_t>(length));
}

std::string_view ByteReader::nul_terminated() {
    if (failed_) {
        return {};
    }
    const auto end = bytes_.find('\0', position_);
    if (end == std::string_view::npos) {
        failed_ = true;
        return {};
    }
    const auto text = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return text;
}

std::string_view ByteReader::bytes(std::size_t count) {
    if (!take(count)) {
        return {};
    }
    return bytes_.substr(position_ - count, count);
}

}  // namespace doppel::base
