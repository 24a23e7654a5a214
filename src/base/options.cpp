// SPDX-License-Identifier: Apache-2.0
#include "doppel/options.hpp"

#include <fmt/format.h>

namespace doppel {

std::string ServerAddress::str() const {
    const std::uint16_t number = port == 0 ? std::uint16_t{3306} : port;
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return is_ipv6 ? fmt::format("[{}]:{}", host, number) : fmt::format("{}:{}", host, number);
}

ConnectionOptions ConnectionOptions::at(const ServerAddress& member) const {
    ConnectionOptions one = *this;
    one.members.clear();
    one.socket.clear();
    one.host = member.host;
    one.port = member.port;
    return one;
}

bool ConnectionOptions::uses_socket() const {
    return !socket.empty();
}

std::string ConnectionOptions::describe() const {
    if (!members.empty()) {
        std::string list;
        for (const ServerAddress& member : members) {
            list += (list.empty() ? "" : ",") + member.str();
        }
        return fmt::format("{}@{}", user, list);
    }
    if (uses_socket()) {
        return fmt::format("{}@{}", user, socket);
    }
    return fmt::format("{}@{}:{}", user, host, effective_port());
}

}  // namespace doppel
