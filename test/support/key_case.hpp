// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <functional>
#include <string>
#include <vector>

namespace doppel::test {

/// Values of the key columns for a number. Variants 0..3 of one number are equal to the server
/// where its collation says so, and bytewise different.
using KeyValues = std::function<std::vector<std::string>(unsigned number, unsigned variant)>;

/// A table by its key, and an ALTER of it.
struct KeyCase {
    std::string name;
    std::string definition;  ///< of the key columns and the key
    std::vector<std::string> columns;
    KeyValues values;
    std::string clauses = "ADD COLUMN note VARCHAR(10) NOT NULL DEFAULT 'new'";
    std::string order_by = {};               ///< of the rows afterwards; empty: the key columns
    std::vector<std::string> prologue = {};  ///< of every transaction
    /// Columns by which rows are addressed; empty: the key columns. Needed where the ALTER changes
    /// which values are equal, since the applications go on with `t` as it is and `twin` as it was.
    std::vector<std::string> address = {};
    /// The applications end when the table is swapped: their statements mean something else then. A
    /// column `live`, which is dropped on top of it all, tells them.
    bool until_swapped = false;
};

/// Migrates `t` while two applications insert, delete and update its rows and move them between
/// keys; expects what a native ALTER makes of a twin that saw the same transactions. In a schema of
/// its own, so several may run at a time.
void run_key_case(const Sandbox& sandbox, const KeyCase& key);

/// Some at a time, so that two cores are busy.
void run_key_cases(const Sandbox& sandbox, const std::vector<KeyCase>& cases);

}  // namespace doppel::test
