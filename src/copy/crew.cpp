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

std::chrono::milliseconds Crew::pause_of(unsigned number, bool holds) const {
    if (context_.boundaries.exhausted() && !holds) {
        return {};
    }
    return number >= pace_.workers() ? kLook : context_.gate.pause(number, pace_.workers());
}

std::optional<protocol::ChunkIndex> Crew::open_ahead(Copier& copier, unsigned number) {
    if (number != 0 || pace_.workers() != 1 || context_.stopping) {
        return std::nullopt;
    }
    const auto chunk = context_.boundaries.take();
    if (chunk) {
        copier.open(*chunk);
    }
    return chunk;
}

async::awaitable<void> Crew::work(Copier& copier, unsigned number) {
    std::optional<protocol::ChunkIndex> next;  // only the first copier has one that is not copied
    bool held_back = false;
    while (!context_.stopping) {
        // Not while a chunk is open: the keys of changed rows in it would wait as well.
        const auto pause = pause_of(number, next.has_value());
        if (pause.count() > 0) {
            held_back = true;
            if (next) {
                copier.withdraw(*next);
            }
            co_await context_.changed.wait(pause);
            continue;
        }
        if (!next) {
            next = co_await context_.boundaries.next();
        }
        if (!next) {
            break;
        }
        const auto began = Clock::now();
        const protocol::ChunkIndex chunk = *next;
        next.reset();
        co_await copier.prepare(chunk);
        if (!held_back) {
            next = open_ahead(copier, number);
        }
        co_await copier.copy(chunk);
        const auto worked = Clock::now() - began;
        context_.gate.worked(number, std::chrono::duration_cast<std::chrono::microseconds>(worked));
        const auto rounded = std::chrono::duration_cast<std::chrono::milliseconds>(worked);
        held_back = balance_.rest(rounded).count() > 0;
        if (next && held_back) {
            copier.withdraw(*next);
        }
        co_await rest(rounded, next.has_value());
    }
    if (next) {
        copier.withdraw(*next);
    }
    --working_;
    context_.changed.notify();
}

async::awaitable<void> Crew::rest(std::chrono::milliseconds worked, bool holds) {
    const auto began = Clock::now();
    // Replay may catch up meanwhile, or there is nothing left to be copied.
    while (!context_.stopping && (holds || !context_.boundaries.exhausted()) &&
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
