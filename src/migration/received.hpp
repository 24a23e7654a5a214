// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/progress.hpp"
#include "migration/remains.hpp"
#include "sql/server_role.hpp"
#include "sql/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace doppel::migration {

/// What a server has from others.
struct Received {
    std::optional<sql::ReplicationSource> source;  ///< it replicates from
    bool is_known = true;                          ///< false: the account may not see all of this
    std::vector<std::string> unapplied;            ///< sql::unapplied_transactions
    bool by_group = false;                         ///< it is a member of a group
};
[[nodiscard]] Received read_received(sql::Session& session);

/// The state table is of a run that was last at another server than this one. Pure.
[[nodiscard]] bool ran_elsewhere(const Remains& remains);

/// Why no run can begin at this server, or go on with an earlier one (`finds_earlier`) that was
/// last at another server (`elsewhere`): what others have sent may belong to it. Nothing if one
/// can. Pure.
[[nodiscard]] std::optional<Finding> received_problem(
    const Received& received, bool finds_earlier, bool elsewhere
);

}  // namespace doppel::migration
