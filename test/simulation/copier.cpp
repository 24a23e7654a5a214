// SPDX-License-Identifier: Apache-2.0
#include "simulation/copier.hpp"

#include <utility>

namespace doppel::simulation {
namespace {

constexpr std::size_t kFoundAhead = 2;
/// As in copy::ChunkRetries: other failures do not count.
constexpr unsigned kDuplicatesMax = 12;

}  // namespace

bool Boundaries::step(World& world) {
    if (finished || found.size() >= kFoundAhead) {
        return false;
    }
    last += 1 + world.random.pick_int(4);
    finished = last >= kKeys - 1;
    found.push_back(world.coordinator.add_chunk(
        finished ? std::nullopt : std::optional(world.code.encode(last))
    ));
    return true;
}

bool Copier::step() {
    switch (phase_) {
        case Phase::idle:
            return open();
        case Phase::waiting_for_fence:
            return begin_copy();
        case Phase::copying:
            return copy();
        case Phase::committing:
            return commit();
        case Phase::reconnecting:
            return reconnect();
        case Phase::clearing:
            return clear();
        case Phase::clearing_committing:
            return clear_commit();
        case Phase::catching_up: {
            const auto progress = fence_.step(world_, "copier");
            if (progress == PassFence::Progress::done) {
                catch_up_to_ = world_.coordinator.delivered();
                phase_ = Phase::reconciling;
            }
            return progress != PassFence::Progress::none;
        }
        case Phase::reconciling:
            if (!world_.coordinator.reconciled_through(catch_up_to_)) {
                return false;
            }
            phase_ = Phase::idle;
            return true;
    }
    return false;
}

bool Copier::open() {
    if (!chunk_) {
        if (boundaries_.found.empty()) {
            return false;
        }
        chunk_ = boundaries_.found.front();
        boundaries_.found.pop_front();
        keys_ = world_.code.mask(world_.coordinator.range(*chunk_));
        duplicates_ = 0;
    }
    world_.coordinator.open_chunk(*chunk_);
    world_.open_keys |= keys_;
    phase_ = Phase::waiting_for_fence;
    world_.note("copier {}: opens chunk {}, keys {:08b}", session_, *chunk_, keys_);
    return true;
}

bool Copier::begin_copy() {
    if (!world_.coordinator.may_read(*chunk_) && !world_.leaves_out(LeftOut::chunk_rule)) {
        return false;
    }
    if (!std::exchange(connected_, true)) {
        phase_ = Phase::reconnecting;
        return true;
    }
    statement_ = Statement::insertion(world_, keys_);
    phase_ = Phase::copying;
    world_.note("copier {}: begins INSERT .. SELECT of chunk {}", session_, *chunk_);
    return true;
}

bool Copier::copy() {
    if (world_.mishap(1)) {
        world_.note("copier {}: loses the connection in the statement", session_);
        server_goes_on_ = true;
        phase_ = Phase::reconnecting;
        return true;
    }
    const auto progress =
        world_.mishap(1) ? Statement::Progress::conflict : statement_.step(world_, session_);
    if (progress == Statement::Progress::none || progress == Statement::Progress::moved) {
        return progress == Statement::Progress::moved;
    }
    if (progress != Statement::Progress::done) {
        world_.shadow.rollback(session_);
        recover(progress);
        return true;
    }
    if (!world_.shadow.in_transaction(session_)) {
        close();  // nothing to commit
        return true;
    }
    place_ = world_.server.append_ours(session_);
    phase_ = Phase::committing;
    world_.note("copier {}: commits at {}", session_, *place_);
    return true;
}

/// The server has ended all it did for this session, one way or the other.
void Copier::on_crash() {
    if (place_ && !world_.server.is_visible(*place_)) {
        place_.reset();
    }
    server_goes_on_ = false;
    fence_.on_crash(world_);
    switch (phase_) {
        case Phase::copying:
        case Phase::committing:
            phase_ = Phase::reconnecting;
            break;
        case Phase::clearing:
        case Phase::clearing_committing:
            statement_ = Statement::deletion(keys_);
            phase_ = Phase::clearing;
            break;
        case Phase::reconnecting:
            break;
        default:
            connected_ = false;
    }
}

bool Copier::settled() const {
    return !place_ || world_.server.is_visible(*place_);
}

bool Copier::commit() {
    if (world_.mishap(2)) {
        world_.note("copier {}: loses the connection in the commit", session_);
        phase_ = Phase::reconnecting;
        return true;
    }
    if (!settled()) {
        return false;
    }
    close();
    return true;
}

/// The new connection is there when the server has ended the old one. Until then its statement goes
/// on, and may be committed.
bool Copier::reconnect() {
    if (server_goes_on_) {
        return finish_lost_statement();
    }
    if (!settled()) {
        return false;
    }
    place_.reset();
    if (world_.leaves_out(LeftOut::clearing)) {
        cancel(Phase::idle);
        return true;
    }
    statement_ = Statement::deletion(keys_);
    phase_ = Phase::clearing;
    world_.note("copier {}: reconnects and empties the range of chunk {}", session_, *chunk_);
    return true;
}

bool Copier::finish_lost_statement() {
    const auto progress = world_.random.chance(20) ? Statement::Progress::conflict
                                                   : statement_.step(world_, session_);
    if (progress == Statement::Progress::none || progress == Statement::Progress::moved) {
        return progress == Statement::Progress::moved;
    }
    server_goes_on_ = false;
    if (progress != Statement::Progress::done) {
        world_.shadow.rollback(session_);
        world_.note("copier {}: the lost statement is rolled back", session_);
    } else if (world_.shadow.in_transaction(session_)) {
        place_ = world_.server.append_ours(session_);
        world_.note("copier {}: the lost statement is committed at {}", session_, *place_);
    }
    return true;
}

bool Copier::clear() {
    const bool lost = world_.mishap(1);
    const auto progress = lost || world_.mishap(1) ? Statement::Progress::conflict
                                                   : statement_.step(world_, session_);
    if (progress == Statement::Progress::none || progress == Statement::Progress::moved) {
        return progress == Statement::Progress::moved;
    }
    if (progress != Statement::Progress::done) {
        world_.shadow.rollback(session_);
        statement_ = Statement::deletion(keys_);
        return true;
    }
    if (world_.shadow.in_transaction(session_)) {
        place_ = world_.server.append_ours(session_);
    }
    phase_ = Phase::clearing_committing;
    return true;
}

bool Copier::clear_commit() {
    if (!settled()) {
        return false;
    }
    place_.reset();
    if (world_.mishap(2)) {  // committed, but nobody said so
        statement_ = Statement::deletion(keys_);
        phase_ = Phase::clearing;
        return true;
    }
    cancel(Phase::idle);
    return true;
}

void Copier::recover(Statement::Progress failure) {
    switch (failure) {
        case Statement::Progress::row_there:
            world_.fail(fmt::format("chunk {} met a row that was there already", *chunk_));
            return;
        case Statement::Progress::duplicate:
            world_.note("copier {}: a duplicate", session_);
            if (++duplicates_ > kDuplicatesMax) {
                world_.fail(fmt::format("chunk {} gave up on a duplicate", *chunk_));
                return;
            }
            cancel(Phase::catching_up);
            return;
        default:
            world_.note("copier {}: a deadlock", session_);
            cancel(Phase::idle);
            return;
    }
}

void Copier::cancel(Phase next) {
    world_.note("copier {}: cancels chunk {}", session_, *chunk_);
    world_.coordinator.cancel_chunk(*chunk_);
    world_.open_keys &= ~keys_;
    phase_ = next;
}

void Copier::close() {
    world_.note("copier {}: closes chunk {}", session_, *chunk_);
    world_.coordinator.close_chunk(*chunk_);
    world_.open_keys &= ~keys_;
    world_.closed_keys |= keys_;
    chunk_.reset();
    place_.reset();
    phase_ = Phase::idle;
}

}  // namespace doppel::simulation
