// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/common/option_table.hpp"

#include <string>

namespace doppel::cli {

[[nodiscard]] std::string version_text();
/// `doppel --help`.
[[nodiscard]] std::string main_help();
/// `doppel alter --help`.
[[nodiscard]] std::string alter_help(const OptionTable& table);
/// `doppel verify --help`.
[[nodiscard]] std::string verify_help(const OptionTable& table);

/// `doppel status --help`.
[[nodiscard]] std::string status_help(const OptionTable& table);
/// `doppel pause --help` and those of the other words to a running migration.
[[nodiscard]] std::string control_help(const std::string& command, const OptionTable& table);
/// `doppel cleanup --help`.
[[nodiscard]] std::string cleanup_help(const OptionTable& table);

}  // namespace doppel::cli
