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

}  // namespace doppel::mysql
