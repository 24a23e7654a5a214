// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/message.hpp"
#include "doppel/control.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace doppel::control {

/// Asks the run behind the socket; blocks for `limit` at most. Nothing: nobody listens there.
/// Throws Error(failed) when somebody does, but gives no answer, or none that can be read, and
/// Error(refused) when this user may not connect.
[[nodiscard]] std::optional<Answer> ask(
    const std::string& path, const ControlRequest& request, std::chrono::milliseconds limit
);

}  // namespace doppel::control
