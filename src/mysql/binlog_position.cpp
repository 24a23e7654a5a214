// SPDX-License-Identifier: Apache-2.0
#include "mysql/binlog_position.hpp"

#include <charconv>

#include <fmt/format.h>

namespace doppel::mysql {

std::string FileOffset::str() const {
    return fmt::format("{}:{}", file, offset);
}

base::Result<FileOffset> FileOffset::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    FileOffset position;
    if (colon != std::string_view::npos && colon > 0) {
        position.file = text.substr(0, colon);
        const char* const end = text.data() + text.size();
        const auto [next, error] = std::from_chars(text.data() + colon + 1, end, position.offset);
        if (error == std::errc{} && next == end) {
            return position;
        }
    }
    return base::Failure{fmt::format("\"{}\" is not a binlog position (file:offset)", text), 0};
}

}  // namespace doppel::mysql
