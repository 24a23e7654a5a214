// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace doppel {

enum class LogLevel { debug, info, warning, error };

/// Where the library's log lines go. The library knows no logging library: the program that embeds
/// it passes a function. Thread rule: the sink is called from any thread, one call at a time per
/// caller; it must be thread-safe. Lines carry no secrets and no trailing newline.
class Logger final {
public:
    using Sink = std::function<void(LogLevel, std::string_view)>;

    /// A logger that drops everything.
    Logger() = default;
    Logger(LogLevel level, Sink sink) : level_(level), sink_(std::move(sink)) {}

    [[nodiscard]] bool enabled(LogLevel level) const { return sink_ && level >= level_; }

    template <class... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::debug, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::info, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warning(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::warning, format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::error, format, std::forward<Args>(args)...);
    }

private:
    template <class... Args>
    void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
        if (enabled(level)) {
            sink_(level, fmt::format(format, std::forward<Args>(args)...));
        }
    }

    LogLevel level_ = LogLevel::info;
    Sink sink_;
};

}  // namespace doppel
