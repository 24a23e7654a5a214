// SPDX-License-Identifier: Apache-2.0
#include "simulation/shadow_table.hpp"

#include <algorithm>

namespace doppel::simulation {
namespace {

std::size_t idx(int at) {
    return static_cast<std::size_t>(at);
}

}  // namespace

ShadowTable::ShadowTable() {
    key_owner_.fill(kNobody);
    value_owner_.fill(kNobody);
}

ShadowTable::Outcome ShadowTable::erase(int session, int key) {
    if (foreign(key_owner_[idx(key)], session)) {
        return Outcome::wait;
    }
    if (rows_[idx(key)].present) {
        change(session, key, Row{});
    }
    return Outcome::done;
}

ShadowTable::Outcome ShadowTable::insert(int session, int key, const Row& row) {
    if (foreign(key_owner_[idx(key)], session)) {
        return Outcome::wait;
    }
    return rows_[idx(key)].present ? Outcome::row_there : put(session, key, row);
}

ShadowTable::Outcome ShadowTable::put(int session, int key, const Row& row) {
    if (foreign(key_owner_[idx(key)], session)) {
        return Outcome::wait;
    }
    if (row.unique != kNull) {
        if (foreign(value_owner_[idx(row.unique)], session)) {
            return Outcome::wait;
        }
        if (std::any_of(rows_.begin(), rows_.end(), [&](const Row& other) {
                return &other != &rows_[idx(key)] && other.present && other.unique == row.unique;
            })) {
            return Outcome::duplicate;
        }
    }
    change(session, key, row);
    return Outcome::done;
}

void ShadowTable::change(int session, int key, const Row& row) {
    lock(session, key, rows_[idx(key)]);
    lock(session, key, row);
    undo_.push_back({session, key, rows_[idx(key)]});
    rows_[idx(key)] = row;
}

void ShadowTable::lock(int session, int key, const Row& row) {
    key_owner_[idx(key)] = session;
    if (row.unique != kNull) {
        value_owner_[idx(row.unique)] = session;
    }
}

void ShadowTable::release(int session) {
    std::replace(key_owner_.begin(), key_owner_.end(), session, kNobody);
    std::replace(value_owner_.begin(), value_owner_.end(), session, kNobody);
    std::erase_if(undo_, [session](const Undo& undo) { return undo.session == session; });
}

void ShadowTable::commit(int session) {
    release(session);
}

void ShadowTable::rollback(int session) {
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
        if (undo->session == session) {
            rows_[idx(undo->key)] = undo->row;
        }
    }
    release(session);
}

bool ShadowTable::in_transaction(int session) const {
    return std::any_of(undo_.begin(), undo_.end(), [session](const Undo& undo) {
        return undo.session == session;
    });
}

}  // namespace doppel::simulation
