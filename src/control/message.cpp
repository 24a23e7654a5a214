// SPDX-License-Identifier: Apache-2.0
#include "control/message.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace doppel::control {
namespace {

constexpr std::array<std::pair<Errc, std::string_view>, 3> kCodes{
    {{Errc::usage, "usage"}, {Errc::refused, "refused"}, {Errc::failed, "failed"}}};

std::string line_of(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string_view name_of(Errc wanted) {
    for (const auto& [code, name] : kCodes) {
        if (code == wanted) {
            return name;
        }
    }
    return "failed";
}

Errc code_of(std::string_view wanted) {
    for (const auto& [code, name] : kCodes) {
        if (name == wanted) {
            return code;
        }
    }
    return Errc::failed;
}

base::Result<Json> object_of(std::string_view line) {
    Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) {
        return base::Failure{"this is no JSON object on one line"};
    }
    return object;
}

}  // namespace

std::string to_line(const ControlRequest& request) {
    Json object;
    object["command"] = request.command;
    if (!request.name.empty()) {
        object["name"] = request.name;
        object["value"] = request.value;
    }
    return line_of(object);
}

base::Result<ControlRequest> parse_request(std::string_view line) {
    const auto object = object_of(line);
    if (!object) {
        return object.failure();
    }
    ControlRequest request;
    for (const auto& [key, value] : object->items()) {
        if (!value.is_string()) {
            return base::Failure{fmt::format("{} is no text", key)};
        }
        if (key == "command") {
            request.command = value.get<std::string>();
        } else if (key == "name") {
            request.name = value.get<std::string>();
        } else if (key == "value") {
            request.value = value.get<std::string>();
        } else {
            return base::Failure{fmt::format("there is no field {}", key)};
        }
    }
    if (request.command.empty()) {
        return base::Failure{"the command is missing"};
    }
    return request;
}

Answer done(std::string message) {
    Answer answer;
    answer.message = std::move(message);
    return answer;
}

Answer refused(Errc code, std::string message) {
    Answer answer;
    answer.ok = false;
    answer.code = code;
    answer.message = std::move(message);
    return answer;
}

std::string to_line(const Answer& answer) {
    Json object;
    object["ok"] = answer.ok;
    if (!answer.ok) {
        object["code"] = name_of(answer.code);
    }
    object["message"] = answer.message;
    object.update(answer.details);
    return line_of(object);
}

base::Result<Answer> parse_answer(std::string_view line) {
    const auto object = object_of(line);
    if (!object) {
        return object.failure();
    }
    try {
        Answer answer;
        answer.ok = object->at("ok").get<bool>();
        answer.code = code_of(object->value("code", "failed"));
        answer.message = object->at("message").get<std::string>();
        answer.details = *object;
        return answer;
    } catch (const Json::exception& error) {
        return base::Failure{error.what()};
    }
}

}  // namespace doppel::control
