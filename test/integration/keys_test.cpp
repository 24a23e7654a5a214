// SPDX-License-Identifier: Apache-2.0
//
// Keys of every type under concurrent change: what the copy and the replay make of the table must
// be what a native ALTER makes of a twin that saw the same transactions.
#include "support/dst_sandbox.hpp"
#include "support/key_case.hpp"

#include <cstdint>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

std::vector<std::string> one(std::string value) {
    return {std::move(value)};
}

/// All over the range of 32 bits.
unsigned scatter(unsigned number) {
    return number * 2'654'435'761U;
}

std::vector<std::string> accented(unsigned number, unsigned variant) {
    static const std::vector<std::string> words = {"étage", "ETAGE", "Etagé", "êTÂGE"};
    // Numbers differ by length only where their remainders are alike.
    const std::string tail(number % 7, 'z');
    return {
        fmt::format("'{}{}'", words[variant % words.size()], tail),
        std::to_string(number / 7 % 600)};
}

std::vector<std::string> with_spaces(unsigned number, unsigned variant) {
    return one(fmt::format(
        "'{}{}{}'", variant % 2 == 0 ? "k" : "K", scatter(number), std::string(variant / 2 * 3, ' ')
    ));
}

/// Every width and sign of integers among them, at the ends of their ranges.
std::vector<std::string> sixteen(unsigned number, unsigned) {
    const auto below = [](std::uint64_t top, unsigned by) { return std::to_string(top - by); };
    const auto above = [](std::int64_t bottom, unsigned by) { return std::to_string(bottom + by); };
    return {
        number % 2 == 0 ? "-128" : "127",
        below(255, number % 2),
        above(-32'768, number % 3),
        below(65'535, number % 3),
        above(-8'388'608, number % 2),
        below(16'777'215, number % 2),
        above(-2'147'483'648LL, number % 4),
        below(4'294'967'295ULL, number % 4),
        above(std::numeric_limits<std::int64_t>::min(), number % 2),
        below(std::numeric_limits<std::uint64_t>::max(), number % 2),
        number % 4 == 0 ? "0" : std::to_string(1901 + number % 255),
        fmt::format("TIMESTAMPADD(DAY, -{}, '9999-12-31')", number % 9),
        fmt::format("'{}838:59:{:02}.5'", number % 2 == 0 ? "-" : "", number % 59),
        std::to_string(number % 512),
        fmt::format("X'{}'", std::string(number % 3 * 2, '0')),
        std::to_string(number)};
}

const char* const kSixteen =
    "a TINYINT, b TINYINT UNSIGNED, c SMALLINT, d SMALLINT UNSIGNED, e MEDIUMINT, "
    "f MEDIUMINT UNSIGNED, g INT, h INT UNSIGNED, i BIGINT, j BIGINT UNSIGNED, k YEAR, l DATE, "
    "m TIME(1), n BIT(9), o VARBINARY(8), p INT, "
    "PRIMARY KEY (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)";

std::vector<KeyCase> number_cases() {
    return {
        {"SixteenParts",
         kSixteen,
         {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"},
         sixteen},
        {"AutoIncrement",
         "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) { return one(std::to_string(n + 1)); }},
        {"SecondaryUnique",
         "id BIGINT NOT NULL, junk INT NOT NULL DEFAULT 3, UNIQUE KEY by_id (id), KEY (junk)",
         {"id"},
         [](unsigned n, unsigned) { return one(std::to_string(n)); }},
        {"UnsignedBigint",
         "id BIGINT UNSIGNED NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(std::to_string(18'446'744'073'709'551'615ULL - n * 4'000'000'000'000'000ULL)
             );
         }},
        {"NegativeInteger",
         "id INT NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) { return one(std::to_string(static_cast<int>(scatter(n)))); }},
        {"Descending",
         "a SMALLINT NOT NULL, b INT NOT NULL, PRIMARY KEY (a DESC, b DESC)",
         {"a", "b"},
         [](unsigned n, unsigned) {
             return std::vector{std::to_string(static_cast<int>(n % 50) - 25), std::to_string(n)};
         }},
        {"Decimal",
         "id DECIMAL(20,6) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(fmt::format("{}.{:06}", 400 - static_cast<int>(n), n));
         }},
        {"Bits",
         "id BIT(64) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(std::to_string(18'446'744'073'709'551'615ULL - (std::uint64_t{n} << 53)));
         }},
    };
}

std::vector<KeyCase> time_cases() {
    return {
        {"Date",
         "id DATE NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(fmt::format("TIMESTAMPADD(DAY, {}, '1969-12-25')", n));
         }},
        {"Time",
         "id TIME(3) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(fmt::format(
                 "'{}{:02}:{:02}:59.{:03}'", n % 3 == 0 ? "-" : "", n * 7 % 838, n % 60, n % 1'000
             ));
         }},
        {"Datetime",
         "id DATETIME(6) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(
                 fmt::format("TIMESTAMPADD(MICROSECOND, {}, '1999-12-31 23:59:59.999000')", n)
             );
         }},
        {"Year",
         "y YEAR NOT NULL, id INT NOT NULL, PRIMARY KEY (y, id)",
         {"y", "id"},
         [](unsigned n, unsigned) {
             return std::vector{
                 n % 4 == 0 ? "0" : std::to_string(1901 + n % 255), std::to_string(n / 4)};
         }},
    };
}

std::vector<KeyCase> text_cases() {
    return {
        {"AccentsAndCase",
         "a VARCHAR(40) COLLATE utf8mb4_0900_ai_ci NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         {"a", "b"},
         accented},
        {"PaddedWithSpaces",
         "id VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY",
         {"id"},
         with_spaces},
        {"SpacesCount",
         "id VARCHAR(20) COLLATE utf8mb4_0900_as_ci NOT NULL PRIMARY KEY",
         {"id"},
         with_spaces},
        {"PaddedBinaryCollation",
         "id VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY",
         {"id"},
         with_spaces},
        {"Char",
         "id CHAR(12) CHARACTER SET latin1 NOT NULL, n INT NOT NULL, PRIMARY KEY (id, n)",
         {"id", "n"},
         accented},
        {"Utf16",
         "id VARCHAR(20) CHARACTER SET utf16 COLLATE utf16_general_ci NOT NULL PRIMARY KEY",
         {"id"},
         with_spaces},
        {"Binary",
         "id BINARY(16) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             // Many end in 0x00, and some begin with it.
             return one(fmt::format("X'{:08X}{:04X}'", n % 16 == 0 ? n : scatter(n), n));
         }},
        {"Varbinary",
         "id VARBINARY(16) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return one(fmt::format("X'{}{:04X}00'", std::string(n % 4 * 2, '0'), n));
         }},
        {"Enumeration",
         "e ENUM('zeta', 'alpha', 'Mid', '') NOT NULL, id INT NOT NULL, PRIMARY KEY (e, id)",
         {"e", "id"},
         [](unsigned n, unsigned) {
             return std::vector{std::to_string(n % 4 + 1), std::to_string(n / 4)};
         }},
        {"Set",
         "s SET('l', 'k', 'j', 'i', 'h', 'g', 'f', 'e', 'd', 'c', 'b', 'a') NOT NULL PRIMARY KEY",
         {"s"},
         [](unsigned n, unsigned) { return one(std::to_string(n)); }},
        {"SetInComposite",
         "id INT NOT NULL, s SET('b', 'c', 'a') NOT NULL, PRIMARY KEY (id, s)",
         {"id", "s"},
         [](unsigned n, unsigned) {
             return std::vector{std::to_string(n / 8), std::to_string(n % 8)};
         }},
    };
}

class KeysTest : public testing::Test {
protected:
    static void SetUpTestSuite() { sandbox_ = make_dst_sandbox(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    static std::unique_ptr<Sandbox> sandbox_;
};

std::unique_ptr<Sandbox> KeysTest::sandbox_;

TEST_F(KeysTest, OfNumbersAreFollowed) {
    run_key_cases(*sandbox_, number_cases());
}

TEST_F(KeysTest, OfTimesAreFollowed) {
    run_key_cases(*sandbox_, time_cases());
}

TEST_F(KeysTest, OfTextBytesAndMembersAreFollowed) {
    run_key_cases(*sandbox_, text_cases());
}

TEST_F(KeysTest, UniqueValuesMayMoveBetweenRows) {
    Schema schema(*sandbox_, "keyed");
    for (const char* table : {"t", "twin"}) {
        schema.execute(
            fmt::format("CREATE TABLE {} (id INT NOT NULL PRIMARY KEY, u INT, UNIQUE (u))", table)
        );
    }
    constexpr unsigned kWriters = 2;
    constexpr unsigned kRows = 3'000;
    std::string rows;
    for (unsigned n = 0; n < kRows; ++n) {
        rows += fmt::format("{}({}, {})", n == 0 ? "" : ", ", n, n);
    }
    schema.execute("INSERT INTO t VALUES " + rows);
    schema.execute("INSERT INTO twin SELECT * FROM t");
    // Each pair of rows shares two values, so that no writer fails and each one knows what to set.
    std::vector<unsigned> step(kWriters, 0);
    std::vector<unsigned> pair(kWriters, 0);
    const auto next = [&](unsigned writer, std::mt19937& random) {
        if (step[writer] == 0) {
            pair[writer] =
                static_cast<unsigned>(random() % (kRows / 2 / kWriters)) * kWriters + writer;
        }
        // The rows lie half a table apart: one is copied long before the other.
        const unsigned low = pair[writer];
        const unsigned high = low + kRows / 2;
        const auto set = [](unsigned id, const std::string& value) {
            return fmt::format("UPDATE {{}} SET u = {} WHERE id = {}", value, id);
        };
        switch (step[writer]++) {
            case 0:  // swapped in one transaction
                return TwinTransaction{
                    set(low, "NULL"),
                    set(high, std::to_string(low)),
                    set(low, std::to_string(high))};
            case 1:  // moved down in two
                return TwinTransaction{set(high, "NULL")};
            case 2:
                return TwinTransaction{set(low, std::to_string(low))};
            case 3:  // moved up in two
                return TwinTransaction{set(low, "NULL")};
            case 4:
                return TwinTransaction{set(high, std::to_string(low))};
            default:
                step[writer] = 0;
                return TwinTransaction{set(low, std::to_string(high))};
        }
    };
    TwinWriters writers(*sandbox_, "keyed", kWriters, next);
    const std::string clauses = "ADD COLUMN note INT NOT NULL DEFAULT 5";
    const auto finished =
        sandbox_->run_doppel("ALTER TABLE keyed.t " + clauses, {"--no-native", "--chunk-rows=20"});
    EXPECT_GT(writers.stop(), 50U);
    EXPECT_EQ(finished.code, 0) << finished.err;
    expect_like_native(schema.session(), clauses, "id");
}

}  // namespace
}  // namespace doppel::test
