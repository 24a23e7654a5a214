// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace doppel::base {

/// A bounded cursor over bytes that came from outside. Every read checks first; the first read that
/// does not fit makes the cursor fail for good: it then returns zeros and empty views and `ok()` is
/// false. So a decoder may read a whole structure and check once, but must check before it loops or
/// allocates by a number it read. Does not own the bytes; views stay valid as long as they do.
class ByteReader final {
public:
    explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] bool ok() const noexcept { return !failed_; }
    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    [[nodiscard]] std::size_t remaining() const noexcept {
        return failed_ ? 0 : bytes_.size() - position_;
    }
    [[nodiscard]] bool at_end() const noexcept { return remaining() == 0; }

    /// Unsigned little-endian integer of `width` bytes, 1..8.
    std::uint64_t little_endian(std::size_t width);
    /// Unsigned big-endian integer of `width` bytes, 1..8.
    std::uint64_t big_endian(std::size_t width);
    std::uint8_t u8() { return fixed<std::uint8_t>(); }
    std::uint16_t u16() { return fixed<std::uint16_t>(); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(little_endian(3)); }
    std::uint32_t u32() { return fixed<std::uint32_t>(); }
    std::uint64_t u64() { return fixed<std::uint64_t>(); }

    /// Length-encoded integer of the client protocol. NULL (0xfb) and 0xff fail.
    std::uint64_t length_encoded();
    /// String with a length-encoded length before it.
    std::string_view length_encoded_string();
    /// Bytes up to a NUL; the NUL is consumed and not part of the view. Fails without a NUL.
    std::string_view nul_terminated();
    std::string_view bytes(std::size_t count);
    void skip(std::size_t count) { (void)bytes(count); }
    /// Everything that is left.
    std::string_view rest() { return bytes(remaining()); }
    void fail() noexcept { failed_ = true; }

private:
    [[nodiscard]] bool take(std::size_t count) noexcept {
        if (failed_ || bytes_.size() - position_ < count) {
            failed_ = true;
            return false;
        }
        position_ += count;
        return true;
    }

    /// Headers are read for every event there is, so the common widths are one load.
    template <class Unsigned>
    Unsigned fixed() noexcept {
        if (!take(sizeof(Unsigned))) {
            return 0;
        }
        const char* const from = bytes_.data() + position_ - sizeof(Unsigned);
        Unsigned value = 0;
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(&value, from, sizeof(Unsigned));
        } else {
            for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
                const auto byte = static_cast<Unsigned>(static_cast<unsigned char>(from[i]));
                value = static_cast<Unsigned>(value | static_cast<Unsigned>(byte << (8 * i)));
            }
        }
        return value;
    }

    std::string_view bytes_;
    std::size_t position_ = 0;
    bool failed_ = false;
};

}  // namespace doppel::base
