// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/spdlog_sink.hpp"

#include <memory>
#include <mutex>
#include <string_view>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

namespace doppel::cli {

namespace {

/// Not one of spdlog's own sinks: a log line must step around the progress line.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit ConsoleSink(Console& console) : console_(console) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        console_.log_line(std::string_view(text.data(), text.size()));
    }
    void flush_() override {}

private:
    Console& console_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

Logger make_logger(LogLevel level, Console& console) {
    auto logger =
        std::make_shared<spdlog::logger>("doppel", std::make_shared<ConsoleSink>(console));
    logger->set_level(spdlog_level(level));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l: %v", spdlog::pattern_time_type::utc, ""
    ));
    return Logger(level, [logger](LogLevel line_level, std::string_view text) {
        const std::string line = printable(text);
        logger->log(spdlog_level(line_level), spdlog::string_view_t(line.data(), line.size()));
    });
}

}  // namespace doppel::cli
