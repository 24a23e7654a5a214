// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "tools/common/system.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::cli {

/// One meaningful line of an option file (MySQL manual, "Using Option Files"). Group lines are not
/// entries; their name is in the entries that follow.
struct OptionFileEntry {
    enum class Kind { option, include, include_directory, unknown_directive };
    Kind kind = Kind::option;
    std::string group;                 ///< without brackets; of options
    std::string name;                  ///< as written; of options
    std::optional<std::string> value;  ///< unquoted and unescaped; the path of the includes
    std::size_t line = 0;              ///< from 1
};

/// The text of one option file. Failures are what the mysql client refuses too: a group without its
/// bracket, an option before the first group. `Failure::offset` is the line number.
[[nodiscard]] base::Result<std::vector<OptionFileEntry>> parse_option_file(std::string_view text);

/// Which option files to read and what to take from them.
struct OptionFileSelection {
    bool no_defaults = false;
    std::optional<std::string> defaults_file;        ///< only this one
    std::optional<std::string> defaults_extra_file;  ///< after the global ones
    std::string group_suffix;  ///< with "_x", groups "client_x" .. are read as well
    std::vector<std::string> groups;
};

struct FileOption {
    std::string group;  ///< without the suffix
    std::string name;
    std::optional<std::string> value;
    std::string path;
    std::size_t line = 0;
};

struct FileOptions {
    std::vector<FileOption> options;  ///< later ones win
    std::vector<std::string> warnings;
};

/// Reads /etc/my.cnf, /etc/mysql/my.cnf, the extra file and ~/.my.cnf in this order and follows
/// their includes to a depth of 10. Throws UsageError for a file that was asked for and cannot be
/// read, and for what parse_option_file refuses.
[[nodiscard]] FileOptions read_option_files(const OptionFileSelection& selection, System& system);

}  // namespace doppel::cli
