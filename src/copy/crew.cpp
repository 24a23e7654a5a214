// SPDX-License-Identifier: Apache-2.0
#include "copy/crew.hpp"

#include <numeric>

namespace doppel::copy {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1'000};

}  // namespace

Crew::Crew(
    const CopyContext& context,
    const std::vector<std::unique_ptr<sql::AsyncSession>>& sessions,
    const Pace& pace
)
    : context_(context), pace_(pace) {
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
        context_.gate.worked(
            number, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began)
        );
    }
    --working_;
    context_.changed.notify();
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
