// SPDX-License-Identifier: Apache-2.0
#include "copy/crew.hpp"

#include <algorithm>
#include <numeric>

namespace doppel::copy {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kRestLook{50};

}  // namespace

Crew::Crew(
    const CopyContext& context,
    const std::vector<std::unique_ptr<sql::AsyncSession>>& sessions,
    const Pace& pace,
    const protocol::Balance& balance
)
    : context_(context), pace_(pace), balance_(balance) {
    for (const auto& session : sessions) {
        copiers_.push_back(std::make_unique<Copier>(context_, *session));
    }
}

async::awaitable<void> Crew::run(async::TaskGroup& tasks) {
    working_ = static_cast<unsigned>(copiers_.size());
    unsigned number = 0;
    for (const auto& copier : copiers_) {
        tasks.spawn(work(*copier, number++));
    }
    while (working_ > 0 && !context_.stopping) {
        co_await context_.changed.wait(kLook);
    }
}

std::chrono::milliseconds Crew::pause_of(unsigned number) const {
    if (context_.boundaries.exhausted()) {
        return {};
    }
    return number >= pace_.workers() ? kLook : context_.gate.pause(number, pace_.workers());
}

async::awaitable<void> Crew::work(Copier& copier, unsigned number) {
    while (!context_.stopping) {
        // Not while a chunk is open: the keys of changed rows in it would wait as well.
        const auto pause = pause_of(number);
        if (pause.count() > 0) {
            co_await context_.changed.wait(pause);
            continue;
        }
        const auto chunk = co_await context_.boundaries.next();
        if (!chunk) {
            break;
        }
        const auto began = Clock::now();
        co_await copier.copy(*chunk);
        const auto worked = Clock::now() - began;
        context_.gate.worked(number, std::chrono::duration_cast<std::chrono::microseconds>(worked));
        co_await rest(std::chrono::duration_cast<std::chrono::milliseconds>(worked));
    }
    --working_;
    context_.changed.notify();
}

async::awaitable<void> Crew::rest(std::chrono::milliseconds worked) {
    const auto began = Clock::now();
    // Replay may catch up meanwhile, or there is nothing left to be copied.
    while (!context_.stopping && !context_.boundaries.exhausted() &&
           Clock::now() - began < balance_.rest(worked)) {
        co_await async::sleep(std::min(kRestLook, balance_.rest(worked)));
    }
}

std::uint64_t Crew::rows() const {
    return std::accumulate(
        copiers_.begin(),
        copiers_.end(),
        std::uint64_t{0},
        [](std::uint64_t sum, const auto& copier) { return sum + copier->rows(); }
    );
}

std::uint64_t Crew::chunks() const {
    return std::accumulate(
        copiers_.begin(),
        copiers_.end(),
        std::uint64_t{0},
        [](std::uint64_t sum, const auto& copier) { return sum + copier->chunks(); }
    );
}

}  // namespace doppel::copy
