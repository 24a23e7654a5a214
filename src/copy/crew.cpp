// SPDX-License-Identifier: Apache-2.0
#include "copy/crew.hpp"

#include <numeric>

namespace doppel::copy {
namespace {

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

async::awaitable<void> Crew::work(Copier& copier, unsigned number) {
    while (!context_.stopping) {
        if (number >= pace_.workers() && !context_.boundaries.exhausted()) {
            co_await context_.changed.wait(kLook);
            continue;
        }
        const auto chunk = co_await context_.boundaries.next();
        if (!chunk) {
            break;
        }
        co_await copier.copy(*chunk);
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
