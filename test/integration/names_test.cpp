// SPDX-License-Identifier: Apache-2.0
// Names that need quoting must pass through every statement of a run.
#include "mysql/identifier.hpp"
#include "support/sandbox.hpp"

#include <gtest/gtest.h>

namespace doppel {
namespace {

using mysql::quote_identifier;
using test::Sandbox;
using test::Schema;

TEST(Names, AnyNameOfATableIsMigrated) {
    const Sandbox sandbox;
    Schema schema(sandbox, "s'é`\\");
    for (const std::string name :
         {"é", "日本", "o'brien", "a\\b", "a\"b", "t`o'\"é.日 x", "select", "1e5", "per%cent"}) {
        const std::string quoted = quote_identifier(name);
        schema.execute("CREATE TABLE " + quoted + " (`k'é` INT PRIMARY KEY, `\\` INT)");
        schema.execute("INSERT INTO " + quoted + " VALUES (1, 2), (3, 4)");
        const auto run = sandbox.run_doppel(
            "ALTER TABLE " + quote_identifier(schema.name()) + "." + quoted +
                " RENAME COLUMN `\\` TO `q'\"é`, ADD COLUMN x INT",
            {"--no-native", "--drop-old"}
        );
        EXPECT_EQ(run.code, 0) << name << ": " << run.out << run.err;
        EXPECT_EQ(schema.scalar("SELECT SUM(`q'\"é`) FROM " + quoted), "6") << name;
        EXPECT_EQ(schema.tables(), name);
        schema.execute("DROP TABLE " + quoted);
    }
}

}  // namespace
}  // namespace doppel
