// SPDX-License-Identifier: Apache-2.0
//
// Columns that change their names, under concurrent change: what was in which column is what a peer
// lost. A native ALTER of the twin tells what must be where.
#include "support/key_case.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

KeyCase renames(std::string name, std::string clauses, std::string order_by = "id") {
    KeyCase key;
    key.name = std::move(name);
    key.definition =
        "id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b INT NOT NULL, c VARCHAR(20) NOT NULL, "
        "d INT GENERATED ALWAYS AS (a + 1) STORED, KEY by_a (a), KEY by_c_b (c, b)";
    key.columns = {"id", "a", "b", "c"};
    key.values = [](unsigned n, unsigned variant) {
        return std::vector<std::string>{
            std::to_string(n),
            std::to_string(1'000 + n),
            std::to_string(2'000 + n),
            fmt::format("'c{}{}'", n, variant)};
    };
    key.address = {"id"};
    key.clauses = std::move(clauses);
    key.order_by = std::move(order_by);
    key.until_swapped = true;
    return key;
}

TEST(Renames, PutEveryValueWhereANativeAlterPutsIt) {
    const Sandbox sandbox;
    const std::string no_d = "DROP COLUMN d, ";
    run_key_cases(
        sandbox,
        {
            renames("Swap", no_d + "RENAME COLUMN a TO b, RENAME COLUMN b TO a"),
            renames(
                "Chain", no_d + "RENAME COLUMN c TO e, RENAME COLUMN b TO c, CHANGE a b BIGINT"
            ),
            renames(
                "ThreeCycle",
                no_d + "CHANGE a b VARCHAR(30), CHANGE b c INT FIRST, RENAME COLUMN c TO a"
            ),
            renames("NewOfTheOldName", no_d + "RENAME COLUMN a TO x, ADD COLUMN a INT DEFAULT 7"),
            renames("TakesTheNameOfADropped", "DROP COLUMN d, DROP COLUMN a, RENAME COLUMN b TO a"),
            renames("DroppedAndAdded", "DROP COLUMN d, DROP COLUMN a, ADD COLUMN a INT DEFAULT 3"),
            renames("CaseOnly", no_d + "RENAME COLUMN a TO A, CHANGE c `C` VARCHAR(25)"),
            renames("SwapOfTheKey", no_d + "RENAME COLUMN id TO a, RENAME COLUMN a TO id", "a"),
            renames("KeyInAChain", no_d + "CHANGE id b BIGINT, CHANGE b a INT, DROP COLUMN a", "b"),
            renames("Generated", "RENAME COLUMN d TO e, RENAME COLUMN b TO d"),
            renames("OddNames", no_d + "RENAME COLUMN a TO `a``b`, RENAME COLUMN b TO `select`"),
        }
    );
}

}  // namespace
}  // namespace doppel::test
