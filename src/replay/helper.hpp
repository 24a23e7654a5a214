// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replay/batch_writer.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace doppel::replay {

/// What a helper asks of the Replayer.
struct HelperHooks {
    /// A batch, if the helper of this number may work and there is one.
    std::function<std::optional<protocol::Batch>()> take;
    /// It is wanted, so that it should be connected.
    std::function<bool()> wanted;
    /// The shadow refused a row of the batch, of which nothing was committed.
    std::function<void(protocol::Batch)> hand_over;
    /// The throttle holds it back for so long.
    std::function<std::chrono::milliseconds()> held_back;
    /// It was at work for so long.
    std::function<void(std::chrono::microseconds)> worked;
};

/// One more session that reconciles. It takes batches whole or not at all: a batch that the shadow
/// refuses is handed over to who can find out what is wrong with it. So rows are never deleted
/// alone here, and nothing is known here of keys that are refused.
///
/// It connects when it is wanted for the first time. A run gets along without it, so that it fails
/// to connect is no end: it tries again after a while.
class Helper final {
public:
    /// `first`: a session that is connected to the server of the run.
    Helper(
        const ReplayContext& context,
        sql::AsyncSession& session,
        const sql::AsyncSession& first,
        std::string mark,
        HelperHooks hooks
    );

    /// Runs until `stopping`.
    async::awaitable<void> run();

    [[nodiscard]] bool busy() const noexcept { return busy_; }

private:
    async::awaitable<bool> connect();
    async::awaitable<void> reconcile(protocol::Batch batch);

    const ReplayContext& context_;
    sql::AsyncSession& session_;
    const sql::AsyncSession& first_;
    BatchWriter writer_;
    std::string mark_;
    HelperHooks hooks_;
    std::chrono::steady_clock::time_point connect_at_;  ///< not before
    bool connected_ = false;
    bool busy_ = false;
};

}  // namespace doppel::replay
