// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"
#include "mysql/table_pair.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace doppel::mysql {

/// The two halves of reconciling keys: the shadow's rows go, and what the source holds now comes.
/// In one transaction. `confined_to`: as in protocol::Batch.
[[nodiscard]] std::string delete_statement(
    const TablePair& tables,
    std::span<const Key> keys,
    const std::optional<std::vector<KeyRange>>& confined_to
);
[[nodiscard]] std::string insert_statement(
    const TablePair& tables,
    std::span<const Key> keys,
    const std::optional<std::vector<KeyRange>>& confined_to
);

/// Both halves in one for rows that the source holds: those that the shadow has already take its
/// values. `assignments`: "`x` = VALUES(`x`), .." of all columns that are inserted. Only where the
/// shadow cannot take one row for another (replay::upsert_assignments); rows that the source does
/// not hold any more are left to a delete.
[[nodiscard]] std::string upsert_statement(
    const TablePair& tables, std::span<const Key> keys, const std::string& assignments
);
/// How many of the keys the source holds, and which: as KeyShape::encode_text understands them.
[[nodiscard]] std::string count_statement(const TablePair& tables, std::span<const Key> keys);
[[nodiscard]] std::string held_keys_statement(const TablePair& tables, std::span<const Key> keys);

}  // namespace doppel::mysql
