// SPDX-License-Identifier: Apache-2.0
#include "binlog/table_map.hpp"

#include "base/byte_writer.hpp"
#include "unit/binlog/recording_handler.hpp"

#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

TableMap sample_map(const std::string& sample, const std::string& table) {
    const auto bytes = test::read_sample(sample);
    for (const auto raw : test::split_events(bytes)) {
        const auto event = parse_event(raw, std::nullopt);
        if (event.ok() && event->type() == EventType::table_map) {
            const auto map = TableMap::parse(event->body);
            EXPECT_TRUE(map.ok()) << map.failure().message;
            if (map.ok() && map->table == table) {
                return *map;
            }
        }
    }
    ADD_FAILURE() << table << " is not in " << sample;
    return {};
}

TEST(TableMap, KnowsEveryTypeOfMysql) {
    const auto map = sample_map("full.binlog", "t_all");
    EXPECT_EQ(map.schema, "s");
    using T = ColumnType;
    const std::vector<T> expected{
        T::long_integer,  T::tiny,       T::short_integer, T::int24,   T::longlong, T::float_number,
        T::double_number, T::newdecimal, T::bit,           T::bit,     T::bit,      T::date,
        T::time2,         T::datetime2,  T::timestamp2,    T::year,    T::string,   T::string,
        T::varchar,       T::varchar,    T::string,        T::varchar, T::blob,     T::blob,
        T::blob,          T::blob,       T::enumeration,   T::set,     T::json,     T::geometry,
        T::json,          T::vector};
    ASSERT_EQ(map.columns.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(map.columns[i].type, expected[i]) << i << " " << to_string(map.columns[i].type);
    }
    EXPECT_FALSE(map.columns[0].nullable);
    EXPECT_TRUE(map.columns[1].nullable);
    EXPECT_EQ(map.columns[7].length, 30);
    EXPECT_EQ(map.columns[7].scale, 10);
    EXPECT_EQ(map.columns[8].length, 1);
    EXPECT_EQ(map.columns[9].length, 8);
    EXPECT_EQ(map.columns[10].length, 2);
    EXPECT_EQ(map.columns[14].length, 6);
    EXPECT_EQ(map.columns[16].length, 12);
    EXPECT_EQ(map.columns[17].length, 800);
    EXPECT_EQ(map.columns[19].length, 8000);
}

TEST(TableMap, KnowsWhatIsUnsigned) {
    const auto map = sample_map("full.binlog", "k_int");
    const std::vector<bool> expected{false, true, false, true, false, true, false};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(map.columns[i].is_unsigned, expected[i]) << i;
    }
    // YEAR stands between and has a bit too.
    const auto all = sample_map("full.binlog", "t_all");
    EXPECT_EQ(all.columns[1].is_unsigned, true);
    EXPECT_EQ(all.columns[2].is_unsigned, false);
    EXPECT_EQ(all.columns[15].is_unsigned, true);
    EXPECT_EQ(all.columns[16].is_unsigned, std::nullopt);
}

TEST(TableMap, KnowsTheTypesOfMariadb) {
    const auto map = sample_map("mariadb.binlog", "z");
    ASSERT_EQ(map.columns.size(), 5U);
    EXPECT_EQ(map.columns[1].type, ColumnType::mariadb_varchar_compressed);
    EXPECT_EQ(map.columns[2].type, ColumnType::mariadb_blob_compressed);
    EXPECT_EQ(map.columns[3].type, ColumnType::string);
    EXPECT_EQ(map.columns[3].length, 16);
}

std::string one_column(std::uint8_t type, std::string_view metadata) {
    base::ByteWriter writer;
    writer.little_endian(9, 6).u16(0).u8(1).nul_terminated("s").u8(1).nul_terminated("t");
    writer.u8(1).u8(type).length_encoded_string(metadata).u8(0);
    return std::move(writer).str();
}

TEST(TableMap, RefusesTypesItCannotSize) {
    EXPECT_TRUE(TableMap::parse(one_column(3, "")).ok());
    EXPECT_FALSE(TableMap::parse(one_column(0, "")).ok());
    EXPECT_FALSE(TableMap::parse(one_column(20, "\x03")).ok());
    EXPECT_FALSE(TableMap::parse(one_column(200, "")).ok());
    // Its names can still be read, to tell that nobody wants it.
    const auto names = TableMap::parse_names(one_column(200, ""));
    ASSERT_TRUE(names.ok());
    EXPECT_EQ(names->table, "t");
    EXPECT_EQ(names->table_id, 9U);
}

TEST(TableMap, RefusesMetadataThatNoServerWrites) {
    EXPECT_FALSE(TableMap::parse(one_column(17, "\x07")).ok());       // TIMESTAMP(7)
    EXPECT_FALSE(TableMap::parse(one_column(252, "\x05")).ok());      // a length of 5 bytes
    EXPECT_FALSE(TableMap::parse(one_column(246, "\x05\x06")).ok());  // DECIMAL(5,6)
    EXPECT_FALSE(TableMap::parse(one_column(246, "\x42\x01")).ok());  // DECIMAL(66,1)
    EXPECT_FALSE(TableMap::parse(one_column(16, "\x01\x08")).ok());   // BIT(65)
    EXPECT_FALSE(TableMap::parse(one_column(4, "\x08")).ok());        // FLOAT of 8 bytes
    EXPECT_FALSE(TableMap::parse(one_column(3, "\x08")).ok());        // too much metadata
    EXPECT_FALSE(TableMap::parse(one_column(15, "\x08")).ok());       // too little
}

TEST(TableMap, RefusesImpossibleColumnCounts) {
    base::ByteWriter writer;
    writer.little_endian(9, 6).u16(0).u8(1).nul_terminated("s").u8(1).nul_terminated("t");
    writer.length_encoded(1ULL << 40);
    EXPECT_FALSE(TableMap::parse(writer.str()).ok());
}

}  // namespace
}  // namespace doppel::binlog
