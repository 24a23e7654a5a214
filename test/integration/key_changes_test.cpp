// SPDX-License-Identifier: Apache-2.0
//
// ALTERs that change the key itself, under concurrent change.
#include "support/dst_sandbox.hpp"
#include "support/key_case.hpp"

#include <memory>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

using testing::HasSubstr;

std::vector<std::string> one(std::string value) {
    return {std::move(value)};
}

std::vector<std::string> number(unsigned n, unsigned) {
    return one(std::to_string(n));
}

std::vector<std::string> two_numbers(unsigned n, unsigned) {
    return {std::to_string(n), std::to_string(9'000 - n)};
}

/// Equal without regard to case and accents, and for the twin's sake in latin1.
std::string spelled(unsigned n, unsigned variant) {
    static const std::vector<std::string> words = {"Käse", "KÄSE", "kase", "kåsE"};
    return fmt::format("'{}{}'", words[variant % words.size()], n);
}

std::vector<std::string> word(unsigned n, unsigned variant) {
    return one(spelled(n, variant));
}

/// The number beside it is unique and addresses the row, so that no two spellings of a word exist
/// at a time, and no statement depends on which of them are equal.
std::vector<std::string> word_and_number(unsigned n, unsigned variant) {
    return {spelled(n, variant), std::to_string(n)};
}

std::vector<std::string> bytes(unsigned n, unsigned) {
    return one(fmt::format("X'{:02X}00{:04X}00'", n % 3, n));
}

/// Seconds of the two hours of UTC that are one in central Europe, two apart.
std::vector<std::string> second(unsigned n, unsigned) {
    return one(fmt::format("TIMESTAMPADD(SECOND, {}, '2024-10-26 23:50:00.25')", 7 * n));
}

const std::vector<std::string> kInUtc = {"SET SESSION time_zone = '+00:00'"};

std::vector<KeyCase> type_changes() {
    std::vector<KeyCase> cases = {
        {"IntToBigint",
         "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) { return one(std::to_string(n + 1)); },
         "MODIFY id BIGINT NOT NULL AUTO_INCREMENT"},
        {"UnsignedToSigned",
         "id INT UNSIGNED NOT NULL PRIMARY KEY",
         {"id"},
         number,
         "MODIFY id SMALLINT NOT NULL"},
        {"IntToDecimal",
         "id INT NOT NULL PRIMARY KEY",
         {"id"},
         number,
         "MODIFY id DECIMAL(12,2) NOT NULL"},
        {"BitToInt", "id BIT(20) NOT NULL PRIMARY KEY", {"id"}, number, "MODIFY id INT NOT NULL"},
        {"DecimalWider",
         "id DECIMAL(8,1) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) { return one(fmt::format("-{}.{}", n / 2, n % 2 * 5)); },
         "MODIFY id DECIMAL(30,10) NOT NULL"},
        {"BinaryPadded",
         "id BINARY(5) NOT NULL PRIMARY KEY",
         {"id"},
         bytes,
         "MODIFY id BINARY(9) NOT NULL"},
        {"BinaryPaddedInComposite",
         "id BINARY(3) NOT NULL, n INT NOT NULL, PRIMARY KEY (id, n)",
         {"id", "n"},
         [](unsigned n, unsigned) {
             return std::vector<std::string>{
                 fmt::format("X'{:04X}00'", n / 9), std::to_string(n % 9)};
         },
         "MODIFY id BINARY(9) NOT NULL"},
        {"BinaryToVarbinary",
         "id BINARY(5) NOT NULL PRIMARY KEY",
         {"id"},
         bytes,
         "MODIFY id VARBINARY(5) NOT NULL"},
        {"DateToDatetime",
         "id DATE NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(fmt::format("TIMESTAMPADD(DAY, {}, '2023-12-25')", n));
         },
         "MODIFY id DATETIME(2) NOT NULL"},
        {"YearToSmallint",
         "y YEAR NOT NULL, id INT NOT NULL, PRIMARY KEY (y, id)",
         {"y", "id"},
         [](unsigned n, unsigned) {
             return std::vector<std::string>{n % 4 == 0 ? "0" : "2155", std::to_string(n)};
         },
         "MODIFY y SMALLINT NOT NULL"},
        {"ValuesAdded",
         "e ENUM('b', 'a') NOT NULL, s SET('y', 'x') NOT NULL, id INT NOT NULL, "
         "PRIMARY KEY (e, s, id)",
         {"e", "s", "id"},
         [](unsigned n, unsigned) {
             return std::vector<std::string>{
                 std::to_string(n % 2 + 1), std::to_string(n % 4), std::to_string(n / 4)};
         },
         "MODIFY e ENUM('b', 'a', '') NOT NULL, MODIFY s SET('y', 'x', 'z') NOT NULL"},
        {"Timestamp",
         "id TIMESTAMP(2) NOT NULL PRIMARY KEY",
         {"id"},
         second,
         "MODIFY id TIMESTAMP(5) NOT NULL",
         "",
         kInUtc},
    };
    for (KeyCase& key : cases) {
        // The literals of the applications are not padded.
        key.until_swapped = key.name.starts_with("BinaryPadded");
    }
    return cases;
}

const std::string kNumber = ", n INT NOT NULL, UNIQUE KEY (n)";

std::vector<KeyCase> collation_changes() {
    std::vector<KeyCase> cases = {
        {"VarcharLonger",
         "id VARCHAR(20) NOT NULL PRIMARY KEY",
         {"id"},
         word,
         "MODIFY id VARCHAR(200) NOT NULL"},
        {"CharToVarchar",
         "id CHAR(20) CHARACTER SET latin1 NOT NULL PRIMARY KEY",
         {"id"},
         word,
         "MODIFY id VARCHAR(30) CHARACTER SET latin1 NOT NULL"},
        {"CaseBeginsToCount",
         "id VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL PRIMARY KEY" + kNumber,
         {"id", "n"},
         word_and_number,
         "MODIFY id VARCHAR(20) COLLATE utf8mb4_0900_as_cs NOT NULL"},
        {"CaseCeasesToCount",
         "id VARCHAR(20) COLLATE utf8mb4_0900_as_cs NOT NULL PRIMARY KEY" + kNumber,
         {"id", "n"},
         word_and_number,
         "MODIFY id VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL"},
        {"SpacesBeginToCount",
         "id VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY" + kNumber,
         {"id", "n"},
         [](unsigned n, unsigned variant) {
             return std::vector<std::string>{
                 fmt::format("'{}{}'", n, std::string(variant, ' ')), std::to_string(n)};
         },
         "MODIFY id VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL"},
        {"ToUnicode",
         "id VARCHAR(20) CHARACTER SET latin1 NOT NULL PRIMARY KEY" + kNumber,
         {"id", "n"},
         word_and_number,
         "CONVERT TO CHARACTER SET utf8mb4"},
        {"FromUnicode",
         "id VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY" + kNumber,
         {"id", "n"},
         word_and_number,
         "MODIFY id VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_ci NOT NULL"},
        {"CompositeToUnicode",
         "m INT NOT NULL, id CHAR(20) CHARACTER SET latin1 COLLATE latin1_german2_ci NOT NULL, "
         "PRIMARY KEY (id, m)" +
             kNumber,
         {"id", "m", "n"},
         [](unsigned n, unsigned variant) {
             return std::vector<std::string>{
                 spelled(n / 8, variant), std::to_string(n % 8), std::to_string(n)};
         },
         "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs"},
        {"CompositeWithMembers",
         "id VARCHAR(20) CHARACTER SET latin1 NOT NULL, e ENUM('b', 'a') CHARACTER SET latin1 "
         "NOT NULL, m INT NOT NULL, PRIMARY KEY (id, e, m)" +
             kNumber,
         {"id", "e", "m", "n"},
         [](unsigned n, unsigned variant) {
             return std::vector<std::string>{
                 spelled(n / 8, variant),
                 std::to_string(n % 2 + 1),
                 std::to_string(n % 8),
                 std::to_string(n)};
         },
         "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs"},
    };
    for (KeyCase& key : cases) {
        if (key.columns.back() == "n") {
            key.address = {"n"};
        }
    }
    return cases;
}

std::vector<KeyCase> other_keys() {
    std::vector<KeyCase> cases = {
        {"OtherPrimary",
         "id INT NOT NULL PRIMARY KEY, b BIGINT NOT NULL, UNIQUE KEY by_b (b)",
         {"id", "b"},
         two_numbers,
         "DROP PRIMARY KEY, DROP KEY by_b, ADD PRIMARY KEY (b)"},
        {"PrimaryDropped",
         "id INT NOT NULL PRIMARY KEY, b BIGINT NOT NULL, UNIQUE KEY by_b (b)",
         {"id", "b"},
         two_numbers,
         "DROP PRIMARY KEY, DROP COLUMN id",
         "b"},
        {"PrimaryGrows",
         "id INT NOT NULL PRIMARY KEY",
         {"id"},
         number,
         "DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)"},
        {"PrimaryGrowsInFront",
         "id INT NOT NULL PRIMARY KEY",
         {"id"},
         number,
         "DROP PRIMARY KEY, ADD PRIMARY KEY (v, id), ADD KEY by_id (id)"},
        {"PlainIndex",
         "id INT NOT NULL PRIMARY KEY",
         {"id"},
         number,
         "DROP PRIMARY KEY, ADD KEY by_id (id)"},
        {"OrderReversed",
         "a VARCHAR(20) NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         {"a", "b"},
         [](unsigned n, unsigned variant) {
             return std::vector<std::string>{spelled(n / 8, variant), std::to_string(n % 8)};
         },
         "DROP PRIMARY KEY, ADD PRIMARY KEY (b DESC, a)"},
        {"NamesSwapped",
         "a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         {"a", "b"},
         two_numbers,
         "RENAME COLUMN a TO b, RENAME COLUMN b TO a",
         "a, b"},
        {"RenamedAndConverted",
         "id VARCHAR(20) CHARACTER SET latin1 NOT NULL PRIMARY KEY" + kNumber,
         {"id", "n"},
         word_and_number,
         "CHANGE id word VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
         "CHANGE n id INT NOT NULL",
         "id"},
    };
    for (KeyCase& key : cases) {
        key.until_swapped = true;
    }
    return cases;
}

class KeyChangesTest : public testing::Test {
protected:
    static void SetUpTestSuite() { sandbox_ = make_dst_sandbox(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    /// A run that must be refused, or must find that the data does not fit.
    static Finished run(const std::string& table, const std::string& clauses) {
        Schema schema(*sandbox_, "refused");
        schema.execute("CREATE TABLE t (" + table + ")");
        auto finished = sandbox_->run_doppel("ALTER TABLE refused.t " + clauses, {"--no-native"});
        EXPECT_EQ(schema.tables(), "t");
        return finished;
    }

    static std::unique_ptr<Sandbox> sandbox_;
};

std::unique_ptr<Sandbox> KeyChangesTest::sandbox_;

TEST_F(KeyChangesTest, OfTypesThatKeepTheValues) {
    run_key_cases(*sandbox_, type_changes());
}

TEST_F(KeyChangesTest, OfCharsetsAndCollations) {
    run_key_cases(*sandbox_, collation_changes());
}

TEST_F(KeyChangesTest, ToOtherColumnsNamesAndOrders) {
    run_key_cases(*sandbox_, other_keys());
}

TEST_F(KeyChangesTest, ThatCannotBeFollowedAreRefused) {
    struct Refusal {
        const char* table;
        const char* clauses;
        const char* why;
    };
    for (const Refusal& refusal : std::vector<Refusal>{
             {"a FLOAT NOT NULL PRIMARY KEY", "ADD n INT", "type float"},
             {"a INT, UNIQUE KEY (a)", "ADD n INT", "allows NULL"},
             {"a INT PRIMARY KEY", "MODIFY a VARCHAR(20)", "no integer in the new table"},
             {"a ENUM('x','y') PRIMARY KEY", "MODIFY a ENUM('y','x')", "list of values"},
             {"a VARCHAR(9) CHARACTER SET sjis PRIMARY KEY",
              "CONVERT TO CHARACTER SET utf8mb4",
              "character set changes from sjis"},
             {"id INT PRIMARY KEY, b INT NOT NULL",
              "DROP PRIMARY KEY, ADD PRIMARY KEY (b, id)",
              "no index of the new table begins with its columns"},
             {"a TIMESTAMP PRIMARY KEY, b TIMESTAMP", "MODIFY b DATETIME", "time zone"},
             {"a TIMESTAMP PRIMARY KEY", "ADD b DATETIME DEFAULT NOW()", "time zone"},
         }) {
        SCOPED_TRACE(std::string(refusal.table) + "; " + refusal.clauses);
        const auto finished = run(refusal.table, refusal.clauses);
        EXPECT_EQ(finished.code, 3);
        EXPECT_THAT(finished.out, HasSubstr(refusal.why));
    }
}

// A native ALTER under the default sql_mode does not: it takes the first of the two hours for the
// second.
TEST_F(KeyChangesTest, LeaveTheHourThatComesTwiceAlone) {
    Schema schema(*sandbox_, "zones");
    schema.execute("SET SESSION time_zone = '+00:00'");
    schema.execute("CREATE TABLE t (id INT PRIMARY KEY, a TIMESTAMP, b TIMESTAMP)");
    schema.execute(
        "INSERT INTO t VALUES (1, '2024-10-27 00:30:00', '2024-10-27 00:30:00'), "
        "(2, '2024-10-27 01:30:00', '2024-07-01 12:00:00')"
    );
    const auto finished =
        sandbox_->run_doppel("ALTER TABLE zones.t MODIFY b DATETIME", {"--no-native"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(
        schema.scalar("SELECT GROUP_CONCAT(id, ' ', a, ' ', b ORDER BY id) FROM t"),
        "1 2024-10-27 00:30:00 2024-10-27 02:30:00,2 2024-10-27 01:30:00 2024-07-01 14:00:00"
    );
}

}  // namespace
}  // namespace doppel::test
