// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/table.hpp"

#include <cstddef>
#include <vector>

namespace doppel::simulation {

/// Index of a transaction in the binlog.
using Place = std::size_t;

struct Change {
    int key = 0;
    Row row;  ///< after the change
};

/// A transaction in the binlog.
struct Entry {
    enum class Kind { changes, xa_prepare, xa_commit, xa_rollback, ours };
    static constexpr std::size_t kChangesMax = 9;

    Kind kind = Kind::ours;
    unsigned xid = 0;
    int session = -1;  ///< of ours: whose transaction on the shadow
    std::size_t count = 0;
    std::array<Change, kChangesMax> changes{};
};

/// The source table and the group commit: a transaction is in the binlog, from where it may be
/// delivered, before it is visible. Transactions become visible in the order of the binlog.
class Server final {
public:
    Server() { binlog_.reserve(128); }

    /// Rows from before everything.
    void fill(int key, const Row& row) { written_[idx(key)] = visible_[idx(key)] = row; }

    Place append(const Entry& entry);
    Place append_ours(int session = -1);

    [[nodiscard]] bool all_visible() const { return visible_to_ == binlog_.size(); }
    [[nodiscard]] bool is_visible(Place place) const { return place < visible_to_; }
    /// The engine commits the next transaction. Requires one.
    const Entry& make_visible();

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
    Place visible_to_ = 0;
    Table visible_{};
    Table written_{};
    bool locked_ = false;
};

}  // namespace doppel::simulation
