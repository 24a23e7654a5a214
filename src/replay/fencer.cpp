// SPDX-License-Identifier: Apache-2.0
#include "replay/fencer.hpp"

#include "sql/conflict_count.hpp"
#include "sql/failure_kind.hpp"

#include <optional>

namespace doppel::replay {
namespace {

constexpr std::chrono::milliseconds kFenceLook{1'000};
constexpr std::chrono::milliseconds kFenceConflictPause{10};

}  // namespace

Fencer::Fencer(
    protocol::Coordinator& coordinator,
    async::Event& changed,
    sql::AsyncSession& session,
    std::string statement,
    std::chrono::milliseconds reconnect_limit,
    Logger logger,
    const bool& stopping
)
    : coordinator_(coordinator),
      changed_(changed),
      session_(session),
      statement_(std::move(statement)),
      reconnect_limit_(reconnect_limit),
      logger_(std::move(logger)),
      stopping_(stopping) {}

async::awaitable<void> Fencer::run() {
    sql::ConflictCount conflicts;
    while (!stopping_) {
        if (!coordinator_.fence_wanted()) {
            co_await changed_.wait(kFenceLook);
            continue;
        }
        const auto ticket = coordinator_.issue_fence();
        std::optional<Error> failure;
        try {
            co_await session_.execute(statement_);
        } catch (const Error& error) {
            failure = error;
        }
        if (!failure) {
            conflicts.over();
            coordinator_.acknowledge_fence(ticket);
            changed_.notify();
            continue;
        }
        coordinator_.abandon_fence(ticket);
        switch (sql::classify_write_failure(*failure)) {
            case sql::FailureKind::connection_lost:
                logger_.warning("fence: lost the connection: {}", failure->what());
                co_await session_.reconnect(reconnect_limit_);
                break;
            case sql::FailureKind::conflict:
                if (conflicts.met(sql::ConflictCount::Clock::now())) {
                    logger_.warning(
                        "fences wait for a lock of somebody else's on the state table, for {} tries"
                        " now: {}",
                        conflicts.count(),
                        failure->what()
                    );
                }
                co_await async::sleep(kFenceConflictPause);
                break;
            default:
                throw Error(*failure, std::string("a fence failed: ") + failure->what());
        }
    }
}

}  // namespace doppel::replay
