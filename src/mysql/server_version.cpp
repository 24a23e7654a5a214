// SPDX-License-Identifier: Apache-2.0
#include "mysql/server_version.hpp"

#include <charconv>
#include <tuple>

#include <fmt/format.h>

namespace doppel::mysql {

base::Result<ServerVersion> ServerVersion::parse(std::string_view text) {
    ServerVersion version;
    if (text.find("MariaDB") != std::string_view::npos) {
        version.flavor = Flavor::mariadb;
        // MariaDB 10 and later announce "5.5.5-" first, so that old replicas accept them.
        constexpr std::string_view kPrefix = "5.5.5-";
        if (text.starts_with(kPrefix)) {
            text.remove_prefix(kPrefix.size());
        }
    }
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    for (unsigned* part : {&version.major, &version.minor, &version.patch}) {
        const auto [next, error] = std::from_chars(at, end, *part);
        const bool last = part == &version.patch;
        if (error != std::errc{} || (!last && (next == end || *next != '.'))) {
            return base::Failure{fmt::format("\"{}\" is not a server version", text), 0};
        }
        at = last ? next : next + 1;
    }
    return version;
}

bool ServerVersion::at_least(unsigned a, unsigned b, unsigned c) const {
    return std::tie(major, minor, patch) >= std::tie(a, b, c);
}

std::string ServerVersion::str() const {
    return fmt::format("{} {}.{}.{}", is_mariadb() ? "MariaDB" : "MySQL", major, minor, patch);
}

}  // namespace doppel::mysql
