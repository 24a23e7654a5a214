// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/balance.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/gate.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace doppel::replay {

/// What all who reconcile share.
struct ReplayContext {
    const mysql::TablePair& tables;
    const misfit::NewSchema& schema;
    protocol::Coordinator& coordinator;
    const protocol::Balance& balance;  ///< how many reconcile
    std::string assignments;           ///< of upsert_assignments
    async::Event& changed;
    protocol::Gate& gate;  ///< asked before each batch
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    /// Returns when the feed has delivered everything that was committed before the call.
    std::function<async::awaitable<void>()> pass_fence;
    const bool& stopping;
};

/// Writes of a replay session's own row in the state table, in the binlog each time they are run;
/// as part of every batch they make the batch a fence.
struct ReplayMarks {
    std::string rows_missing;  ///< notes that rows were deleted alone, and are not inserted yet
    std::string rows_there;    ///< notes that this is not so any more
};

}  // namespace doppel::replay
