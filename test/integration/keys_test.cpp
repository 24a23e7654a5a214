// SPDX-License-Identifier: Apache-2.0
//
// Every kind of key under concurrent change: what the copy and the replay make of the table must be
// what a native ALTER makes of a twin that saw the same transactions.
#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

constexpr unsigned kWriters = 2;
constexpr unsigned kNumbers = 4'000;  ///< of keys in use or not, split between the writers
constexpr unsigned kRows = 3'000;
constexpr unsigned kInsertedAtOnce = 500;
const std::vector<std::string> kSmallChunks = {"--no-native", "--chunk-rows=20"};

/// Values of the key columns for a number. Variants of one number are equal to the server where its
/// collation says so, and bytewise different.
using KeyValues = std::function<std::vector<std::string>(unsigned number, unsigned variant)>;

struct KeyCase {
    std::string name;
    std::string definition;  ///< of the key columns and the key
    std::vector<std::string> columns;
    KeyValues values;
    std::string clauses = "ADD COLUMN note VARCHAR(10) NOT NULL DEFAULT 'new'";
};

void PrintTo(const KeyCase& key, std::ostream* out) {  // NOLINT: name given by GoogleTest
    *out << key.definition;
}

/// All in the order of the numbers, or not at all in it: both must do.
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

std::vector<std::string> binary_bytes(unsigned number, unsigned) {
    // Many end in 0x00, and some begin with it.
    return {fmt::format("X'{:08X}{:04X}'", number % 16 == 0 ? number : scatter(number), number)};
}

std::vector<KeyCase> key_cases() {
    return {
        {"AutoIncrement",
         "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) { return std::vector{std::to_string(n + 1)}; }},
        {"WidenedInteger",
         "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) { return std::vector{std::to_string(n + 1)}; },
         "MODIFY id BIGINT NOT NULL AUTO_INCREMENT"},
        {"CollatedComposite",
         "a VARCHAR(40) COLLATE utf8mb4_0900_ai_ci NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         {"a", "b"},
         accented},
        {"Binary", "id BINARY(16) NOT NULL PRIMARY KEY", {"id"}, binary_bytes},
        {"SecondaryUnique",
         "id BIGINT NOT NULL, junk INT NOT NULL DEFAULT 3, UNIQUE KEY by_id (id), KEY (junk)",
         {"id"},
         [](unsigned n, unsigned) { return std::vector{std::to_string(n)}; }},
        {"UnsignedBigint",
         "id BIGINT UNSIGNED NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return std::vector{
                 std::to_string(18'446'744'073'709'551'615ULL - n * 4'000'000'000'000'000ULL)};
         }},
        {"NegativeInteger",
         "id INT NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return std::vector{fmt::format("{}", static_cast<int>(scatter(n)))};
         }},
        {"Decimal",
         "id DECIMAL(20,6) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return std::vector{fmt::format("{}.{:06}", 2'000 - static_cast<int>(n), n)};
         }},
        {"Datetime",
         "id DATETIME(6) NOT NULL PRIMARY KEY",
         {"id"},
         [](unsigned n, unsigned) {
             return std::vector{
                 fmt::format("TIMESTAMPADD(MICROSECOND, {}, '1999-12-31 23:59:59.999000')", n)};
         }},
        {"Enumeration",
         "e ENUM('zeta', 'alpha', 'Mid', '') NOT NULL, id INT NOT NULL, PRIMARY KEY (e, id)",
         {"e", "id"},
         [](unsigned n, unsigned) {
             return std::vector<std::string>{std::to_string(n % 4 + 1), std::to_string(n / 4)};
         }},
    };
}

std::string where(const KeyCase& key, unsigned number, unsigned variant) {
    const auto values = key.values(number, variant);
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += fmt::format("{}{} = {}", i == 0 ? "" : " AND ", key.columns[i], values[i]);
    }
    return text;
}

std::string insert(const KeyCase& key, unsigned number, unsigned variant, int value) {
    return fmt::format(
        "INSERT IGNORE INTO {{}} ({}, v) VALUES ({}, {})",
        fmt::join(key.columns, ", "),
        fmt::join(key.values(number, variant), ", "),
        value
    );
}

std::string move(const KeyCase& key, unsigned from, unsigned to, unsigned variant) {
    const auto values = key.values(to, variant);
    std::string set;
    for (std::size_t i = 0; i < values.size(); ++i) {
        set += fmt::format("{}{} = {}", i == 0 ? "" : ", ", key.columns[i], values[i]);
    }
    return fmt::format("UPDATE IGNORE {{}} SET {} WHERE {}", set, where(key, from, 0));
}

std::string erase(const KeyCase& key, unsigned number) {
    return "DELETE FROM {} WHERE " + where(key, number, 0);
}

TwinTransaction random_change(const KeyCase& key, unsigned writer, std::mt19937& random) {
    const auto number = [&] {
        return static_cast<unsigned>(random() % (kNumbers / kWriters)) * kWriters + writer;
    };
    const auto variant = static_cast<unsigned>(random() % 4);
    const int value = static_cast<int>(random() % 1'000'000);
    const unsigned n = number();
    switch (random() % 6) {
        case 0:
            return {insert(key, n, variant, value)};
        case 1:
            return {fmt::format("UPDATE {{}} SET v = {} WHERE {}", value, where(key, n, variant))};
        case 2:
            return {move(key, n, n, variant), move(key, number(), number(), variant)};
        case 3:
            return {erase(key, n)};
        case 4:
            return {erase(key, n), insert(key, n, variant, value)};
        default:
            return {move(key, n, number(), variant), insert(key, n, variant, value)};
    }
}

class KeysTest : public testing::TestWithParam<KeyCase> {
protected:
    static void SetUpTestSuite() { sandbox_ = std::make_unique<Sandbox>(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    void create(const std::string& definition) {
        for (const char* table : {"t", "twin"}) {
            schema_.execute(fmt::format("CREATE TABLE {} ({})", table, definition));
        }
    }
    void copy_to_twin() { schema_.execute("INSERT INTO twin SELECT * FROM t"); }

    /// Runs the change while the writers write; they are at it before and after.
    void alter_under(const std::string& clauses, TwinWriters& writers) {
        ASSERT_TRUE(wait_until([&] { return writers.committed() > 20; }, std::chrono::seconds(20)));
        const unsigned before = writers.committed();
        const auto finished = sandbox_->run_doppel("ALTER TABLE keyed.t " + clauses, kSmallChunks);
        const unsigned during = writers.committed() - before;
        const unsigned after = writers.committed();
        EXPECT_TRUE(
            wait_until([&] { return writers.committed() > after + 20; }, std::chrono::seconds(20))
        );
        writers.stop();
        EXPECT_EQ(finished.code, 0) << finished.err;
        EXPECT_GT(during, 50U);
    }

    static std::unique_ptr<Sandbox> sandbox_;
    Schema schema_{*sandbox_, "keyed"};
};

std::unique_ptr<Sandbox> KeysTest::sandbox_;

class KeyShapesTest : public KeysTest {};

TEST_P(KeyShapesTest, BecomesWhatANativeAlterMakesOfItsTwin) {
    const KeyCase& key = GetParam();
    create(key.definition + ", v INT NOT NULL");
    for (unsigned first = 0; first < kRows; first += kInsertedAtOnce) {
        std::vector<std::string> rows;
        for (unsigned n = first; n < first + kInsertedAtOnce; ++n) {
            rows.push_back(fmt::format("({}, 1)", fmt::join(key.values(n, n % 4), ", ")));
        }
        schema_.execute(fmt::format(
            "INSERT INTO t ({}, v) VALUES {}", fmt::join(key.columns, ", "), fmt::join(rows, ", ")
        ));
    }
    copy_to_twin();
    if (key.definition.find("AUTO_INCREMENT") != std::string::npos) {
        // The counter stays above all that the writers use, and there is no row to read it off.
        for (const char* table : {"t", "twin"}) {
            schema_.execute(fmt::format("ALTER TABLE {} AUTO_INCREMENT = 100000", table));
        }
    }
    TwinWriters writers(*sandbox_, "keyed", kWriters, [&](unsigned writer, std::mt19937& random) {
        return random_change(key, writer, random);
    });
    alter_under(key.clauses, writers);
    expect_like_native(
        schema_.session(), key.clauses, fmt::format("{}", fmt::join(key.columns, ", "))
    );
}

INSTANTIATE_TEST_SUITE_P(Keys, KeyShapesTest, testing::ValuesIn(key_cases()), [](const auto& test) {
    return test.param.name;
});

TEST_F(KeysTest, UniqueValuesMayMoveBetweenRows) {
    create("id INT NOT NULL PRIMARY KEY, u INT, UNIQUE KEY (u)");
    std::string rows;
    for (unsigned n = 0; n < kRows; ++n) {
        rows += fmt::format("{}({}, {})", n == 0 ? "" : ", ", n, n);
    }
    schema_.execute("INSERT INTO t VALUES " + rows);
    copy_to_twin();
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
    alter_under(clauses, writers);
    expect_like_native(schema_.session(), clauses, "id");
}

}  // namespace
}  // namespace doppel::test
