// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace doppel::mysql {

/// A place in one server's binlog: file name and byte offset. Only comparable for equality; order
/// of files is by their numeric suffix and known to the server alone.
struct FileOffset {
    std::string file;
    std::uint64_t offset = 4;  ///< 4: right behind the magic number

    /// "binlog.000012:4567"
    [[nodiscard]] std::string str() const;
    static base::Result<FileOffset> parse(std::string_view text);
    bool operator==(const FileOffset&) const = default;
};

}  // namespace doppel::mysql
