// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/migration.hpp"
#include "doppel/progress.hpp"
#include "mysql/identifier.hpp"
#include "plan/facts.hpp"
#include "statement/alter_statement.hpp"

#include <string>
#include <vector>

namespace doppel::plan {

/// What a migration is going to do. A value without effects; the same for a dry run.
struct Plan {
    mysql::TableName source;  ///< as the server spells it, if it exists
    AuxiliaryNames names;
    statement::AlterStatement statement;
    Facts facts;
    bool try_native = true;
    std::string key_index;  ///< the likely key; the shadow decides. Empty: none
    std::vector<Finding> before_native;
    std::vector<Finding> before_copy;

    [[nodiscard]] bool native_allowed() const;
    [[nodiscard]] bool copy_allowed() const;
};

[[nodiscard]] Plan make_plan(
    Facts facts, statement::AlterStatement statement, const MigrationOptions& options
);

/// The plan in lines for the operator: what will be done in which order, and every finding.
[[nodiscard]] std::string describe(const Plan& plan);

}  // namespace doppel::plan
