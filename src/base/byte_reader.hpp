// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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
    std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(little_endian(3)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
    std::uint64_t u64() { return little_endian(8); }

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
    [[nodiscard]] bool take(std::size_t count) noexcept;

    std::string_view bytes_;
    std::size_t position_ = 0;
    bool failed_ = false;
};

}  // namespace doppel::base
