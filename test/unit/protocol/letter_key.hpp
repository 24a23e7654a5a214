// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"

#include <string>

namespace doppel::protocol {

inline mysql::Key letter_key(char c) {
    return mysql::Key{std::string(1, c)};
}

}  // namespace doppel::protocol
