// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace doppel::wire {

/// The longest payload one frame carries; a frame of exactly this size is followed by another part
/// of the same packet (MySQL Internals, "MySQL Packets"; include/mysql_com.h, MAX_PACKET_LENGTH).
inline constexpr std::size_t kMaxFramePayloadBytes = 0xffffff;
inline constexpr std::size_t kFrameHeaderBytes = 4;

/// The bytes to send for one packet: split into frames, numbered from `sequence` on, which is left
/// at the number after the last frame. A Secret, because authentication packets pass here.
[[nodiscard]] Secret frame_packet(std::string_view payload, std::uint8_t& sequence);

enum class FrameStatus {
    need_more,     ///< fill `space()` and ask again
    packet,        ///< `payload` holds a whole packet
    too_large,     ///< the packet exceeds the caller's limit; the stream cannot go on
    out_of_order,  ///< a frame's number is not the expected one; the stream cannot go on
};

struct Frame {
    FrameStatus status = FrameStatus::need_more;
    std::string_view payload;
};

/// Where received bytes are put.
struct Space {
    char* data = nullptr;
    std::size_t size = 0;
};

/// Cuts a byte stream into packets inside one receive buffer, so that one large read serves many
/// packets and none of them is copied. Packets longer than the buffer make it grow, by what really
/// arrived and never by what a header claims; it shrinks back afterwards (four times the size may
/// stay). Parts of 16 MiB - 1 are joined in place. Used by one thread.
///
/// Frames are numbered modulo 256 and both sides count on one counter, which a command resets. An
/// ERR packet is accepted with any number: a server that ends an idle session sends one unasked.
class PacketFramer final {
public:
    /// `buffer_bytes`: size of one read, and of the memory held between long packets. At least 64.
    explicit PacketFramer(std::size_t buffer_bytes = std::size_t{256} * 1024);

    /// Free room of at least a quarter of the buffer size. Ends the validity of all views given
    /// out.
    [[nodiscard]] Space space();
    /// `count` bytes of the last space() were filled. Requires count <= its size.
    void commit(std::size_t count) noexcept;

    /// The next packet of at most `max_bytes`. The view is valid until the next space().
    [[nodiscard]] Frame next(std::size_t max_bytes);

    /// Number expected in the next frame; also the number to send with.
    [[nodiscard]] std::uint8_t sequence() const noexcept { return sequence_; }
    void set_sequence(std::uint8_t sequence) noexcept { sequence_ = sequence; }
    /// Received bytes that belong to no packet given out yet.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept { return end_ - begin_; }
    [[nodiscard]] std::size_t capacity_bytes() const noexcept { return capacity_; }

private:
    [[nodiscard]] std::uint32_t frame_length(std::size_t at) const noexcept;
    [[nodiscard]] bool in_order(std::size_t at, std::size_t payload_bytes) const noexcept;
    void reallocate(std::size_t capacity);

    std::size_t initial_capacity_;
    std::size_t capacity_ = 0;
    std::unique_ptr<char[]> buffer_;
    std::size_t begin_ = 0;   ///< header of the first packet not given out
    std::size_t end_ = 0;     ///< behind the last received byte
    std::size_t joined_ = 0;  ///< payload of that packet joined from its earlier parts
    std::uint8_t sequence_ = 0;
};

}  // namespace doppel::wire
