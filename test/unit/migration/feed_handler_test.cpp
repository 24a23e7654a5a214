// SPDX-License-Identifier: Apache-2.0
#include "migration/feed_handler.hpp"

#include "async/asio.hpp"
#include "doppel/error.hpp"
#include "support/table_pairs.hpp"
#include "unit/schema/builders.hpp"
#include "verify/touched_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::migration {
namespace {

class FeedHandlerTest : public testing::Test {
protected:
    void deliver(std::int64_t key) {
        binlog::KeyBatch keys;
        keys.buffer() = doppel::test::integer_key(key).bytes;
        keys.close_key();
        handler_.on_rows({0, binlog::RowChange::update, 1, keys, 0});
    }
    void finish_copy() {
        const auto chunk = coordinator_.add_chunk(std::nullopt);
        coordinator_.open_chunk(chunk);
        fence();
        coordinator_.close_chunk(chunk);
    }
    void fence() { coordinator_.acknowledge_fence(coordinator_.issue_fence()); }
    std::size_t reconcile_all() {
        fence();
        const auto batch = coordinator_.take_batch();
        if (!batch) {
            return 0;
        }
        coordinator_.complete(*batch);
        return batch->keys.size();
    }

    boost::asio::io_context context_;
    mysql::TablePair tables_ = doppel::test::integer_pair();
    protocol::Coordinator coordinator_{true, {}};
    async::Event changed_{context_.get_executor()};
    std::vector<schema::Column> columns_{
        schema::test::column("id", "int"), schema::test::column("a", "decimal")};
    FeedHandler handler_{{tables_, {0}, {}, columns_, 3}, coordinator_, changed_};
};

binlog::TableMap table_map(const std::string& table, std::size_t columns) {
    binlog::TableMap map;
    map.schema = "shop";
    map.table = table;
    map.columns.resize(columns);
    for (auto& column : map.columns) {
        column.type = binlog::ColumnType::long_integer;
        column.is_unsigned = false;
    }
    if (columns > 1) {
        map.columns[1].type = binlog::ColumnType::newdecimal;
    }
    return map;
}

/// What an Error says; empty when none is thrown.
template <typename Action>
std::string said_by(Action action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Errc::failed);
        return error.what();
    }
    return "";
}

TEST_F(FeedHandlerTest, TellsWhichKeysItDelivers) {
    verify::TouchedKeys touched;
    coordinator_.tell([&](std::string_view key) { touched.note(key); });
    deliver(1);
    touched.begin();
    deliver(2);
    touched.end();
    EXPECT_EQ(touched.keys(), (std::vector{doppel::test::integer_key(2)}));
    handler_.on_xa_start();
    deliver(3);
    handler_.on_xa_prepare("x");
    touched.begin();
    handler_.on_xa_commit("x");
    EXPECT_EQ(touched.keys(), (std::vector{doppel::test::integer_key(3)})) << "visible only now";
}

TEST_F(FeedHandlerTest, ListensToSourceAndStateOnly) {
    using Kind = binlog::TableInterest::Kind;
    EXPECT_EQ(handler_.on_table_map(table_map("t", 2)).kind, Kind::keys);
    EXPECT_EQ(handler_.on_table_map(table_map("_t_doppel", 4)).kind, Kind::marker);
    EXPECT_EQ(handler_.on_table_map(table_map("_t_new", 2)).kind, Kind::skip);
    EXPECT_EQ(handler_.on_table_map(table_map("other", 2)).kind, Kind::skip);
}

TEST_F(FeedHandlerTest, ASourceWithAnotherNumberOfColumnsStopsTheRun) {
    EXPECT_THROW(handler_.on_table_map(table_map("t", 3)), Error);
}

TEST_F(FeedHandlerTest, ASourceWithOtherTypesStopsTheRun) {
    auto map = table_map("t", 2);
    map.columns[0].type = binlog::ColumnType::longlong;
    EXPECT_THAT(
        said_by([&] { (void)handler_.on_table_map(map); }),
        testing::HasSubstr("by a statement that is not in the binlog: column id (int) now has")
    );
    map = table_map("t", 2);
    map.columns[0].is_unsigned = true;
    EXPECT_THROW((void)handler_.on_table_map(map), Error);
}

TEST_F(FeedHandlerTest, ALayoutThatChangesBetweenEventsStopsTheRun) {
    auto map = table_map("t", 2);
    map.table_id = 5;
    (void)handler_.on_table_map(map);
    map.table_id = 6;  // the table was opened again
    EXPECT_NO_THROW((void)handler_.on_table_map(map));
    map.columns[1].nullable = true;
    EXPECT_THROW((void)handler_.on_table_map(map), Error);
}

TEST_F(FeedHandlerTest, XaTransactionsOfServersThatCommitThemOutOfOrderStopTheRun) {
    FeedHandler handler{{tables_, {0}, {}, columns_, 3, false}, coordinator_, changed_};
    handler.on_xa_start();
    handler.on_xa_prepare("X'2',X'',1");
    handler.on_transaction_end({});
    EXPECT_NO_THROW(handler.on_xa_commit("X'2',X'',1")) << "it changed nothing of the source";
    handler.on_xa_start();
    binlog::KeyBatch keys;
    keys.buffer() = doppel::test::integer_key(1).bytes;
    keys.close_key();
    handler.on_rows({0, binlog::RowChange::update, 1, keys, 0});
    handler.on_xa_prepare("X'1',X'',1");
    handler.on_transaction_end({});
    EXPECT_THAT(said_by([&] { handler.on_xa_commit("X'1',X'',1"); }), testing::HasSubstr("8.0.30"));
    EXPECT_THROW(handler.on_xa_commit("X'3',X'',1"), Error) << "no fence shows what it changed";
}

TEST_F(FeedHandlerTest, KeysOfPreparedTransactionsHaveALimit) {
    const std::size_t key_bytes = doppel::test::integer_key(1).bytes.size();
    FeedHandler handler{
        {tables_, {0}, {}, columns_, 3, true, 2 * key_bytes}, coordinator_, changed_};
    binlog::KeyBatch keys;
    keys.buffer() = doppel::test::integer_key(1).bytes;
    keys.close_key();
    const auto prepare = [&](const char* xid) {
        handler.on_xa_start();
        handler.on_rows({0, binlog::RowChange::update, 1, keys, 0});
        handler.on_xa_prepare(xid);
        handler.on_transaction_end({});
    };
    prepare("X'1',X'',1");
    prepare("X'2',X'',1");
    handler.on_xa_commit("X'1',X'',1");
    prepare("X'3',X'',1");
    handler.on_xa_rollback("X'3',X'',1");
    prepare("X'4',X'',1");
    EXPECT_THAT(said_by([&] { prepare("X'5',X'',1"); }), testing::HasSubstr("XA RECOVER"));
}

TEST_F(FeedHandlerTest, KeysOfAPreparedTransactionComeAgainWhenItCommits) {
    finish_copy();
    handler_.on_xa_start();
    deliver(1);
    deliver(2);
    handler_.on_xa_prepare("X'1',X'',1");
    handler_.on_transaction_end({});
    EXPECT_EQ(reconcile_all(), 2U) << "before the commit, for nothing";
    handler_.on_xa_commit("X'1',X'',1");
    handler_.on_transaction_end({});
    EXPECT_EQ(reconcile_all(), 2U);
}

TEST_F(FeedHandlerTest, ARolledBackTransactionIsForgotten) {
    finish_copy();
    handler_.on_xa_start();
    deliver(1);
    handler_.on_xa_prepare("X'1',X'',1");
    handler_.on_transaction_end({});
    handler_.on_xa_rollback("X'1',X'',1");
    EXPECT_THROW(handler_.on_xa_commit("X'1',X'',1"), Error);
}

TEST_F(FeedHandlerTest, ACommitOfAnUnknownTransactionStopsTheRunWhenTheCopyHasBegun) {
    fence();
    EXPECT_NO_THROW(handler_.on_xa_commit("X'8',X'',1"));
    const auto chunk = coordinator_.add_chunk(std::nullopt);
    coordinator_.open_chunk(chunk);
    EXPECT_FALSE(coordinator_.may_read(chunk)) << "before a fence shows what it changed";
    fence();
    EXPECT_TRUE(coordinator_.may_read(chunk));
    EXPECT_THROW(handler_.on_xa_commit("X'9',X'',1"), Error);
    EXPECT_NO_THROW(handler_.on_xa_rollback("X'9',X'',1")) << "it changed nothing";
}

TEST_F(FeedHandlerTest, ARunThatGoesOnPassesOverEndsThatTheEarlierOneHadRead) {
    finish_copy();
    handler_.pass_over_earlier_ends(true);
    EXPECT_NO_THROW(handler_.on_xa_commit("X'7',X'',1"));
    EXPECT_EQ(coordinator_.pending(), 0U);
    handler_.pass_over_earlier_ends(false);
    EXPECT_THROW(handler_.on_xa_commit("X'7',X'',1"), Error) << "nobody has read what it changed";
}

TEST_F(FeedHandlerTest, AccountsForXaTransactionsWhoseRowsOrEndItHasRead) {
    const std::string known = "X'1',X'',1";
    const std::string ended = "X'2',X'',1";
    handler_.on_xa_commit(ended);
    handler_.begin_noting_ends();
    EXPECT_FALSE(handler_.accounts_for(known));
    EXPECT_FALSE(handler_.accounts_for(ended)) << "that was one before, of the same name";
    handler_.on_xa_start();
    handler_.on_xa_prepare(known);
    EXPECT_TRUE(handler_.accounts_for(known));
    handler_.on_xa_commit(known);
    handler_.on_xa_rollback(ended);
    EXPECT_TRUE(handler_.accounts_for(known));
    EXPECT_TRUE(handler_.accounts_for(ended));
    handler_.stop_noting_ends();
    EXPECT_FALSE(handler_.accounts_for(ended));
}

TEST_F(FeedHandlerTest, StatementsThatChangeTheSourceStopTheRun) {
    EXPECT_THROW(handler_.on_query({"shop", "TRUNCATE t", 7}), Error);
    EXPECT_NO_THROW(handler_.on_query({"shop", "TRUNCATE other", 7}));
}

TEST_F(FeedHandlerTest, StatementsThatChangeTheShadowStopTheRun) {
    EXPECT_THROW(handler_.on_query({"shop", "TRUNCATE _t_new", 7}), Error);
    EXPECT_NO_THROW(handler_.on_query({"shop", "ALTER TABLE _t_new AUTO_INCREMENT = 9", 7}));
}

TEST_F(FeedHandlerTest, UnknownEventsStopTheRunUnlessTheyMayBeIgnored) {
    EXPECT_THROW(handler_.on_unknown(binlog::EventType{200}, false), Error);
    EXPECT_NO_THROW(handler_.on_unknown(binlog::EventType{200}, true));
    EXPECT_THROW(handler_.on_incident("lost"), Error);
}

TEST_F(FeedHandlerTest, MarkersOnlyGrow) {
    handler_.on_marker(1, 2, 10);
    handler_.on_marker(1, 2, 9);
    EXPECT_EQ(handler_.marker(2), 10U);
    EXPECT_EQ(handler_.marker(3), 0U);
}

TEST_F(FeedHandlerTest, IsFullAboveTheLimitAndWhileHeld) {
    finish_copy();
    for (std::int64_t key = 0; key < 4; ++key) {
        EXPECT_FALSE(handler_.is_full());
        deliver(key);
    }
    EXPECT_TRUE(handler_.is_full());
    reconcile_all();
    EXPECT_FALSE(handler_.is_full());
    handler_.hold(true);
    EXPECT_TRUE(handler_.is_full());
}

}  // namespace
}  // namespace doppel::migration
