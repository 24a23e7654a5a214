// SPDX-License-Identifier: Apache-2.0
// INSERT .. SELECT as we write it must make of a value what a native ALTER makes of it.
#include "integration/table_fixture.hpp"
#include "schema/conversion.hpp"

#include <optional>
#include <vector>

namespace doppel::schema {
namespace {

struct Kind {
    std::string type;
    std::vector<std::string> values;
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> list{
        {"tinyint", {"0", "2"}},
        {"bigint unsigned", {"18446744073709551615", "2"}},
        {"int(6) zerofill", {"42"}},
        {"decimal(20,4)", {"1.5000", "20200102"}},
        {"float", {"0.1", "2.5", "1.5", "16777216"}},
        {"double", {"0.1", "2.5", "123456789012345680"}},
        {"bit(16)", {"5"}},
        {"bit(64)", {"18446744073709551615"}},
        {"year", {"2001", "0"}},
        {"date", {"'2020-02-29'"}},
        {"time(3)", {"'10:11:12.567'"}},
        {"datetime(3)", {"'2020-02-29 10:11:12.567'", "'2021-12-31 23:59:59.5'"}},
        {"timestamp(3) NULL", {"'2020-02-29 10:11:12.567'"}},
        {"varchar(40)", {"'5'", "' 7 '", "'2020-02-29'", "'[1, 1.10]'"}},
        {"varbinary(20)", {"'5'", "X'00FF20'"}},
        {"blob", {"'5'"}},
        {"text character set ascii", {"'5'"}},
        {"enum('5','b','2')", {"'5'", "'2'"}},
        {"set('5','b','2')", {"'5'", "'2,b'"}},
        {"json", {"'5'", "'1.5'", "'2.5'", "'true'", "'\"2020-02-29\"'", "'\"b\"'"}}};
    return list;
}

/// The value, or nothing when it does not fit.
using Result = std::optional<std::string>;

class Conversions : public doppel::test::TableTest {
protected:
    void SetUp() override {
        TableTest::SetUp();
        if (session_) {
            session_->execute("SET SESSION sql_log_bin = 0");
        }
    }
    Result attempt(const std::string& statement, const std::string& table) {
        try {
            session_->execute(statement);
        } catch (const Error&) {
            return std::nullopt;
        }
        return scalar("SELECT HEX(CONCAT(c)) FROM " + table);
    }
    Result by_insert(const std::string& value, Conversion conversion) {
        session_->execute("INSERT INTO t VALUES (" + value + ")");
        session_->execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES'");
        const Result result =
            attempt("INSERT INTO g SELECT " + convert(conversion, "`c`") + " FROM t", "g");
        session_->execute("SET SESSION sql_mode = DEFAULT");
        return result;
    }
    void compare(const Kind& from, const Kind& to, Conversion conversion) {
        for (const std::string& value : from.values) {
            session_->execute("DROP TABLE IF EXISTS t, g");
            session_->execute("CREATE TABLE t (c " + from.type + ")");
            session_->execute("CREATE TABLE g (c " + to.type + ")");
            const Result ours = by_insert(value, conversion);
            const Result native = attempt("ALTER TABLE t MODIFY c " + to.type, "t");
            EXPECT_EQ(ours.value_or("fails"), native.value_or("fails"))
                << from.type << " " << value << " to " << to.type;
        }
    }
};

TEST_F(Conversions, AreThoseOfANativeAlter) {
    std::vector<Column> columns;
    for (const Kind& kind : kinds()) {
        session_->execute("CREATE TABLE x (c " + kind.type + ")");
        columns.push_back(read("x").columns.at(0));
        session_->execute("DROP TABLE x");
    }
    unsigned converted = 0;
    for (std::size_t from = 0; from < columns.size(); ++from) {
        for (std::size_t to = 0; to < columns.size(); ++to) {
            // What needs none is left to the differential cases, but that of BIT, which would take
            // the bytes of a text for its value.
            const Conversion conversion = conversion_of(columns[from], columns[to]);
            if (conversion != Conversion::none || kinds()[to].type == "bit(64)") {
                compare(kinds()[from], kinds()[to], conversion);
                ++converted;
            }
        }
    }
    EXPECT_GT(converted, 80U);
}

TEST_F(Conversions, BytesThatAreNoAsciiFailAsNatively) {
    const Kind ascii{"text character set ascii", {}};
    for (const Kind& bytes : std::vector<Kind>{
             {"varbinary(20)", {"'5'", "X'BF0039'"}},
             {"mediumblob", {"X'BF0039'"}},
             {"vector(2)", {"X'0000000000000000'", "X'BF000039BF000039'"}}}) {
        compare(bytes, ascii, Conversion::as_bytes);
    }
}

}  // namespace
}  // namespace doppel::schema
