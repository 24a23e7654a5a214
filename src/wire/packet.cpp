// SPDX-License-Identifier: Apache-2.0
#include "wire/packet.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace doppel::wire {

Secret frame_packet(std::string_view payload, std::uint8_t& sequence) {
    const std::size_t frames = payload.size() / kMaxFramePayloadBytes + 1;
    Secret out = Secret::of_size(payload.size() + frames * kFrameHeaderBytes);
    char* to = out.data();
    for (std::size_t i = 0; i < frames; ++i) {
        const auto part = payload.substr(0, kMaxFramePayloadBytes);
        payload.remove_prefix(part.size());
        *to++ = static_cast<char>(part.size() & 0xff);
        *to++ = static_cast<char>((part.size() >> 8) & 0xff);
        *to++ = static_cast<char>((part.size() >> 16) & 0xff);
        *to++ = static_cast<char>(sequence++);
        to = std::copy(part.begin(), part.end(), to);
    }
    return out;
}

PacketFramer::PacketFramer(std::size_t buffer_bytes)
    : initial_capacity_(std::max<std::size_t>(buffer_bytes, 64)) {
    reallocate(initial_capacity_);
}

void PacketFramer::reallocate(std::size_t capacity) {
    auto fresh = std::make_unique_for_overwrite<char[]>(capacity);
    if (end_ > begin_) {
        std::memcpy(fresh.get(), buffer_.get() + begin_, end_ - begin_);
    }
    buffer_ = std::move(fresh);
    capacity_ = capacity;
    end_ -= begin_;
    begin_ = 0;
}

Space PacketFramer::space() {
    const std::size_t held = end_ - begin_;
    const std::size_t wanted = initial_capacity_ / 4;
    if (capacity_ > 4 * initial_capacity_ && joined_ == 0 && held <= initial_capacity_ / 2) {
        reallocate(initial_capacity_);
    } else if (held == 0) {
        begin_ = end_ = 0;
    } else if (capacity_ - end_ < wanted) {
        // Moving half a buffer or less each time keeps the cost linear in the bytes received.
        if (held <= capacity_ / 2) {
            std::memmove(buffer_.get(), buffer_.get() + begin_, held);
            begin_ = 0;
            end_ = held;
        } else {
            reallocate(2 * capacity_);
        }
    }
    return {buffer_.get() + end_, capacity_ - end_};
}

void PacketFramer::commit(std::size_t count) noexcept {
    end_ += std::min(count, capacity_ - end_);
}

std::uint32_t PacketFramer::frame_length(std::size_t at) const noexcept {
    const auto byte = [&](std::size_t i) {
        return std::uint32_t{static_cast<unsigned char>(buffer_[at + i])};
    };
    return byte(0) | (byte(1) << 8) | (byte(2) << 16);
}

bool PacketFramer::in_order(std::size_t at, std::size_t payload_bytes) const noexcept {
    if (static_cast<std::uint8_t>(buffer_[at + 3]) == sequence_) {
        return true;
    }
    constexpr unsigned char kErr = 0xff;
    return joined_ == 0 && payload_bytes > 0 &&
           static_cast<unsigned char>(buffer_[at + kFrameHeaderBytes]) == kErr;
}

Frame PacketFramer::next(std::size_t max_bytes) {
    // One round per part: a round either returns or takes a frame of 16 MiB - 1 out of the buffer.
    while (true) {
        const std::size_t held = end_ - begin_;
        const std::size_t header = joined_ == 0 ? 0 : kFrameHeaderBytes + joined_;
        if (held < header + kFrameHeaderBytes) {
            return {};
        }
        const std::size_t length = frame_length(begin_ + header);
        if (joined_ + length > max_bytes) {
            return {FrameStatus::too_large, {}};
        }
        if (held < header + kFrameHeaderBytes + std::min<std::size_t>(length, 1)) {
            return {};
        }
        if (!in_order(begin_ + header, length)) {
            return {FrameStatus::out_of_order, {}};
        }
        if (held < header + kFrameHeaderBytes + length) {
            return {};
        }
        sequence_ = static_cast<std::uint8_t>(buffer_[begin_ + header + 3]);
        ++sequence_;
        if (header != 0) {
            char* const at = buffer_.get() + begin_ + header;
            std::memmove(at, at + kFrameHeaderBytes, held - header - kFrameHeaderBytes);
            end_ -= kFrameHeaderBytes;
        }
        joined_ += length;
        if (length == kMaxFramePayloadBytes) {
            continue;
        }
        const std::string_view payload(buffer_.get() + begin_ + kFrameHeaderBytes, joined_);
        begin_ += kFrameHeaderBytes + joined_;
        joined_ = 0;
        return {FrameStatus::packet, payload};
    }
}

}  // namespace doppel::wire
