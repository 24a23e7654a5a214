// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "protocol/coordinator.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace doppel::replay {

/// Writes fences while somebody waits for one that no batch is going to give. One fence serves all
/// who wait when it is started.
class Fencer final {
public:
    /// `statement`: a write that goes to the binlog each time it is run.
    Fencer(
        protocol::Coordinator& coordinator,
        async::Event& changed,
        sql::AsyncSession& session,
        std::string statement,
        std::chrono::milliseconds reconnect_limit,
        Logger logger,
        const bool& stopping
    );

    async::awaitable<void> run();

private:
    protocol::Coordinator& coordinator_;
    async::Event& changed_;
    sql::AsyncSession& session_;
    std::string statement_;
    std::chrono::milliseconds reconnect_limit_;
    Logger logger_;
    const bool& stopping_;
};

}  // namespace doppel::replay
