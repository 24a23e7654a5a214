// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

#include <cstdint>
#include <vector>

namespace doppel::simulation {

/// Writes to the source: transactions of several statements, key updates, unique values that move
/// between rows in one transaction or several, in either order, XA. Ends after some transactions,
/// with unique values.
class Application final {
public:
    explicit Application(World& world);

    /// Rows and transactions from before the feed's start position, some not visible yet.
    void begin();
    bool step();
    /// The server has crashed: only what is in the binlog is prepared, or has ended.
    void on_crash();
    /// A prepared transaction holds its metadata lock.
    [[nodiscard]] bool any_prepared() const { return !prepared_.empty(); }
    /// XIDs as XA RECOVER has them: from when their preparation is visible until their end is.
    [[nodiscard]] std::vector<unsigned> listed() const;

private:
    static constexpr std::size_t kPreparedMax = 2;

    /// A transaction while it is made. `values` are those of the unique column that it took or
    /// gave up: locked like its keys.
    struct Draft {
        Table table{};
        Entry entry;
        KeyMask keys = 0;
        KeyMask values = 0;
        Place place = 0;           ///< of XA PREPARE
        std::optional<Place> end;  ///< of XA COMMIT or XA ROLLBACK
    };

    [[nodiscard]] Draft make();
    void change(Draft& draft);
    void change_pair(Draft& draft, int first, int second, std::size_t kind);
    void set(Draft& draft, int key, Row row, bool moves_away = false);
    [[nodiscard]] Row new_row(const Draft& draft);
    [[nodiscard]] Row with_unique(int unique);
    [[nodiscard]] int free_value(const Draft& draft);
    [[nodiscard]] bool is_locked(int key) const { return (locked_keys_ & bit(key)) != 0; }
    [[nodiscard]] bool take_back();
    void write();
    void prepare(Draft draft);
    void end_prepared();
    void hold_locks_of_prepared();
    void note(const char* what, const Entry& entry, Place place);

    World& world_;
    unsigned left_;
    bool uses_xa_;
    bool moves_values_;  ///< between rows, more than it does anything else
    bool lends_;  ///< lets two rows have one value for a while: the index is the shadow's alone
    int values_;  ///< how many of the unique values it uses
    std::uint16_t version_ = 0;
    std::vector<Draft> xa_drafts_;    ///< of all XA transactions; the index is the XID
    std::vector<unsigned> prepared_;  ///< XIDs
    KeyMask locked_keys_ = 0;
    KeyMask locked_values_ = 0;
};

}  // namespace doppel::simulation
