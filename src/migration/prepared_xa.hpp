// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

#include <string>
#include <vector>

namespace doppel::migration {

/// The XIDs of all prepared XA transactions, written as the binlog's reader has them. None for an
/// account without XA_RECOVER_ADMIN.
[[nodiscard]] std::vector<std::string> prepared_xids(sql::Session& session);

/// Some XIDs for a message.
[[nodiscard]] std::string xids_told(const std::vector<std::string>& xids);

}  // namespace doppel::migration
