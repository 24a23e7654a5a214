// SPDX-License-Identifier: Apache-2.0
#include "simulation/copier.hpp"

#include <utility>

namespace doppel::simulation {
namespace {

constexpr std::size_t kFoundAhead = 2;
constexpr unsigned kLateRequestPercent = 1;
constexpr unsigned kOpenAheadPercent = 25;
constexpr unsigned kWithdrawPercent = 20;

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
        case Phase::listing:
            return list();
        case Phase::late_request:
            if (!world_.random.chance(kLateRequestPercent)) {
                return false;
            }
            request_left_out();
            return true;
    }
    return false;
}

bool Copier::take() {
    if (ahead_) {
        chunk_ = std::exchange(ahead_, std::nullopt);
    } else if (!boundaries_.found.empty() && world_.may_copy) {
        chunk_ = boundaries_.found.front();
        boundaries_.found.pop_front();
    } else {
        return false;
    }
    keys_ = world_.code.mask(world_.coordinator.range(*chunk_));
    return true;
}

bool Copier::open() {
    if (ahead_ && world_.coordinator.is_open(*ahead_) && world_.random.chance(kWithdrawPercent)) {
        world_.note("copier {}: withdraws chunk {}", session_, *ahead_);
        world_.coordinator.cancel_chunk(*ahead_);
        world_.open_keys &= ~world_.code.mask(world_.coordinator.range(*ahead_));
        return true;
    }
    if (!chunk_ && !take()) {
        return false;
    }
    phase_ = Phase::waiting_for_fence;
    if (!world_.coordinator.is_open(*chunk_)) {
        world_.coordinator.open_chunk(*chunk_);
        world_.open_keys |= keys_;
        world_.note("copier {}: opens chunk {}, keys {:08b}", session_, *chunk_, keys_);
    }
    return true;
}

/// As copy::Crew::open_ahead.
void Copier::open_ahead() {
    if (ahead_ || boundaries_.found.empty() || !world_.random.chance(kOpenAheadPercent)) {
        return;
    }
    ahead_ = boundaries_.found.front();
    boundaries_.found.pop_front();
    world_.coordinator.open_chunk(*ahead_);
    const KeyMask keys = world_.code.mask(world_.coordinator.range(*ahead_));
    world_.open_keys |= keys;
    world_.note("copier {}: opens chunk {} ahead, keys {:08b}", session_, *ahead_, keys);
}

bool Copier::begin_copy() {
    if (!world_.coordinator.may_read(*chunk_) && !world_.leaves_out(LeftOut::chunk_rule)) {
        return false;
    }
    if (!std::exchange(connected_, true)) {
        phase_ = Phase::reconnecting;
        return true;
    }
    open_ahead();
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
        end_statement();  // nothing to commit
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
        case Phase::late_request:
            break;
        case Phase::listing:
            phase_ = Phase::reconnecting;
            break;
        default:
            connected_ = false;
    }
}

void Copier::leave(Remnants& remnants) const {
    Remnant rest;
    rest.session = session_;
    rest.place = place_;
    if (!place_ && (phase_ == Phase::copying || phase_ == Phase::clearing || server_goes_on_)) {
        rest.statement = statement_;
        rest.commits = true;
    }
    if (rest.place || rest.statement) {
        remnants.add(std::move(rest));
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
    end_statement();
    return true;
}

void Copier::end_statement() {
    place_.reset();
    if (!parts_) {
        close();
        return;
    }
    parts_->taken();
    begin_part();
}

/// The keys of the chunk, by a SELECT.
bool Copier::list() {
    std::vector<mysql::Key> keys;
    for (int key = 0; key < kKeys; ++key) {
        if ((keys_ & bit(key)) != 0 &&
            world_.server.visible()[static_cast<std::size_t>(key)].present) {
            keys.push_back(world_.code.encode(key, world_.random.chance(50) ? 1 : 0));
        }
    }
    const std::size_t refused_max = 1 + world_.random.pick(kKeys);
    parts_.emplace(world_.coordinator.range(*chunk_), std::move(keys), refused_max);
    begin_part();
    return true;
}

void Copier::begin_part() {
    const auto range = parts_->next();
    if (range) {
        const KeyMask keys = world_.code.mask(*range);
        statement_ = Statement::insertion(world_, keys);
        phase_ = Phase::copying;
        world_.note("copier {}: begins INSERT .. SELECT of keys {:08b}", session_, keys);
        return;
    }
    left_out_ = parts_->left_out();
    if (!world_.leaves_out(LeftOut::request_in_time)) {
        request_left_out();
    }
    close();
    if (!left_out_.empty()) {
        phase_ = Phase::late_request;
    }
}

void Copier::request_left_out() {
    for (const mysql::Key& key : std::exchange(left_out_, {})) {
        world_.note("copier {}: leaves out key {}", session_, world_.code.decode(key));
        if (!world_.leaves_out(LeftOut::left_out_row)) {
            world_.coordinator.request(key.bytes);
        }
    }
    phase_ = Phase::idle;
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
            if (parts_) {
                parts_->refused();
                begin_part();
            } else {
                phase_ = Phase::listing;
            }
            return;
        default:
            world_.note("copier {}: a deadlock", session_);
            parts_ ? begin_part() : cancel(Phase::idle);
            return;
    }
}

void Copier::cancel(Phase next) {
    world_.note("copier {}: cancels chunk {}", session_, *chunk_);
    world_.coordinator.cancel_chunk(*chunk_);
    world_.open_keys &= ~keys_;
    parts_.reset();
    phase_ = next;
}

void Copier::close() {
    world_.note("copier {}: closes chunk {}", session_, *chunk_);
    world_.coordinator.close_chunk(*chunk_);
    world_.open_keys &= ~keys_;
    world_.closed_keys |= keys_;
    chunk_.reset();
    parts_.reset();
    phase_ = Phase::idle;
}

}  // namespace doppel::simulation
