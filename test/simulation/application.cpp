// SPDX-License-Identifier: Apache-2.0
#include "simulation/application.hpp"

#include <algorithm>
#include <limits>

namespace doppel::simulation {
namespace {

constexpr std::size_t kTransactionsMax = 14;
constexpr std::size_t kInvisibleAtFirstMax = 4;
/// Of a preparation that a crash has undone.
constexpr Place kNever = std::numeric_limits<Place>::max();

std::size_t idx(int at) {
    return static_cast<std::size_t>(at);
}

}  // namespace

Application::Application(World& world)
    : world_(world),
      left_(static_cast<unsigned>(
          4 + world.random.pick(kTransactionsMax - 3) +
          (world.mishap_after_duplicate > 1 ? kTransactionsMax : 0)
      )),
      // Leaving out the first fence takes a copy that does not wait for anything.
      uses_xa_(!world.leaves_out(LeftOut::first_fence) && world.random.chance(40)),
      moves_values_(world.mishap_after_duplicate > 1 || world.random.chance(40)),
      lends_(world.random.chance(50)),
      values_(std::array{2, 3, 3, kValues, kValues}[world.random.pick(5)]) {
    if (moves_values_ && lends_) {
        left_ += kTransactionsMax;  // what is refused is looked at several times
    }
}

void Application::begin() {
    for (int key = 0; key < kKeys; ++key) {
        if (world_.random.chance(60)) {
            Draft draft;
            draft.table = world_.server.written();
            world_.server.fill(key, new_row(draft));
            if (world_.trace) {
                world_.note("at first: key {} {}", key, world_.server.written()[idx(key)].str());
            }
        }
    }
    const std::size_t invisible = world_.random.pick(kInvisibleAtFirstMax);
    for (std::size_t i = 0; i < invisible; ++i) {
        const Draft draft = make();
        note("before the copy", draft.entry, world_.server.append(draft.entry));
    }
    while (uses_xa_ && prepared_.size() < kPreparedMax && world_.random.chance(50)) {
        prepare(make());
    }
    world_.server.sync();
    // gtid_executed names what is visible, a place in a file all that is synced.
    world_.delivered_to =
        world_.random.chance(50) ? world_.server.synced_to() : world_.server.visible_to();
    world_.note("feed: starts at {}", world_.delivered_to);
}

bool Application::step() {
    if (!prepared_.empty() && (left_ == 0 || world_.random.chance(30))) {
        end_prepared();
        return true;
    }
    if (world_.server.locked()) {
        return false;
    }
    if ((left_ == 0 || world_.random.chance(30)) && take_back()) {
        return true;
    }
    if (left_ == 0) {
        return false;
    }
    --left_;
    write();
    return true;
}

std::vector<unsigned> Application::listed() const {
    const Server& server = world_.server;
    std::vector<unsigned> xids;
    for (const Draft& draft : xa_drafts_) {
        if (server.is_visible(draft.place) && !(draft.end && server.is_visible(*draft.end))) {
            xids.push_back(draft.entry.xid);
        }
    }
    return xids;
}

/// All but one of the rows that share a value lose it; which one keeps it decides whether the value
/// has moved.
bool Application::take_back() {
    Draft draft;
    draft.table = world_.server.written();
    draft.entry.kind = Entry::Kind::changes;
    for (int value = 0; value < kValues; ++value) {
        std::vector<int> holders;
        for (int key = 0; key < kKeys; ++key) {
            const Row& row = draft.table[idx(key)];
            if (row.present && row.unique == value) {
                holders.push_back(key);
            }
        }
        if (holders.size() < 2 || std::any_of(holders.begin(), holders.end(), [this](int key) {
                return is_locked(key);
            })) {
            continue;
        }
        const int keeper = holders[world_.random.pick(holders.size())];
        for (const int key : holders) {
            if (key != keeper) {
                set(draft, key, with_unique(kNull));
            }
        }
        note("takes a value back", draft.entry, world_.server.append(draft.entry));
        return true;
    }
    return false;
}

void Application::write() {
    Draft draft = make();
    if (draft.entry.count == 0) {
        return;
    }
    if (uses_xa_ && prepared_.size() < kPreparedMax && world_.random.chance(40)) {
        prepare(draft);
        return;
    }
    note("commits", draft.entry, world_.server.append(draft.entry));
}

void Application::prepare(Draft draft) {
    draft.entry.kind = Entry::Kind::xa_prepare;
    draft.entry.xid = static_cast<unsigned>(xa_drafts_.size());
    draft.place = world_.server.append(draft.entry);
    note("XA PREPARE", draft.entry, draft.place);
    prepared_.push_back(draft.entry.xid);
    xa_drafts_.push_back(draft);
    hold_locks_of_prepared();
}

void Application::end_prepared() {
    const std::size_t at = world_.random.pick(prepared_.size());
    Draft& draft = xa_drafts_[prepared_[at]];
    Entry entry = draft.entry;
    prepared_.erase(prepared_.begin() + static_cast<std::ptrdiff_t>(at));
    hold_locks_of_prepared();
    const bool commits = world_.random.chance(70);
    entry.kind = commits ? Entry::Kind::xa_commit : Entry::Kind::xa_rollback;
    draft.end = world_.server.append(entry);
    note(commits ? "XA COMMIT" : "XA ROLLBACK", entry, *draft.end);
}

void Application::on_crash() {
    prepared_.clear();
    const Place survives = world_.server.binlog().size();
    for (Draft& draft : xa_drafts_) {
        if (draft.end && *draft.end >= survives) {
            draft.end.reset();
        }
        if (draft.place >= survives) {
            draft.place = kNever;
        } else if (!draft.end) {
            prepared_.push_back(draft.entry.xid);
        }
    }
    hold_locks_of_prepared();
}

void Application::hold_locks_of_prepared() {
    locked_keys_ = 0;
    locked_values_ = 0;
    for (const unsigned xid : prepared_) {
        locked_keys_ |= xa_drafts_[xid].keys;
        locked_values_ |= xa_drafts_[xid].values;
    }
}

Application::Draft Application::make() {
    Draft draft;
    draft.table = world_.server.written();
    draft.entry.kind = Entry::Kind::changes;
    const std::size_t statements = 1 + world_.random.pick(3);
    for (std::size_t i = 0; i < statements; ++i) {
        change(draft);
    }
    return draft;
}

void Application::change(Draft& draft) {
    int key = world_.random.pick_int(kKeys);
    for (int i = 0; moves_values_ && i < 3 && draft.table[idx(key)].unique == kNull; ++i) {
        key = world_.random.pick_int(kKeys);
    }
    if (is_locked(key)) {
        return;
    }
    const Row& row = draft.table[idx(key)];
    const std::size_t kind = moves_values_ ? 5 + world_.random.pick(3) : world_.random.pick(8);
    if (!row.present) {
        set(draft, key, new_row(draft));
        return;
    }
    if (kind == 0) {
        set(draft, key, Row{});
        return;
    }
    if (kind == 1) {
        set(draft, key, new_row(draft));
        return;
    }
    const int other = world_.random.pick_int(kKeys);
    if (other != key && !is_locked(other)) {
        change_pair(draft, key, other, kind);
    }
}

void Application::change_pair(Draft& draft, int first, int second, std::size_t kind) {
    const Row from = draft.table[idx(first)];
    const Row to = draft.table[idx(second)];
    if (lends_ && from.unique != kNull && (locked_values_ & bit(from.unique)) == 0 &&
        world_.random.chance(60)) {  // the new row has the value first
        set(draft, second, with_unique(from.unique));
        return;
    }
    if (!to.present && kind <= 4) {  // an UPDATE of the key
        set(draft, first, Row{}, true);
        set(draft, second, with_unique(from.unique));
        return;
    }
    if (kind <= 5 || !to.present) {  // the value moves
        set(draft, first, world_.random.chance(30) ? Row{} : with_unique(kNull));
        set(draft, second, with_unique(from.unique));
        return;
    }
    set(draft, first, with_unique(kNull));  // the values change places
    set(draft, second, with_unique(from.unique));
    set(draft, first, with_unique(to.unique));
}

void Application::set(Draft& draft, int key, Row row, bool moves_away) {
    const Row& before = draft.table[idx(key)];
    for (const int value : {int{before.unique}, int{row.unique}}) {
        if (value != kNull) {
            draft.values |= bit(value);
        }
    }
    draft.keys |= bit(key);
    draft.table[idx(key)] = row;
    draft.entry.changes[draft.entry.count++] = {key, row, moves_away};
}

Row Application::with_unique(int unique) {
    return {true, static_cast<std::int8_t>(unique), ++version_};
}

Row Application::new_row(const Draft& draft) {
    return with_unique(free_value(draft));
}

int Application::free_value(const Draft& draft) {
    const int value = world_.random.pick_int(values_ + 1) - 1;
    const bool taken = value == kNull || (locked_values_ & bit(value)) != 0 ||
                       std::any_of(draft.table.begin(), draft.table.end(), [value](const Row& row) {
                           return row.present && row.unique == value;
                       });
    return taken ? kNull : value;
}

void Application::note(const char* what, const Entry& entry, Place place) {
    if (!world_.trace) {
        return;
    }
    std::string text;
    for (std::size_t i = 0; i < entry.count; ++i) {
        text += fmt::format("; key {} {}", entry.changes[i].key, entry.changes[i].row.str());
    }
    world_.note("application: {} at {}{}", what, place, text);
}

}  // namespace doppel::simulation
