// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/load/pacer.hpp"

#include <chrono>

namespace doppel::load {

constexpr Instant ms(int count) {
    return std::chrono::milliseconds{count};
}

}  // namespace doppel::load
