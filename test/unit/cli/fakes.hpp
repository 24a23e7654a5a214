// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/common/system.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/doppel/output.hpp"
#include "tools/doppel/timestamp.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace doppel::cli {

/// An environment, files and a terminal made of maps.
class FakeSystem final : public System {
public:
    [[nodiscard]] std::optional<std::string> environment(const std::string& name) const override {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::make_optional(found->second);
    }
    [[nodiscard]] FileContent read_file(const std::string& path) const override {
        const auto found = files.find(path);
        if (found == files.end()) {
            return {};
        }
        return {FileContent::Status::ok, found->second, "", world_writable.count(path) > 0};
    }
    [[nodiscard]] std::optional<std::vector<std::string>> list_directory(const std::string& path
    ) const override {
        const auto found = directories.find(path);
        return found == directories.end() ? std::nullopt : std::make_optional(found->second);
    }
    [[nodiscard]] bool socket_exists(const std::string& path) const override {
        return sockets.count(path) > 0;
    }
    [[nodiscard]] std::string login_name() const override { return "operator"; }
    [[nodiscard]] std::optional<std::string> ask_password(const std::string& prompt) override {
        prompts.push_back(prompt);
        return typed_password;
    }

    std::map<std::string, std::string> variables;
    std::map<std::string, std::string> files;
    std::set<std::string> world_writable;
    std::map<std::string, std::vector<std::string>> directories;
    std::set<std::string> sockets;
    std::optional<std::string> typed_password;
    std::vector<std::string> prompts;
};

/// Keeps what was written.
class CapturedOutput final : public Output {
public:
    void write(Stream stream, std::string text, bool droppable) override {
        (stream == Stream::out ? out : err) += text;
        droppable_pieces += droppable ? 1U : 0U;
    }

    std::string out;
    std::string err;
    std::size_t droppable_pieces = 0;
};

/// 2026-01-02T03:04:05.006Z for ever.
inline WallClock stopped_clock() {
    return [] {
        return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'767'323'045'006));
    };
}

/// What the UsageError says that `action` throws; empty when it throws none.
template <class Action>
std::string usage_error(Action&& action) {
    try {
        std::forward<Action>(action)();
    } catch (const UsageError& error) {
        return error.what();
    }
    return {};
}

}  // namespace doppel::cli
