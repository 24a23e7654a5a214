// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/sandbox.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace doppel::test {

/// A `doppel alter` of table `t` whose copy stops inside a chosen chunk for as long as the test
/// wants: a transaction of ours has inserted one of the rows into the shadow, so that the chunk's
/// INSERT waits for its end.
/// When the wait times out (5 s) the chunk is cancelled and opened again.
///
/// A prepared XA transaction holds the run between the making of the shadow and the copy's start,
/// so that the row is in place in time.
class HeldRun final {
public:
    /// `gate` inserts a row into `_t_new` whose key the source holds, too. Returns when the copy
    /// waits for it.
    HeldRun(
        const Sandbox& sandbox,
        const std::string& schema,
        const std::string& statement,
        const std::vector<std::string>& options,
        const std::string& gate
    );
    ~HeldRun();
    HeldRun(const HeldRun&) = delete;
    HeldRun& operator=(const HeldRun&) = delete;

    /// Lets the copy go on.
    void release();
    /// Which try of the chunk waits for the row now; "NULL" for none.
    [[nodiscard]] std::string waiting_try();
    /// The statement of that try.
    [[nodiscard]] std::string waiting_statement();
    /// Row events of the table that the run has shown in its progress, every 100 ms.
    [[nodiscard]] std::uint64_t events_seen() const;
    [[nodiscard]] bool wait_for_events_after(std::uint64_t events) const;
    /// Connection ids of the run's SQL sessions.
    [[nodiscard]] std::vector<std::string> connections();

    [[nodiscard]] Process& process() { return *process_; }
    Finished finish();

private:
    void hold_start();
    void end_hold_of_start();

    std::unique_ptr<sql::Session> control_;
    std::unique_ptr<sql::Session> gate_;
    bool holds_start_ = false;
    std::unique_ptr<Process> process_;
};

}  // namespace doppel::test
