// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace doppel::wire {

/// Capability flags of the client protocol that matter here (MySQL Internals, "Capabilities Flags";
/// include/mysql_com.h). Values are bits of a 32-bit word.
namespace capability {
/// MariaDB calls this bit CLIENT_MYSQL and leaves it out of its greeting.
inline constexpr std::uint32_t kLongPassword = 1u << 0;
inline constexpr std::uint32_t kLongFlag = 1u << 2;
inline constexpr std::uint32_t kConnectWithSchema = 1u << 3;
inline constexpr std::uint32_t kProtocol41 = 1u << 9;
inline constexpr std::uint32_t kTls = 1u << 11;
inline constexpr std::uint32_t kTransactions = 1u << 13;
inline constexpr std::uint32_t kSecureConnection = 1u << 15;
inline constexpr std::uint32_t kPluginAuth = 1u << 19;
inline constexpr std::uint32_t kConnectAttributes = 1u << 20;
inline constexpr std::uint32_t kPluginAuthLengthEncoded = 1u << 21;
inline constexpr std::uint32_t kDeprecateEof = 1u << 24;
}  // namespace capability

}  // namespace doppel::wire
