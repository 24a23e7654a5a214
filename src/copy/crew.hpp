// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/task_group.hpp"
#include "copy/copier.hpp"
#include "copy/pace.hpp"
#include "protocol/balance.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace doppel::copy {

/// The copiers of a run, of which as many work as the pace allows. They take chunks in the order of
/// the key and end them in any order.
class Crew final {
public:
    /// One copier for each session.
    Crew(
        const CopyContext& context,
        const std::vector<std::unique_ptr<sql::AsyncSession>>& sessions,
        const Pace& pace,
        const protocol::Balance& balance
    );

    /// Copies all chunks, in tasks of `tasks`; returns when they have ended or the run is stopping.
    /// What a copier throws is the group's.
    async::awaitable<void> run(async::TaskGroup& tasks);

    [[nodiscard]] std::uint64_t rows() const;
    [[nodiscard]] std::uint64_t chunks() const;

private:
    async::awaitable<void> work(Copier& copier, unsigned number);
    /// A copier that has worked for that long leaves replay its share. `holds`: it has a chunk that
    /// nobody else can take.
    async::awaitable<void> rest(std::chrono::milliseconds worked, bool holds);
    /// Until the copier may begin its next chunk; zero: now.
    [[nodiscard]] std::chrono::milliseconds pause_of(unsigned number, bool holds) const;
    /// Where nobody else copies while this one waits for a fence: the chunk behind the one that it
    /// is about to copy, opened.
    std::optional<protocol::ChunkIndex> open_ahead(Copier& copier, unsigned number);

    CopyContext context_;
    const Pace& pace_;
    const protocol::Balance& balance_;
    std::vector<std::unique_ptr<Copier>> copiers_;
    unsigned working_ = 0;
};

}  // namespace doppel::copy
