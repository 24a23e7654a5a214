// SPDX-License-Identifier: Apache-2.0
#include "wire/auth_dialogue.hpp"
#include "wire/capabilities.hpp"
#include "wire/packet.hpp"
#include "wire/text_result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace {

using namespace doppel;

constexpr std::size_t kMaxPacketBytes = 1 << 20;

/// A small buffer, so that compaction and growth are reached by short inputs.
constexpr std::size_t kBufferBytes = 64;

template <class Consume>
void for_each_packet(std::string_view input, Consume consume) {
    wire::PacketFramer framer(kBufferBytes);
    while (!input.empty()) {
        const auto space = framer.space();
        const std::size_t count = std::min(space.size, input.size());
        std::memcpy(space.data, input.data(), count);
        framer.commit(count);
        input.remove_prefix(count);
        auto frame = framer.next(kMaxPacketBytes);
        for (; frame.status == wire::FrameStatus::packet; frame = framer.next(kMaxPacketBytes)) {
            if (!consume(frame.payload)) {
                return;
            }
        }
        if (frame.status != wire::FrameStatus::need_more) {
            return;
        }
    }
}

void authenticate(std::string_view input, std::uint8_t choice) {
    wire::AuthSettings settings;
    settings.user = "user";
    settings.password = wire::Secret((choice & 1) != 0 ? "password" : "");
    settings.tls = (choice & 2) != 0 ? wire::TlsUse::when_offered : wire::TlsUse::never;
    settings.private_channel = (choice & 4) != 0;
    settings.request_public_key = true;
    wire::AuthDialogue dialogue(std::move(settings));
    for_each_packet(input, [&](std::string_view packet) {
        auto action = dialogue.on_packet(packet);
        if (action.step == wire::AuthStep::start_tls) {
            action = dialogue.on_tls_started();
        }
        return action.step != wire::AuthStep::failed && action.step != wire::AuthStep::done;
    });
}

void read_result(std::string_view input, std::uint8_t choice) {
    const std::uint32_t flags = (choice & 1) != 0 ? wire::capability::kDeprecateEof : 0;
    wire::TextResult result(flags, kMaxPacketBytes);
    for_each_packet(input, [&](std::string_view packet) {
        const auto step = result.on_packet(packet);
        return step.ok() && *step == wire::TextResult::Step::read;
    });
}

}  // namespace

/// First byte: what to read and how; the rest: what a server sends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::uint8_t choice = data[0];
    if ((choice & 0x80) != 0) {
        read_result(input, choice);
    } else {
        authenticate(input, choice);
    }
    return 0;
}
