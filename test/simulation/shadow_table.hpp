// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/table.hpp"

#include <vector>

namespace doppel::simulation {

/// The shadow with its UNIQUE index. Sessions hold locks on keys and unique values that they
/// touched until their commit is visible; in READ COMMITTED there are no others.
class ShadowTable final {
public:
    enum class Outcome {
        done,
        wait,       ///< somebody else holds a lock
        duplicate,  ///< another row has the unique value
        row_there,  ///< the key has a row
    };

    ShadowTable();

    Outcome erase(int session, int key);
    Outcome insert(int session, int key, const Row& row);
    /// The same, but a row of the key takes the values.
    Outcome put(int session, int key, const Row& row);
    void commit(int session);
    void rollback(int session);

    [[nodiscard]] bool any_transaction() const { return !undo_.empty(); }
    [[nodiscard]] bool in_transaction(int session) const;
    [[nodiscard]] const Table& rows() const { return rows_; }

private:
    struct Undo {
        int session;
        int key;
        Row row;  ///< before
    };
    static constexpr int kNobody = -1;

    [[nodiscard]] static bool foreign(int owner, int session) {
        return owner != kNobody && owner != session;
    }
    void change(int session, int key, const Row& row);
    void lock(int session, int key, const Row& row);
    void release(int session);

    Table rows_{};
    std::array<int, kKeys> key_owner_{};
    std::array<int, kValues> value_owner_{};
    std::vector<Undo> undo_;
};

}  // namespace doppel::simulation
