// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace doppel::load {

struct PrepareOptions {
    std::string table;
    std::string twin;  ///< empty: none
    std::uint64_t rows = 0;
    unsigned secondary_indexes = 1;  ///< 0..4
    unsigned threads = 4;            ///< 1..64
    bool replace = false;            ///< drop tables of these names first
};

struct RunOptions {
    std::string table;
    std::string twin;      ///< empty: none
    unsigned threads = 8;  ///< 1..1,000
    double rate = 0;       ///< transactions per second over all threads; 0: unlimited
    std::optional<std::chrono::milliseconds> duration;  ///< nothing: until a signal
    std::optional<std::uint64_t> seed;                  ///< nothing: a new one from the clock
    std::string json_file;                              ///< empty: none
    std::chrono::milliseconds stats_interval{1'000};    ///< at least 10 ms
};

struct CompareOptions {
    std::string table;
    std::string with_table;
    ConnectionOptions with_connection;  ///< where `with_table` is
    std::uint64_t chunk_rows = 50'000;  ///< 1..10,000,000
    bool snapshot = false;              ///< both tables in one consistent snapshot of one session
    bool rows_only = false;             ///< do not compare the definitions
};

struct HelpOptions {};

struct CommandLine {
    ConnectionOptions connection;
    std::variant<HelpOptions, PrepareOptions, RunOptions, CompareOptions> command;
};

/// `arguments` without the program's name. The password comes from MYSQL_PWD. Throws
/// cli::UsageError.
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& arguments);

[[nodiscard]] std::string help_text();

}  // namespace doppel::load
