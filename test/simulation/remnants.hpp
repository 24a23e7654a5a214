// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/statement.hpp"

#include <optional>
#include <vector>

namespace doppel::simulation {

/// What the server still has of a session whose process is dead.
struct Remnant {
    int session = -1;
    std::optional<Statement> statement;  ///< that it is at
    bool commits = false;                ///< afterwards; otherwise it will roll back
    std::optional<Point> point;          ///< written by the commit
    bool renames = false;                ///< by the commit
    bool locks = false;                  ///< it holds LOCK TABLES, or asks for them
    std::optional<Place> place;          ///< of its commit, once it is in the binlog
};

/// The sessions of dead processes. The server goes on with what they asked for, until it finds that
/// nobody is there, or until they are ended.
class Remnants final {
public:
    explicit Remnants(World& world) : world_(world) {}

    void add(Remnant remnant) { remnants_.push_back(std::move(remnant)); }
    bool step();
    /// The server has recovered from a crash.
    void on_crash();
    /// KILL: what is in the binlog takes effect all the same, later.
    void end_all();
    [[nodiscard]] bool empty() const { return remnants_.empty(); }

private:
    enum class Progress { none, moved, over };
    Progress step(Remnant& remnant);
    Progress step_statement(Remnant& remnant);
    Progress commit(Remnant& remnant);
    void finish(const Remnant& remnant);
    void roll_back(const Remnant& remnant);

    World& world_;
    std::vector<Remnant> remnants_;
};

}  // namespace doppel::simulation
