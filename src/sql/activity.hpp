// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace doppel::sql {

/// What the sessions of a run do together. The server counts statements and sessions at work for
/// everybody; with this the part of others is known. May be used by several threads.
struct Activity {
    std::atomic<std::uint64_t> statements{0};  ///< sent so far
    std::atomic<unsigned> running{0};          ///< sessions that wait for an answer now
};

}  // namespace doppel::sql
