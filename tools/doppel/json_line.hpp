// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/doppel/timestamp.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace doppel::cli {

using Json = nlohmann::ordered_json;

/// An object that begins with `event` and `time`, as all lines of `--json` do.
[[nodiscard]] Json json_event(const char* event, const WallClock& clock);
/// With a line end. Names and messages of the server may hold bytes that are no UTF-8; they are
/// replaced.
[[nodiscard]] std::string json_line(const Json& object);
[[nodiscard]] Json text_or_null(const std::string& text);
/// null when not `is_known`, or when JSON cannot tell the number.
[[nodiscard]] Json number_or_null(double value, bool is_known);

}  // namespace doppel::cli
