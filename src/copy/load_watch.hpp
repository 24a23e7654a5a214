// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "copy/pace.hpp"
#include "doppel/log.hpp"
#include "protocol/chunk_sizer.hpp"
#include "sql/activity.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

namespace doppel::copy {

/// Reads ten times a second what others ask of the server, and keeps the copy to the pace that
/// follows from it.
class LoadWatch final {
public:
    struct Context {
        Pace& pace;
        protocol::ChunkSizer& sizer;
        const sql::Activity& ours;
        async::Event& changed;  ///< notified when the pace has changed
        async::Event& ended;    ///< notified when the run is stopping
        /// See Pace::cap_chunk_time.
        std::function<std::optional<std::chrono::milliseconds>()> chunk_time_cap;
        Logger logger;
        std::chrono::milliseconds reconnect_limit;
        const bool& stopping;
    };

    LoadWatch(Context context, sql::AsyncSession& session);

    async::awaitable<void> run();

private:
    async::awaitable<std::optional<ServerLoad>> read();
    /// Makes chunks as the pace has them now.
    void aim();

    Context context_;
    sql::AsyncSession& session_;
    unsigned workers_ = 0;  ///< as they were aimed for last
    std::chrono::milliseconds chunk_time_{0};
    std::size_t rows_max_ = 0;
};

}  // namespace doppel::copy
