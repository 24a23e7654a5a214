// SPDX-License-Identifier: Apache-2.0
#include "verify/compare_statement.hpp"

#include "unit/schema/builders.hpp"

#include <gmock/gmock.h>

namespace doppel::verify {
namespace {

using testing::HasSubstr;
using testing::Not;

Subject subject() {
    const auto source = schema::test::table(
        {schema::test::column("id", "int"),
         schema::test::column("a", "varchar(10)"),
         schema::test::column("n", "varchar(10)")}
    );
    const auto shadow = schema::test::table(
        {schema::test::column("key", "bigint"),
         schema::test::column("b", "varchar(10)"),
         schema::test::column("n", "int")},
        {schema::test::index("k2", {"key"})}
    );
    mysql::KeyColumn id;
    id.name = "id";
    mysql::TablePair tables{
        {"s", "t"}, {"s", "_t_new"}, {}, "PRIMARY", mysql::KeyShape({id}), {"id"}, {"key"}, "", ""};
    return make_subject(
               tables, "k2", source, shadow, {{"id", "key"}, {"a", "b"}, {"n", "n"}}
    ).value();
}

Area first_row(const Subject& compared) {
    const std::vector<mysql::Key> keys{
        compared.tables.shape.encode_text({std::string("1")}).value()};
    return area_of(compared, keys);
}

TEST(CompareStatement, ComparesEachColumnWithTheOneItWasCopiedTo) {
    const Subject compared = subject();
    EXPECT_EQ(
        differing_statement(compared, first_row(compared), 5),
        "SELECT /*+ MERGE(s, g) */ IF(g.`key` <=> s.`id`, 0, 1) AS kind, 0 AS number, s.`id` FROM "
        "(SELECT `id`, `a` FROM `s`.`t` FORCE INDEX (`PRIMARY`) WHERE `id` IN (1)) AS s LEFT JOIN "
        "(SELECT `key`, `b` FROM `s`.`_t_new` FORCE INDEX (`k2`)) AS g ON g.`key` = s.`id` WHERE "
        "NOT (g.`key` <=> s.`id` AND s.`id` <=> g.`key` AND s.`a` <=> g.`b` COLLATE utf8mb4_bin "
        "AND LENGTH(s.`a`) <=> LENGTH(g.`b`)) LIMIT 5"
    );
}

TEST(CompareStatement, ConvertedColumnsGoThroughTheScratchTable) {
    const Subject compared = subject();
    ASSERT_TRUE(compared.converts());
    EXPECT_THAT(differing_statement(compared, first_row(compared), 5), Not(HasSubstr("`n`")));
    EXPECT_EQ(
        convert_statement(compared, first_row(compared)),
        "INSERT INTO `s`.`_doppel_compared` (`k1`, `c1`) SELECT `id`, `n` FROM `s`.`t` FORCE INDEX "
        "(`PRIMARY`) WHERE `id` IN (1)"
    );
    EXPECT_EQ(
        create_scratch_statement(compared),
        "CREATE TEMPORARY TABLE `s`.`_doppel_compared` (`k1` int NOT NULL, PRIMARY KEY (`k1`)) "
        "ENGINE=InnoDB SELECT NULL AS k1, `n` AS c1 FROM `s`.`_t_new` WHERE FALSE"
    );
    EXPECT_THAT(converted_statement(compared, 5), HasSubstr("s.`c1` <=> g.`n`"));
}

TEST(CompareStatement, TheScratchTableHidesNoTableThatIsRead) {
    mysql::KeyColumn id;
    id.name = "id";
    const auto table = schema::test::table(
        {schema::test::column("id", "int")}, {schema::test::index("PRIMARY", {"id"})}
    );
    mysql::TablePair tables{
        {"s", "_DOPPEL_compared"},
        {"s", "_doppel_compared_"},
        {},
        "PRIMARY",
        mysql::KeyShape({id}),
        {"id"},
        {"id"},
        "",
        ""};
    EXPECT_EQ(
        make_subject(tables, "PRIMARY", table, table, {}).value().scratch.table,
        "_doppel_compared__"
    );
}

}  // namespace
}  // namespace doppel::verify
