// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event_handler.hpp"
#include "mysql/identifier.hpp"

#include <optional>
#include <string>

namespace doppel::migration {

/// Looks at statements that the binlog holds as text: DDL, and DML in statement format. Row events
/// do not tell what such a statement did to the source, so a migration must not go on. Gives the
/// reason, or nothing for a statement that does not concern the table. What cannot be understood
/// and mentions the table concerns it. Pure.
[[nodiscard]] std::optional<std::string> concern(
    const mysql::TableName& source, const binlog::QueryView& query
);

/// The same for the shadow, which nobody but the run should know: what was copied may be gone, or
/// look otherwise. That the run sets its AUTO_INCREMENT before the swap is no concern. Pure.
[[nodiscard]] std::optional<std::string> shadow_concern(
    const mysql::TableName& shadow, const binlog::QueryView& query
);

}  // namespace doppel::migration
