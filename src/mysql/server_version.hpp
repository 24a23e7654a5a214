// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace doppel::mysql {

enum class Flavor { mysql, mariadb };

/// A server's version as `SELECT VERSION()` or its handshake gives it.
struct ServerVersion {
    Flavor flavor = Flavor::mysql;
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;

    /// Accepts "9.7.0", "8.4.3-commercial", "10.11.14-MariaDB-0+deb12u2" and MariaDB's replication
    /// prefix "5.5.5-10.11.14-MariaDB".
    static base::Result<ServerVersion> parse(std::string_view text);

    [[nodiscard]] bool is_mariadb() const { return flavor == Flavor::mariadb; }
    /// Compares numbers only; check the flavor first.
    [[nodiscard]] bool at_least(unsigned a, unsigned b, unsigned c = 0) const;
    [[nodiscard]] std::string str() const;
    auto operator<=>(const ServerVersion&) const = default;
};

}  // namespace doppel::mysql
