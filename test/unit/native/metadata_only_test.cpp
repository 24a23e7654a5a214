// SPDX-License-Identifier: Apache-2.0
#include "native/metadata_only.hpp"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::native {
namespace {

using ::testing::HasSubstr;

schema::TableDefinition table() {
    schema::TableDefinition definition;
    schema::Column id;
    id.name = "id";
    id.data_type = "int";
    schema::Column text;
    text.name = "v";
    text.data_type = "varchar";
    text.nullable = false;
    definition.columns = {id, text};
    schema::Index primary{"PRIMARY", true, true, "BTREE", {}, ""};
    schema::Index unique{"u", true, true, "BTREE", {}, ""};
    schema::Index plain{"k", false, true, "BTREE", {}, ""};
    definition.indexes = {primary, unique, plain};
    return definition;
}

std::string reason(const std::string& clauses, const schema::TableDefinition& source = table()) {
    const auto parsed = statement::parse_alter("ALTER TABLE t " + clauses);
    if (!parsed) {
        throw std::invalid_argument(parsed.failure().message);
    }
    return needs_more_than_metadata(source, *parsed).value_or("");
}

TEST(MetadataOnly, AcceptsWhatTheManualSaysNeedsNoRebuild) {
    for (const char* clauses :
         {"DROP INDEX k",
          "DROP INDEX u",
          "RENAME INDEX k TO kk",
          "ALTER INDEX k INVISIBLE",
          "RENAME COLUMN id TO i",
          "ALTER COLUMN id SET DEFAULT 3",
          "ALTER COLUMN id DROP DEFAULT",
          "DROP CHECK c",
          "DROP FOREIGN KEY f",
          "COMMENT 'x'",
          "AUTO_INCREMENT = 3",
          "STATS_PERSISTENT=0, STATS_AUTO_RECALC=1, STATS_SAMPLE_PAGES=5",
          "DEFAULT CHARSET latin1 COLLATE latin1_bin",
          "MODIFY v VARCHAR(255) NOT NULL",
          "MODIFY COLUMN `v` varchar(255) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT "
          "'x' "
          "COMMENT 'y'",
          "CHANGE COLUMN v w VARCHAR(9) NOT NULL",
          "ALGORITHM=INPLACE, LOCK=NONE, DROP INDEX k"}) {
        EXPECT_EQ(reason(clauses), "") << clauses;
    }
}

TEST(MetadataOnly, RejectsWhatMayRebuildOrScan) {
    for (const char* clauses :
         {"ADD COLUMN n INT",
          "DROP COLUMN id",
          "ADD INDEX (id)",
          "ADD PRIMARY KEY (id)",
          "DROP PRIMARY KEY",
          "DROP INDEX `PRIMARY`",
          "FORCE",
          "ENGINE=InnoDB",
          "ROW_FORMAT=COMPRESSED",
          "KEY_BLOCK_SIZE=8",
          "CONVERT TO CHARACTER SET utf8mb4",
          "ORDER BY id",
          "PARTITION BY HASH (id)",
          "ADD CHECK (id > 0)",
          "ADD FOREIGN KEY (id) REFERENCES p (id)",
          "DROP INDEX k, ADD COLUMN n INT",
          "MODIFY id BIGINT",
          "MODIFY v VARCHAR(255)",
          "MODIFY v VARCHAR(255) NULL",
          "MODIFY v VARCHAR(255) NOT NULL FIRST",
          "MODIFY v VARCHAR(255) NOT NULL AFTER id",
          "MODIFY v VARCHAR(255) NOT NULL UNIQUE",
          "MODIFY v VARCHAR(255) NOT NULL CHECK (v <> '')",
          "MODIFY v VARCHAR(255) AS (id) NOT NULL",
          "MODIFY v VARCHAR(255) NOT NULL DEFAULT (uuid())",
          "MODIFY v TEXT NOT NULL",
          "MODIFY v VARCHAR(255) /*!80013 NOT NULL */",
          "MODIFY v VARCHAR(255) NOT NULL COMMENT",
          "MODIFY nothing VARCHAR(255) NOT NULL"}) {
        EXPECT_NE(reason(clauses), "") << clauses;
    }
}

// Without a PRIMARY KEY the rows are ordered by the first unique index on NOT NULL columns.
TEST(MetadataOnly, RejectsDroppingAUniqueIndexThatMayOrderTheRows) {
    schema::TableDefinition definition = table();
    definition.indexes.erase(definition.indexes.begin());
    EXPECT_THAT(reason("DROP INDEX u", definition), HasSubstr("may order the rows"));
    EXPECT_THAT(reason("DROP CONSTRAINT u", definition), HasSubstr("may order the rows"));
    EXPECT_EQ(reason("DROP INDEX k", definition), "");
}

}  // namespace
}  // namespace doppel::native
