// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "doppel/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace doppel::wire {

/// First byte of the server's generic answers (MySQL Internals, "Generic Response Packets").
inline constexpr std::uint8_t kOkHeader = 0x00;
inline constexpr std::uint8_t kEofHeader = 0xfe;
inline constexpr std::uint8_t kErrHeader = 0xff;

/// SERVER_MORE_RESULTS_EXISTS of the status word.
inline constexpr std::uint16_t kStatusMoreResults = 0x0008;

/// An OK packet; with CLIENT_DEPRECATE_EOF also the one that ends a result set.
struct OkPacket {
    std::uint64_t affected_rows = 0;
    std::uint64_t last_insert_id = 0;
    std::uint16_t status = 0;
    std::uint16_t warnings = 0;
};

/// An EOF packet of the form used without CLIENT_DEPRECATE_EOF, and by the end of a binlog dump.
struct EofPacket {
    std::uint16_t warnings = 0;
    std::uint16_t status = 0;
};

/// An ERR packet. `message` is the server's text made printable; never empty.
struct ErrPacket {
    ServerError error;
    std::string message;

    /// "Access denied .. (error 1045, SQLSTATE 28000)"
    [[nodiscard]] std::string str() const;
};

[[nodiscard]] bool is_ok(std::string_view payload) noexcept;
[[nodiscard]] bool is_err(std::string_view payload) noexcept;
/// True for the short EOF packet; a row never looks like one.
[[nodiscard]] bool is_eof(std::string_view payload) noexcept;

/// Accepts the headers 0x00 and 0xfe; session-tracking data behind the fixed part is ignored.
[[nodiscard]] base::Result<OkPacket> parse_ok(std::string_view payload);
[[nodiscard]] base::Result<EofPacket> parse_eof(std::string_view payload);
/// With or without a SQLSTATE: a server that refuses before the greeting sends none.
[[nodiscard]] base::Result<ErrPacket> parse_err(std::string_view payload);

/// What a server's error number means for a connection: Errc::interrupted where the session or the
/// server is going away or is short of connections, otherwise `otherwise`.
[[nodiscard]] Errc classify(const ServerError& error, Errc otherwise) noexcept;

/// `text` for a message: cut to `max_bytes`, control bytes replaced by '?'.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes);

}  // namespace doppel::wire
