// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/json_line.hpp"

#include <cmath>

namespace doppel::cli {

Json json_event(const char* event, const WallClock& clock) {
    Json object;
    object["event"] = event == nullptr ? Json(nullptr) : Json(event);
    object["time"] = format_timestamp(clock());
    return object;
}

std::string json_line(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json number_or_null(double value, bool is_known) {
    return is_known && std::isfinite(value) ? Json(value) : Json(nullptr);
}

}  // namespace doppel::cli
