// SPDX-License-Identifier: Apache-2.0
#include "base/byte_writer.hpp"
#include "binlog/key_extractor.hpp"
#include "binlog/row_image.hpp"
#include "binlog/transaction_reader.hpp"
#include "unit/binlog/event_builder.hpp"
#include "unit/binlog/sample_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

using namespace test;  // NOLINT: the builders of this test
using mysql::KeyColumn;
using mysql::KeyKind;
using mysql::KeyShape;

TableMap table_of(std::vector<Column> columns) {
    TableMap map;
    map.schema = "s";
    map.table = "t";
    map.columns = std::move(columns);
    return map;
}

Column column(ColumnType type, std::uint16_t length = 0, std::uint8_t scale = 0) {
    return {type, length, scale, false, std::nullopt};
}

/// The text of a key of one column whose image holds `bytes`.
std::string printed(Column definition, KeyKind kind, std::string bytes) {
    const KeyShape shape({KeyColumn{"k", kind, 0, "", ""}});
    const auto map = table_of({definition});
    const auto extractor = KeyExtractor::make(map, TableInterest::keys(0, shape, {0}));
    if (!extractor) {
        return extractor.failure().message;
    }
    std::string key;
    const char* failure = extractor->append({{PickedValue::State::present, bytes}}, false, key);
    return failure != nullptr ? failure : shape.literals(mysql::Key{key}).at(0);
}

TEST(KeyExtractor, PrintsTheTemporalTypesOfOldServers) {
    using T = ColumnType;
    base::ByteWriter datetime;
    datetime.u64(20240229235958ULL);
    EXPECT_EQ(
        printed(column(T::datetime_old), KeyKind::datetime, datetime.str()), "'2024-02-29 23:59:58'"
    );
    base::ByteWriter epoch;
    epoch.u32(1709251198);
    EXPECT_EQ(
        printed(column(T::timestamp_old), KeyKind::timestamp, epoch.str()), "'2024-02-29 23:59:58'"
    );
    base::ByteWriter time;
    time.u24(0x1000000 - 1'123'456);
    EXPECT_EQ(printed(column(T::time_old), KeyKind::time, time.str()), "'-112:34:56'");
}

TEST(KeyExtractor, EncodesBitsAndMembersAsNumbers) {
    using T = ColumnType;
    EXPECT_EQ(printed(column(T::bit, 2), KeyKind::bits, {"\x01\x02", 2}), "258");
    EXPECT_EQ(
        printed(column(T::bit, 8), KeyKind::bits, std::string(8, '\xff')), "18446744073709551615"
    );
    EXPECT_EQ(printed(column(T::set, 2), KeyKind::set, {"\x01\x02", 2}), "513");
}

TEST(KeyExtractor, TellsTimestampsFromDatetimes) {
    using T = ColumnType;
    const std::string epoch = {"\x67\x1d\x8c\xd8\x19", 5};
    EXPECT_EQ(
        printed(column(T::timestamp2, 2), KeyKind::timestamp, epoch), "'2024-10-27 00:44:08.25'"
    );
    EXPECT_THAT(
        printed(column(T::timestamp2, 2), KeyKind::datetime, epoch),
        testing::HasSubstr("not planned")
    );
}

TEST(KeyExtractor, MalformedValuesFail) {
    using T = ColumnType;
    EXPECT_EQ(
        printed(column(T::newdecimal, 9, 0), KeyKind::decimal, "\xff\xff\xff\xff"),
        "a key value is malformed"
    );
    EXPECT_EQ(
        printed(column(T::datetime2, 0), KeyKind::datetime, std::string(5, '\0')),
        "a key value is malformed"
    );
    EXPECT_EQ(
        printed(column(T::datetime_old), KeyKind::datetime, std::string(8, '\xff')),
        "a key value is malformed"
    );
}

TEST(KeyExtractor, RefusesTypesThatWereNotPlanned) {
    using T = ColumnType;
    EXPECT_THAT(
        printed(column(T::json, 4), KeyKind::text, ""),
        testing::HasSubstr("key column k of s.t has type JSON")
    );
    auto unsigned_column = column(T::long_integer);
    unsigned_column.is_unsigned = true;
    EXPECT_THAT(
        printed(unsigned_column, KeyKind::signed_integer, "1234"), testing::HasSubstr("not planned")
    );
    const KeyShape shape({KeyColumn{"k", KeyKind::year, 0, "", ""}});
    const auto map = table_of({column(T::year)});
    EXPECT_FALSE(KeyExtractor::make(map, TableInterest::keys(0, shape, {1})).ok());
    EXPECT_FALSE(KeyExtractor::make(map, TableInterest::keys(0, shape, {})).ok());
    EXPECT_FALSE(KeyExtractor::make(map, TableInterest::keys(0, shape, {0}, {{}, {}})).ok());
}

TEST(KeyExtractor, NullAndMissingColumnsFail) {
    const KeyShape shape({KeyColumn{"k", KeyKind::year, 0, "", ""}});
    const auto map = table_of({column(ColumnType::year)});
    const auto interest = TableInterest::keys(0, shape, {0});
    const auto extractor = KeyExtractor::make(map, interest);
    ASSERT_TRUE(extractor.ok());
    std::string out;
    EXPECT_STREQ(
        extractor->append({{PickedValue::State::null, {}}}, true, out), "a key column is NULL"
    );
    EXPECT_NE(extractor->append({{PickedValue::State::absent, {}}}, true, out), nullptr);
}

TEST(RowWalker, NeverReadsBehindTheImage) {
    const auto map = table_of(
        {column(ColumnType::long_integer),
         column(ColumnType::varchar, 300),
         column(ColumnType::blob, 4),
         column(ColumnType::newdecimal, 65, 30)}
    );
    const RowWalker walker(map, {1});
    base::ByteWriter image;
    image.u8(0).u32(7).u16(3).bytes("abc").u32(2).bytes("xy").zeros(30);
    std::vector<PickedValue> values(1);
    for (std::size_t size = 0; size < image.str().size(); ++size) {
        auto cut = std::string_view(image.str()).substr(0, size);
        EXPECT_FALSE(walker.next(cut, "\xff", values)) << size;
    }
    std::string_view whole = image.str();
    ASSERT_TRUE(walker.next(whole, "\xff", values));
    EXPECT_TRUE(whole.empty());
    EXPECT_EQ(values[0].bytes, "abc");
    EXPECT_FALSE(walker.next(whole, "", values));
}

TEST(RowsHeader, SkipsExtraData) {
    base::ByteWriter writer;
    writer.little_endian(5, 6).u16(1).u16(6).bytes("xtra").u8(3).u8(7).u8(5).bytes("rows");
    const auto header = parse_rows_header(EventType::update_rows, writer.str());
    ASSERT_TRUE(header.ok());
    EXPECT_EQ(header->table_id, 5U);
    EXPECT_EQ(header->column_count, 3U);
    EXPECT_EQ(header->before_columns, "\7");
    EXPECT_EQ(header->after_columns, "\5");
    EXPECT_EQ(header->rows, "rows");
    for (std::size_t size = 0; size < 17; ++size) {
        const auto cut = writer.str().substr(0, size);
        EXPECT_FALSE(parse_rows_header(EventType::update_rows, cut).ok()) << size;
    }
}

TEST(RowsHeader, VersionOneHasNoExtraData) {
    base::ByteWriter writer;
    writer.little_endian(5, 6).u16(1).u8(3).u8(7).bytes("rows");
    const auto header = parse_rows_header(EventType::delete_rows_v1, writer.str());
    ASSERT_TRUE(header.ok());
    EXPECT_EQ(header->change, RowChange::remove);
    EXPECT_EQ(header->rows, "rows");
}

/// Keeps how much one delivery holds.
class CountingHandler final : public EventHandler {
public:
    explicit CountingHandler(TableInterest interest) : interest_(std::move(interest)) {}
    TableInterest on_table_map(const TableMap&) override { return interest_; }
    void on_rows(const RowsView& view) override {
        rows += view.rows;
        keys += view.keys.size();
        most_bytes = std::max(most_bytes, view.keys.bytes());
    }
    void on_query(const QueryView&) override {}
    void on_transaction_end(const StreamPosition&) override {}
    void on_unknown(EventType, bool) override {}

    std::size_t rows = 0;
    std::size_t keys = 0;
    std::size_t most_bytes = 0;

private:
    TableInterest interest_;
};

std::string many_rows(std::uint32_t count) {
    base::ByteWriter writer;
    writer.little_endian(5, 6).u16(1).u16(2).u8(2).u8(0xff);
    for (std::uint32_t i = 0; i < count; ++i) {
        writer.u8(0).u32(i).u32(0);
    }
    return make_event(EventType::write_rows, writer.str());
}

TEST(Rows, OfAHugeEventComeInBatches) {
    const KeyShape shape({KeyColumn{"id", KeyKind::signed_integer, 0, "", ""}});
    CountingHandler handler(TableInterest::keys(0, shape, {0}));
    TransactionReader reader(handler, mysql::FileOffset{"b", 4});
    for (const auto& event : {make_gtid(1), make_query("BEGIN"), make_table_map(5, "t")}) {
        ASSERT_FALSE(reader.feed(event));
    }
    ASSERT_FALSE(reader.feed(many_rows(100'000)));
    EXPECT_EQ(handler.rows, 100'000U);
    EXPECT_EQ(handler.keys, 100'000U);
    EXPECT_LE(handler.most_bytes, 70'000U);
}

TEST(Rows, CanBeCountedWithoutKeys) {
    CountingHandler handler(TableInterest::count(0));
    TransactionReader reader(handler, mysql::FileOffset{"b", 4});
    for (const auto& event : {make_gtid(1), make_query("BEGIN"), make_table_map(5, "t")}) {
        ASSERT_FALSE(reader.feed(event));
    }
    ASSERT_FALSE(reader.feed(many_rows(1'000)));
    EXPECT_EQ(handler.rows, 1'000U);
    EXPECT_EQ(handler.keys, 0U);
}

TEST(Rows, AMarkerNeedsIntegerColumns) {
    CountingHandler handler(TableInterest::marker(0, 0, 2));
    TransactionReader reader(handler, mysql::FileOffset{"b", 4});
    for (const auto& event : {make_gtid(1), make_query("BEGIN")}) {
        ASSERT_FALSE(reader.feed(event));
    }
    EXPECT_TRUE(reader.feed(make_table_map(5, "t")).has_value());
}

}  // namespace
}  // namespace doppel::binlog
