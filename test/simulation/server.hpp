// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/table.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace doppel::simulation {

/// Index of a transaction in the binlog.
using Place = std::size_t;

struct Change {
    int key = 0;
    Row row;  ///< after the change
    /// The before-image of an UPDATE of the key; the after-image is the next change.
    bool moves_away = false;
};

/// From where a run can go on, as its state table says.
struct Point {
    int low_water = -1;   ///< the last key that counts as copied
    bool copied = false;  ///< the whole table
    Place place = 0;      ///< in the binlog
    unsigned run = 0;     ///< who wrote it
};

/// A transaction in the binlog.
struct Entry {
    enum class Kind { changes, xa_prepare, xa_commit, xa_rollback, ours };
    static constexpr std::size_t kChangesMax = 9;

    Kind kind = Kind::ours;
    unsigned xid = 0;
    int session = -1;            ///< of ours: whose transaction on the shadow
    std::optional<Point> point;  ///< of ours: what it writes to the state table
    std::size_t count = 0;
    std::array<Change, kChangesMax> changes{};
};

/// The source table and the group commit with its three stages, each in the order of the binlog:
/// a transaction is written to the binlog, synced to disk with all that are there by then, and only
/// then made visible. What is synced may be delivered, and outlives a crash.
class Server final {
public:
    Server() { binlog_.reserve(128); }

    /// Rows from before everything.
    void fill(int key, const Row& row) {
        first_[idx(key)] = written_[idx(key)] = visible_[idx(key)] = row;
    }

    Place append(const Entry& entry);
    Place append_ours(int session = -1);
    Place append_point(const Point& point);
    /// What the state table holds to those who see the binlog up to `end`.
    [[nodiscard]] std::optional<Point> point_before(Place end) const;

    [[nodiscard]] bool all_synced() const { return synced_to_ == binlog_.size(); }
    [[nodiscard]] Place synced_to() const { return synced_to_; }
    void sync() { synced_to_ = binlog_.size(); }

    [[nodiscard]] bool all_visible() const { return visible_to_ == binlog_.size(); }
    [[nodiscard]] bool all_synced_visible() const { return visible_to_ == synced_to_; }
    [[nodiscard]] bool is_visible(Place place) const { return place < visible_to_; }
    [[nodiscard]] Place visible_to() const { return visible_to_; }
    /// The engine commits the next transaction. Requires one that is synced.
    const Entry& make_visible();
    /// The server dies and comes back. Of the binlog that part survives; all of it is visible then,
    /// and what is behind it never happened. Requires that nothing synced is lost.
    void crash(Place survives);

    [[nodiscard]] const std::vector<Entry>& binlog() const { return binlog_; }
    /// What new read views see.
    [[nodiscard]] const Table& visible() const { return visible_; }
    /// What all transactions in the binlog have made.
    [[nodiscard]] const Table& written() const { return written_; }

    /// Whether LOCK TABLES is asked for or granted: nobody else begins to write.
    void lock(bool locked) { locked_ = locked; }
    [[nodiscard]] bool locked() const { return locked_; }

private:
    static std::size_t idx(int key) { return static_cast<std::size_t>(key); }
    static void apply(const Entry& entry, Table& table);

    std::vector<Entry> binlog_;
    Place synced_to_ = 0;
    Place visible_to_ = 0;
    Table first_{};
    Table visible_{};
    Table written_{};
    bool locked_ = false;
};

}  // namespace doppel::simulation
