// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/verify.hpp"
#include "tools/common/option_table.hpp"
#include "tools/common/settings.hpp"

#include <istream>
#include <string>
#include <string_view>

namespace doppel::cli {

/// How a run is shown.
struct OutputOptions {
    bool json = false;
    bool quiet = false;
    LogLevel log_level = LogLevel::warning;
};

/// Every option of `doppel alter`; also what group [doppel] of the option files may hold.
[[nodiscard]] OptionTable alter_option_table();

/// Every option of `doppel verify`, and what it reads from group [doppel] of the option files,
/// which holds the options of `doppel alter` as well.
[[nodiscard]] OptionTable verify_option_table();
[[nodiscard]] OptionTable verify_file_option_table();

/// Every option of `doppel status` and `doppel cleanup`, and what they read from group [doppel].
[[nodiscard]] OptionTable status_option_table();
[[nodiscard]] OptionTable cleanup_option_table();
[[nodiscard]] OptionTable cleanup_file_option_table();

/// Converts and checks the options of a run. Throws UsageError.
[[nodiscard]] MigrationOptions migration_options(const Settings& settings);
[[nodiscard]] VerifyOptions verify_options(const Settings& settings);
[[nodiscard]] OutputOptions output_options(const Settings& settings);

/// The one statement among the positional words; "-" reads it from `input`, at most 1 MiB. Throws
/// UsageError.
[[nodiscard]] std::string statement_text(const Settings& settings, std::istream& input);

/// The one table among the positional words. `command`: for the error. Throws UsageError.
[[nodiscard]] std::string table_argument(const Settings& settings, std::string_view command);

}  // namespace doppel::cli
