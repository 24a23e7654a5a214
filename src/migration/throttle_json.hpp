// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/message.hpp"
#include "doppel/throttle.hpp"

namespace doppel::migration {

/// As a run tells it over its socket. `from_json` takes what is missing for nothing.
[[nodiscard]] control::Json to_json(const ThrottleState& state);
[[nodiscard]] ThrottleState throttle_from_json(const control::Json& object);

}  // namespace doppel::migration
