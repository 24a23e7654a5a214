// SPDX-License-Identifier: Apache-2.0
#include "wire/response.hpp"

#include "base/byte_reader.hpp"

#include <fmt/format.h>

namespace doppel::wire {

namespace {

bool starts_with(std::string_view payload, std::uint8_t header) noexcept {
    return !payload.empty() && static_cast<std::uint8_t>(payload.front()) == header;
}

}  // namespace

bool is_ok(std::string_view payload) noexcept {
    return starts_with(payload, kOkHeader);
}

bool is_err(std::string_view payload) noexcept {
    return starts_with(payload, kErrHeader);
}

bool is_eof(std::string_view payload) noexcept {
    return starts_with(payload, kEofHeader) && payload.size() <= 5;
}

base::Result<OkPacket> parse_ok(std::string_view payload) {
    base::ByteReader reader(payload);
    const std::uint8_t header = reader.u8();
    OkPacket ok;
    ok.affected_rows = reader.length_encoded();
    ok.last_insert_id = reader.length_encoded();
    ok.status = reader.u16();
    ok.warnings = reader.u16();
    if (!reader.ok() || (header != kOkHeader && header != kEofHeader)) {
        return base::Failure{"malformed OK packet", reader.position()};
    }
    return ok;
}

base::Result<EofPacket> parse_eof(std::string_view payload) {
    base::ByteReader reader(payload);
    const std::uint8_t header = reader.u8();
    EofPacket eof;
    eof.warnings = reader.u16();
    eof.status = reader.u16();
    if (!reader.ok() || header != kEofHeader || !reader.at_end()) {
        return base::Failure{"malformed EOF packet", reader.position()};
    }
    return eof;
}

base::Result<ErrPacket> parse_err(std::string_view payload) {
    base::ByteReader reader(payload);
    const std::uint8_t header = reader.u8();
    ErrPacket err;
    err.error.number = reader.u16();
    if (!reader.ok() || header != kErrHeader) {
        return base::Failure{"malformed ERR packet", reader.position()};
    }
    constexpr std::size_t kSqlstateBytes = 6;
    if (payload.substr(reader.position(), 1) == "#") {
        err.error.sqlstate = printable(reader.bytes(kSqlstateBytes).substr(0, kSqlstateBytes), 6);
        if (!reader.ok()) {
            return base::Failure{"ERR packet with a cut SQLSTATE", reader.position()};
        }
        err.error.sqlstate.erase(0, 1);
    }
    constexpr std::size_t kMaxMessageBytes = 2048;
    err.message = printable(reader.rest(), kMaxMessageBytes);
    if (err.message.empty()) {
        err.message = "the server gave no text";
    }
    return err;
}

std::string ErrPacket::str() const {
    if (error.sqlstate.empty()) {
        return fmt::format("{} (error {})", message, error.number);
    }
    return fmt::format("{} (error {}, SQLSTATE {})", message, error.number, error.sqlstate);
}

Errc classify(const ServerError& error, Errc otherwise) noexcept {
    switch (error.number) {
        case 1040:  // ER_CON_COUNT_ERROR
        case 1053:  // ER_SERVER_SHUTDOWN
        case 1077:  // ER_NORMAL_SHUTDOWN
        case 1079:  // ER_SHUTDOWN_COMPLETE
        case 1080:  // ER_FORCING_CLOSE
        case 1152:  // ER_ABORTING_CONNECTION
        case 1158:  // ER_NET_READ_ERROR
        case 1159:  // ER_NET_READ_INTERRUPTED
        case 1160:  // ER_NET_ERROR_ON_WRITE
        case 1161:  // ER_NET_WRITE_INTERRUPTED
        case 1184:  // ER_NEW_ABORTING_CONNECTION
        case 1203:  // ER_TOO_MANY_USER_CONNECTIONS
        case 1226:  // ER_USER_LIMIT_REACHED
        case 1317:  // ER_QUERY_INTERRUPTED
        case 1927:  // ER_CONNECTION_KILLED of MariaDB
        case 3169:  // ER_SESSION_WAS_KILLED
        case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT
            return Errc::interrupted;
        default:
            return otherwise;
    }
}

std::string printable(std::string_view text, std::size_t max_bytes) {
    std::string out(text.substr(0, max_bytes));
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            c = '?';
        }
    }
    return out;
}

}  // namespace doppel::wire
