// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"

#include <string>
#include <utility>
#include <vector>

namespace doppel::misfit {

/// The old and the new definition of the table, to tell the operator in the table's own words what
/// the server said of the shadow.
struct NewSchema {
    schema::TableDefinition source;
    schema::TableDefinition shadow;
    schema::ColumnMap columns;
    /// CHECK constraints whose name on the shadow is not the user's: shadow's name, user's name.
    std::vector<std::pair<std::string, std::string>> check_names;
};

}  // namespace doppel::misfit
