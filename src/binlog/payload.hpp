// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "binlog/event.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::binlog {

/// Gives the events inside a TRANSACTION_PAYLOAD_EVENT one by one; holds one of them in memory, not
/// the whole transaction. (libs/mysql/binlog/event/control_events.h: Transaction_payload_event;
/// fields: codecs/binary.cpp.) Not thread-safe.
class PayloadReader final {
public:
    ~PayloadReader();
    PayloadReader(PayloadReader&&) noexcept;
    PayloadReader& operator=(PayloadReader&&) noexcept;

    /// `body` must outlive the reader. Fails on an unknown compression.
    static base::Result<PayloadReader> open(std::string_view body);

    /// The next inner event, valid until the next call; nothing at the end. Inner events have no
    /// checksum. Allocates no more than what was really decompressed.
    base::Result<std::optional<Event>> next();

private:
    struct Decompressor;

    PayloadReader();
    /// The next `bytes` bytes, or fewer where the data ends or is malformed (see failure_).
    std::string_view available(std::size_t bytes);

    std::string_view compressed_;
    std::size_t consumed_ = 0;
    std::unique_ptr<Decompressor> zstd_;  ///< empty: not compressed
    std::string buffer_;
    std::size_t begin_ = 0;  ///< of what was not given out yet
    std::optional<base::Failure> failure_;
};

/// Inflates the rows or text of a compressed event of MariaDB (sql/log_event.cc:
/// binlog_buf_uncompress) into `out`. Fails above `bytes_max` of output.
[[nodiscard]] std::optional<base::Failure> inflate_mariadb(
    std::string_view compressed, std::size_t bytes_max, std::string& out
);

}  // namespace doppel::binlog
