// SPDX-License-Identifier: Apache-2.0
#include "base/byte_writer.hpp"
#include "binlog/transaction_reader.hpp"
#include "unit/binlog/event_builder.hpp"
#include "unit/binlog/sample_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

using namespace test;  // NOLINT: the builders of this test
using testing::ElementsAre;

class Grammar : public testing::Test {
protected:
    Grammar() { handler.wanted = sample_tables(); }

    /// Feeds all of them; none may fail.
    void feed(const std::vector<std::string>& events) {
        for (const auto& event : events) {
            const auto failure = reader.feed(event);
            EXPECT_FALSE(failure.has_value()) << failure->message;
        }
    }
    /// The failure of an event that must fail.
    std::string failure_of(const std::string& event) {
        const auto failure = reader.feed(event);
        EXPECT_TRUE(failure.has_value());
        return failure ? failure->message : "";
    }

    RecordingHandler handler;
    TransactionReader reader{handler, mysql::FileOffset{"b.1", 4}};
};

TEST_F(Grammar, ATransactionIsFromGtidToXid) {
    feed({make_rotate("b.1"), make_format_description()});
    feed({make_gtid(1, 100)});
    EXPECT_TRUE(reader.in_transaction());
    feed({make_query("BEGIN", 200), make_table_map(5, "t"), make_insert(5, 42), make_xid(300)});
    EXPECT_FALSE(reader.in_transaction());
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "rows t insert (42)", "end"));
    EXPECT_THAT(handler.ends, ElementsAre(300U));
}

TEST_F(Grammar, ADdlStatementIsATransactionOfItsOwn) {
    feed({make_gtid(1), make_query("TRUNCATE TABLE t")});
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "query s TRUNCATE TABLE t", "end"));
}

TEST_F(Grammar, StatementsInsideATransactionDoNotEndIt) {
    feed(
        {make_gtid(1),
         make_query("BEGIN"),
         make_query("SAVEPOINT `a`"),
         make_query("CREATE TABLE t (id INT)"),
         make_query("ROLLBACK TO `a`"),
         make_query("COMMIT")}
    );
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "query s CREATE TABLE t (id INT)", "end"));
}

TEST_F(Grammar, TransactionsWithoutGtidBeginWithTheirFirstEvent) {
    feed(
        {make_query("BEGIN"),
         make_table_map(5, "t"),
         make_insert(5, 1),
         make_query("ROLLBACK"),
         make_query("DROP TABLE x")}
    );
    EXPECT_THAT(
        handler.lines,
        ElementsAre("begin", "rows t insert (1)", "end", "begin", "query s DROP TABLE x", "end")
    );
}

TEST_F(Grammar, XaTransactionsEndWithPrepareAndAgainWithCommit) {
    base::ByteWriter prepare;
    prepare.u8(0).u32(1).u32(1).u32(0).bytes("g");
    feed(
        {make_gtid(1),
         make_query("XA START X'67',X'',1"),
         make_table_map(5, "t"),
         make_insert(5, 1),
         make_query("XA END X'67',X'',1"),
         make_event(EventType::xa_prepare, prepare.str()),
         make_gtid(2),
         make_query("XA COMMIT X'6a',X'',1"),
         make_gtid(3),
         make_query("XA ROLLBACK x'67',x'',1")}
    );
    EXPECT_THAT(
        handler.lines,
        ElementsAre(
            "begin ",
            "rows t insert (1)",
            "xa prepare X'67',X'',1",
            "end",
            "begin ",
            "xa commit X'6A',X'',1",
            "end",
            "begin ",
            "xa rollback X'67',X'',1",
            "end"
        )
    );
}

TEST_F(Grammar, AnXaTransactionOfOnePhaseIsCommittedByItsPrepareEvent) {
    base::ByteWriter prepare;
    prepare.u8(1).u32(1).u32(1).u32(0).bytes("g");
    feed(
        {make_gtid(1),
         make_query("XA START X'67',X'',1"),
         make_event(EventType::xa_prepare, prepare.str())}
    );
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "end"));
}

TEST_F(Grammar, ATransactionCutOffByAServerCrashIsVoid) {
    feed({make_rotate("b.1"), make_gtid(1), make_query("BEGIN"), make_table_map(5, "t")});
    feed({make_rotate("b.2"), make_format_description(1)});
    EXPECT_FALSE(reader.in_transaction());
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "rotate b.2:4", "restart"));
    EXPECT_TRUE(reader.feed(make_insert(5, 1)).has_value());
}

TEST_F(Grammar, RowsNeedATransactionAndATable) {
    EXPECT_THAT(failure_of(make_insert(5, 1)), testing::HasSubstr("outside a transaction"));
    reader.restart();
    feed({make_gtid(1), make_query("BEGIN")});
    EXPECT_THAT(failure_of(make_insert(5, 1)), testing::HasSubstr("unknown table id 5"));
}

TEST_F(Grammar, ARowEventOfNoTableMeansNothing) {
    base::ByteWriter writer;
    writer.little_endian(0xffffff, 6).u16(1).u16(2).u8(0);
    feed({make_gtid(1), make_query("BEGIN"), make_event(EventType::write_rows, writer.str())});
}

TEST_F(Grammar, MisplacedEventsFail) {
    EXPECT_TRUE(reader.feed(make_xid()).has_value());
    EXPECT_THAT(failure_of(make_gtid(1)), testing::HasSubstr("failed before"));
    reader.restart();
    EXPECT_TRUE(reader.feed(make_table_map(1, "t")).has_value());
    reader.restart();
    feed({make_gtid(1)});
    EXPECT_TRUE(reader.feed(make_gtid(2)).has_value());
}

TEST_F(Grammar, TablesOfNoInterestAreSkippedUndecoded) {
    // Its row event is nonsense behind the table id.
    base::ByteWriter writer;
    writer.little_endian(6, 6).bytes("nonsense");
    feed(
        {make_gtid(1),
         make_query("BEGIN"),
         make_table_map(6, "other"),
         make_event(EventType::write_rows, writer.str()),
         make_xid()}
    );
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "end"));
}

TEST_F(Grammar, ADefinitionIsAskedForOnceUntilItChanges) {
    for (int i = 0; i < 3; ++i) {
        feed({make_gtid(1), make_query("BEGIN"), make_table_map(5, "t"), make_xid()});
    }
    EXPECT_EQ(handler.tables_asked, 1U);
    feed({make_gtid(2), make_query("BEGIN"), make_table_map(5, "t", true), make_xid()});
    EXPECT_EQ(handler.tables_asked, 2U);
    feed({make_format_description()});
    feed({make_gtid(3), make_query("BEGIN"), make_table_map(5, "t", true), make_xid()});
    EXPECT_EQ(handler.tables_asked, 3U);
}

TEST_F(Grammar, AnotherNumberOfColumnsThanInTheTableMapFails) {
    feed({make_gtid(1), make_query("BEGIN"), make_table_map(5, "t", true)});
    EXPECT_THAT(failure_of(make_insert(5, 1)), testing::HasSubstr("number of columns"));
}

TEST_F(Grammar, TellsWhereATransactionStands) {
    feed({make_rotate("b.1"), make_format_description()});
    feed({make_gtid(17, 200), make_query("BEGIN", 300)});
    const auto begin = 200 - static_cast<int>(make_gtid(17).size());
    EXPECT_EQ(
        reader.place(),
        "b.1:" + std::to_string(begin) +
            ", GTID 30313233-3435-3637-3839-616263646566:17, connection 77"
    );
    feed({make_xid(400)});
    EXPECT_EQ(reader.place(), "b.1:" + std::to_string(400 - make_xid().size()));
    feed({make_gtid(18, 500)});
    EXPECT_EQ(reader.place().find("connection"), std::string::npos) << "that of another one";
}

TEST_F(Grammar, AnIdIsThatOfTheLastTableMap) {
    feed({make_gtid(1), make_query("BEGIN"), make_table_map(5, "t"), make_insert(5, 1), make_xid()}
    );
    feed({make_gtid(2), make_query("BEGIN"), make_table_map(5, "x"), make_insert(5, 2), make_xid()}
    );
    feed({make_gtid(3), make_query("BEGIN"), make_table_map(5, "t"), make_insert(5, 3), make_xid()}
    );
    EXPECT_THAT(handler.lines, testing::Contains("rows t insert (1)"));
    EXPECT_THAT(handler.lines, testing::Not(testing::Contains("rows t insert (2)")));
    EXPECT_THAT(handler.lines, testing::Contains("rows t insert (3)"));
}

TEST_F(Grammar, FlagsThatAreNotKnownChangeNothing) {
    constexpr std::uint16_t kUnknown = 0x7c00;
    const std::string row = make_insert(5, 1);
    feed(
        {make_gtid(1),
         make_query("BEGIN"),
         make_table_map(5, "t"),
         make_event(EventType::write_rows, row.substr(kEventHeaderBytes), 0, kUnknown)}
    );
    std::string flags_of_rows = make_insert(5, 2);
    flags_of_rows[kEventHeaderBytes + 6] = '\x7f';
    feed({flags_of_rows, make_xid()});
    EXPECT_THAT(
        handler.lines, ElementsAre("begin ", "rows t insert (1)", "rows t insert (2)", "end")
    );
}

TEST_F(Grammar, UnknownEventsAreToldWithTheirFlag) {
    const auto strange = static_cast<EventType>(77);
    feed({make_event(strange, "x"), make_event(strange, "x", 0, EventHeader::kFlagIgnorable)});
    EXPECT_THAT(handler.lines, ElementsAre("unknown 77", "unknown 77 ignorable"));
}

TEST_F(Grammar, SignsOfStatementFormatAreTold) {
    feed(
        {make_gtid(1),
         make_query("BEGIN"),
         make_event(EventType::intvar, "x"),
         make_event(EventType::rand, "x"),
         make_query("INSERT INTO t VALUES (RAND())"),
         make_xid()}
    );
    EXPECT_THAT(
        handler.lines,
        ElementsAre(
            "begin ", "sign INTVAR", "sign RAND", "query s INSERT INTO t VALUES (RAND())", "end"
        )
    );
}

TEST_F(Grammar, AnIncidentIsATransactionOfItsOwn) {
    base::ByteWriter writer;
    writer.u16(1).u8(4).bytes("lost");
    feed({make_gtid(1), make_event(EventType::incident, writer.str())});
    EXPECT_THAT(handler.lines, ElementsAre("begin ", "incident lost", "end"));
}

TEST_F(Grammar, MariadbGtidsStandForBegin) {
    base::ByteWriter transaction;
    transaction.u64(1).u32(0).u8(0).zeros(6);
    base::ByteWriter standalone;
    standalone.u64(1).u32(0).u8(1).zeros(6);
    feed(
        {make_event(EventType::mariadb_gtid, transaction.str()),
         make_query("CREATE TABLE t"),
         make_table_map(5, "t"),
         make_insert(5, 1),
         make_xid(),
         make_event(EventType::mariadb_gtid, standalone.str()),
         make_query("DROP TABLE t")}
    );
    EXPECT_THAT(
        handler.lines,
        ElementsAre(
            "begin",
            "query s CREATE TABLE t",
            "rows t insert (1)",
            "end",
            "begin",
            "query s DROP TABLE t",
            "end"
        )
    );
}

}  // namespace
}  // namespace doppel::binlog
