// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "copy/partial_copy.hpp"
#include "simulation/remnants.hpp"
#include "simulation/statement.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace doppel::simulation {

/// Finds chunk boundaries ahead of the copiers.
struct Boundaries {
    bool step(World& world);
    /// As copy::BoundaryFinder::resume.
    void resume(const Point& from) {
        last = from.low_water;
        finished = from.copied;
    }

    std::deque<protocol::ChunkIndex> found;
    int last = -1;
    bool finished = false;
};

/// Copies chunks, with the reactions of copy::Copier and by the same copy::PartialCopy.
class Copier final {
public:
    Copier(World& world, Boundaries& boundaries, int session)
        : world_(world), boundaries_(boundaries), session_(session) {}
    bool step();
    void on_crash();
    /// Its process dies.
    void leave(Remnants& remnants) const;

private:
    enum class Phase {
        idle,
        waiting_for_fence,
        copying,
        committing,
        reconnecting,         ///< the answer was lost; the server may still be at it
        clearing,             ///< after a lost statement
        clearing_committing,  ///< the same
        listing,              ///< its keys, after a duplicate
        late_request,         ///< with LeftOut::request_in_time only
    };

    bool take();
    bool open();
    void open_ahead();
    bool begin_copy();
    bool copy();
    bool commit();
    void end_statement();
    bool list();
    void begin_part();
    void request_left_out();
    bool reconnect();
    bool finish_lost_statement();
    bool clear();
    bool clear_commit();
    /// The server rolled the statement back.
    void recover(Statement::Progress failure);
    void cancel(Phase next);
    void close();
    [[nodiscard]] bool settled() const;

    World& world_;
    Boundaries& boundaries_;
    int session_;
    Phase phase_ = Phase::idle;
    std::optional<protocol::ChunkIndex> chunk_;
    std::optional<protocol::ChunkIndex> ahead_;  ///< the one to be copied next, open or withdrawn
    KeyMask keys_ = 0;                           ///< of the chunk
    Statement statement_;
    bool connected_ = true;        ///< false: the next statement will find the connection lost
    bool server_goes_on_ = false;  ///< with a statement whose connection was lost
    std::optional<Place> place_;   ///< of the commit
    std::optional<copy::PartialCopy> parts_;  ///< after a duplicate
    std::vector<mysql::Key> left_out_;        ///< to be requested
};

}  // namespace doppel::simulation
