// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/binlog_position.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace doppel::wire {

/// Command payloads, command byte first (MySQL Internals, "Command Phase" and "Replication
/// Protocol"; server: sql/rpl_source.cc).

[[nodiscard]] std::string com_quit();
/// `statement` is UTF-8, as the handshake announces.
[[nodiscard]] std::string com_query(std::string_view statement);

/// Makes the dump visible in SHOW REPLICAS. Answered by OK. Needs REPLICATION SLAVE.
struct ReplicaRegistration {
    std::uint32_t server_id = 0;  ///< not 0, unique in the topology
    std::string_view host;        ///< reported; at most 255 bytes, longer is cut
    std::uint16_t port = 0;       ///< reported; 0 for none
};
[[nodiscard]] std::string com_register_replica(const ReplicaRegistration& registration);

/// Flag of both dump commands (server: BINLOG_DUMP_NON_BLOCK).
inline constexpr std::uint16_t kDumpNonBlocking = 0x01;  ///< EOF at the end of the binlog

/// COM_BINLOG_DUMP. Fails for an offset of 4 GiB or more, which the command cannot express: use
/// com_binlog_dump_gtid there.
[[nodiscard]] base::Result<std::string> com_binlog_dump(
    const mysql::FileOffset& from, std::uint32_t server_id, std::uint16_t flags = 0
);

/// COM_BINLOG_DUMP_GTID (MySQL only). `gtid_set` is the executed set in the server's binary
/// encoding (Gtid_set::encode): every transaction outside it is sent, from whatever file holds it.
[[nodiscard]] std::string com_binlog_dump_gtid(
    std::string_view gtid_set, std::uint32_t server_id, std::uint16_t flags = 0
);

}  // namespace doppel::wire
