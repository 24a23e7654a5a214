// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/console.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";
constexpr std::size_t kColumnsDefault = 80;

/// Cuts UTF-8 between characters. A character counts as one column.
std::string_view cut(std::string_view text, std::size_t columns) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool continuation = (static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U;
        if (!continuation && ++used > columns) {
            return text.substr(0, i);
        }
    }
    return text;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        if (byte == '\n') {
            out += "\n    ";
        } else if (code < 0x20 || code == 0x7f) {
            out += fmt::format("\\x{:02x}", code);
        } else {
            out.push_back(byte);
        }
    }
    return out;
}

Console::Console(Output& output, bool interactive, Columns columns)
    : output_(output), interactive_(interactive), columns_(std::move(columns)) {}

void Console::progress(std::string_view text) {
    if (!interactive_) {
        return;
    }
    const std::size_t columns = columns_();
    const std::lock_guard lock(mutex_);
    // The last column stays free: some terminals wrap as soon as it is written.
    shown_ = std::string(cut(text, (columns == 0 ? kColumnsDefault : columns) - 1));
    output_.write(Stream::out, fmt::format("{}{}", kEraseLine, shown_), true);
}

void Console::end_progress() {
    const std::lock_guard lock(mutex_);
    if (!shown_.empty()) {
        output_.write(Stream::out, std::string(kEraseLine), false);
        shown_.clear();
    }
}

void Console::write(Stream stream, std::string_view text, bool droppable) {
    const std::lock_guard lock(mutex_);
    if (shown_.empty()) {
        output_.write(stream, fmt::format("{}\n", text), droppable);
        return;
    }
    output_.write(Stream::out, std::string(kEraseLine), droppable);
    output_.write(stream, fmt::format("{}\n", text), droppable);
    output_.write(Stream::out, shown_, true);
}

}  // namespace doppel::cli
