// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/quantity.hpp"

namespace doppel::cli {

using base::format_duration;
using base::parse_byte_size;
using base::parse_count;
using base::parse_duration;
using base::parse_switch;

}  // namespace doppel::cli
