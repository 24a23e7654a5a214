// SPDX-License-Identifier: Apache-2.0
#include "doppel/options.hpp"

#include <fmt/format.h>

namespace doppel {

bool ConnectionOptions::uses_socket() const {
    return !socket.empty();
}

std::string ConnectionOptions::describe() const {
    if (uses_socket()) {
        return fmt::format("{}@{}", user, socket);
    }
    return fmt::format("{}@{}:{}", user, host, effective_port());
}

}  // namespace doppel
