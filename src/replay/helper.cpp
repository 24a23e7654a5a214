// SPDX-License-Identifier: Apache-2.0
#include "replay/helper.hpp"

#include "sql/failure_kind.hpp"

#include <algorithm>
#include <utility>

namespace doppel::replay {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHelperLook{1'000};
constexpr std::chrono::seconds kConnectPause{10};

}  // namespace

Helper::Helper(
    const ReplayContext& context,
    sql::AsyncSession& session,
    const sql::AsyncSession& first,
    std::string mark,
    HelperHooks hooks
)
    : context_(context),
      session_(session),
      first_(first),
      writer_(context, session),
      mark_(std::move(mark)),
      hooks_(std::move(hooks)) {}

async::awaitable<bool> Helper::connect() {
    if (Clock::now() < connect_at_) {
        co_return false;
    }
    try {
        co_await session_.open();
        // The name of the server may stand for another one by now.
        auto compare = [this](sql::Session& session) { first_.require_same_server(session); };
        co_await session_.run(compare);
        connected_ = true;
    } catch (const Error& error) {
        connect_at_ = Clock::now() + kConnectPause;
        context_.logger.debug("replay: no further session: {}", error.what());
    }
    co_return connected_;
}

async::awaitable<void> Helper::run() {
    while (!context_.stopping) {
        if (!hooks_.wanted()) {
            co_await context_.changed.wait(kHelperLook);
            continue;
        }
        if (!connected_) {
            const bool connected = co_await connect();
            if (!connected) {
                co_await context_.changed.wait(kHelperLook);
                continue;
            }
        }
        auto batch = hooks_.take();
        if (!batch) {
            const auto held = hooks_.held_back();
            co_await context_.changed.wait(
                held.count() > 0 ? std::min(held, kHelperLook) : kHelperLook
            );
            continue;
        }
        busy_ = true;
        const auto began = Clock::now();
        co_await reconcile(std::move(*batch));
        hooks_.worked(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began));
        busy_ = false;
        context_.changed.notify();
    }
}

async::awaitable<void> Helper::reconcile(protocol::Batch batch) {
    const auto failure = co_await writer_.write(batch, true, mark_);
    if (!failure) {
        context_.coordinator.complete(batch);
        co_return;
    }
    if (sql::is_refusal(*failure)) {
        context_.logger.debug("replay: {}; handed over", failure->what());
        hooks_.hand_over(std::move(batch));
        co_return;
    }
    // Only then may anybody else have the keys.
    co_await writer_.get_over(*failure);
    context_.coordinator.give_back(batch);
}

}  // namespace doppel::replay
