// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "doppel/control.hpp"
#include "doppel/error.hpp"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace doppel::control {

using Json = nlohmann::ordered_json;

/// A request or an answer is one JSON object on one line.
inline constexpr std::size_t kRequestBytesMax = 8 * 1024;
inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;

/// With a line end.
[[nodiscard]] std::string to_line(const ControlRequest& request);
[[nodiscard]] base::Result<ControlRequest> parse_request(std::string_view line);

/// What a run answers.
struct Answer {
    bool ok = true;
    Errc code = Errc::failed;  ///< unless `ok`: usage, refused or failed
    std::string message;
    Json details = Json::object();
};
[[nodiscard]] Answer done(std::string message);
[[nodiscard]] Answer refused(Errc code, std::string message);

/// With a line end.
[[nodiscard]] std::string to_line(const Answer& answer);
[[nodiscard]] base::Result<Answer> parse_answer(std::string_view line);

}  // namespace doppel::control
