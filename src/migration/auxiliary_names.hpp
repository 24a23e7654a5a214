// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "plan/facts.hpp"
#include "shadow/names.hpp"

#include <string>

namespace doppel::migration {

/// The names of the tables that a migration of `table` makes.
[[nodiscard]] inline plan::AuxiliaryNames auxiliary_names(const mysql::TableName& table) {
    const shadow::DerivedNames names = shadow::derive_names(table.table);
    return {names.shadow, names.old_table, names.state, std::string(shadow::kStateCommentPrefix)};
}

}  // namespace doppel::migration
