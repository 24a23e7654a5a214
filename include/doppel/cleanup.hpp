// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace doppel {

/// A table that a migration made or left, and that is to be dropped.
struct CleanupTable {
    enum class Kind { shadow, old_table, state };
    Kind kind = Kind::state;
    std::string table;                 ///< schema.table
    std::uint64_t rows_estimated = 0;  ///< by the server

    bool operator==(const CleanupTable&) const = default;
};
/// "shadow", "old_table", "state"; stable, part of the JSON interface.
[[nodiscard]] const char* to_string(CleanupTable::Kind kind);

/// A table that stays, and why.
struct KeptTable {
    std::string table;
    std::string reason;

    bool operator==(const KeptTable&) const = default;
};

/// What is to be done about a migration that was given up.
struct CleanupPlan {
    std::string table;  ///< schema.table of the source
    bool swapped = false;
    /// As recorded by the process that ran it last; empty where nothing was recorded.
    std::string statement;
    std::string host;
    std::uint64_t process_id = 0;
    std::string began_at;
    std::vector<CleanupTable> remove;  ///< in this order; empty: there is nothing to clean up
    std::vector<KeptTable> keep;
};

/// The one who answers for a clean-up. Called on the calling thread, in order.
class CleanupDialogue {
public:
    virtual ~CleanupDialogue() = default;
    /// Whether what `plan` names shall be removed. Called once, also when that is nothing; the
    /// migration's lock is held meanwhile.
    virtual bool confirm(const CleanupPlan& plan) = 0;
    /// A table is gone.
    virtual void removed(const CleanupTable& table) = 0;
};

/// Removes what a migration of `table` left that nobody will go on with. Only tables that the
/// migration made, and marked or recorded as its own, are touched: the shadow first, the state
/// table, which tells that the others are the migration's, last. So after an end at any moment the
/// same call goes on. The former table goes only if the run had been told to drop it. Each table is
/// looked at again right before it is dropped. The source is never touched and need not exist.
///
/// Errc::refused, with nothing changed, when a process runs the migration, when what it recorded
/// cannot be read or does not fit what is there, and when this server only replicates the one where
/// it ran. Errc::stopped when `confirm` says no. Never throws for reasons of the server or the
/// name.
[[nodiscard]] Outcome run_cleanup(
    const std::string& table,
    const ConnectionOptions& connection,
    CleanupDialogue& dialogue,
    const Logger& logger
);

}  // namespace doppel
