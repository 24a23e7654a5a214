// SPDX-License-Identifier: Apache-2.0
// The statements that copy, replay and verification write, seen by the server: which rows they
// examine, and which locks they take.
#include "copy/chunk_statement.hpp"
#include "migration/sessions.hpp"
#include "mysql/reconcile_statement.hpp"
#include "mysql/server_version.hpp"
#include "schema/reader.hpp"
#include "support/sandbox.hpp"
#include "verify/comparer.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel {
namespace {

using test::Sandbox;
using test::Schema;

constexpr int kRows = 40'000;
constexpr std::size_t kKeys = 1'000;

struct Shape {
    const char* name;
    std::vector<mysql::KeyColumn> columns;
    const char* definition;                  ///< columns and key of the table
    const char* expression;                  ///< values of the key columns from n = 1..kRows
    std::vector<std::string> (*key)(int n);  ///< the same as text for KeyShape::encode_text
    std::string change = {};                 ///< of the shadow's text key, to utf8mb4_0900_as_cs
};

mysql::KeyColumn column(const char* name, mysql::KeyKind kind) {
    mysql::KeyColumn result;
    result.name = name;
    result.kind = kind;
    if (kind == mysql::KeyKind::text) {
        result.charset = "utf8mb4";
        result.collation = "utf8mb4_0900_ai_ci";
    }
    return result;
}

mysql::KeyColumn enumeration(const char* name, std::size_t members) {
    mysql::KeyColumn result = column(name, mysql::KeyKind::enumeration);
    result.members = members;
    return result;
}

mysql::KeyColumn latin(const char* name) {
    mysql::KeyColumn result = column(name, mysql::KeyKind::text);
    result.charset = "latin1";
    result.collation = "latin1_swedish_ci";
    return result;
}

std::string hex_of(const std::string& text) {
    std::string hex;
    for (const char c : text) {
        hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
    }
    return hex;
}

std::vector<Shape> shapes() {
    using mysql::KeyKind;
    return {
        {"Integer",
         {column("a", KeyKind::signed_integer)},
         "a INT NOT NULL, PRIMARY KEY (a)",
         "n",
         [](int n) { return std::vector{std::to_string(n)}; }},
        {"TextAndInteger",
         {column("a", KeyKind::text), column("b", KeyKind::signed_integer)},
         "a VARCHAR(40) NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         "CONCAT('k', n DIV 100), n",
         [](int n) {
             return std::vector{hex_of("k" + std::to_string(n / 100)), std::to_string(n)};
         }},
        {"IntegerAndEnum",
         {column("a", KeyKind::signed_integer), column("b", KeyKind::enumeration)},
         "a INT NOT NULL, b ENUM('x','y','z') NOT NULL, PRIMARY KEY (a, b)",
         "n, 1 + n % 3",
         [](int n) {
             return std::vector{std::to_string(n), std::to_string(1 + n % 3)};
         }},
        {"EnumAndInteger",
         {enumeration("a", 2), column("b", KeyKind::signed_integer)},
         "a ENUM('x','y') NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         "1 + n DIV 15000 % 2, n",
         [](int n) {
             return std::vector{std::to_string(1 + n / 15'000 % 2), std::to_string(n)};
         }},
        {"ConvertedText",
         {latin("a")},
         "a VARCHAR(40) CHARACTER SET latin1 NOT NULL, PRIMARY KEY (a)",
         "CONCAT('k', 100000 + n)",
         [](int n) { return std::vector{hex_of("k" + std::to_string(100'000 + n))}; },
         "MODIFY a VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL"},
    };
}

class Statements : public testing::TestWithParam<Shape> {
public:
    static void SetUpTestSuite() { sandbox_ = new Sandbox(); }
    static void TearDownTestSuite() {
        delete sandbox_;
        sandbox_ = nullptr;
    }

protected:
    void SetUp() override {
        schema_ = std::make_unique<Schema>(*sandbox_, "statements");
        const std::string definition = GetParam().definition;
        schema_->execute("CREATE TABLE t (" + definition + ", pad CHAR(50) NOT NULL DEFAULT '')");
        schema_->execute("CREATE TABLE _t_new LIKE t");
        if (!GetParam().change.empty()) {
            schema_->execute("ALTER TABLE _t_new " + GetParam().change);
        }
        schema_->execute("SET SESSION cte_max_recursion_depth = 1000000");
        std::string names;
        for (const auto& key : GetParam().columns) {
            names += names.empty() ? key.name : ", " + key.name;
        }
        for (const char* table : {"t", "_t_new"}) {
            schema_->execute(fmt::format(
                "INSERT INTO {} ({}) WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "
                "s "
                "WHERE n < {}) SELECT {} FROM s",
                table,
                names,
                kRows,
                GetParam().expression
            ));
            schema_->session().query(fmt::format("ANALYZE TABLE {}", table));
        }
        writer_ = sql::connect(sandbox_->primary(), migration::writer_settings());
    }

    mysql::TablePair pair() const {
        mysql::TablePair tables{
            {"statements", "t"},
            {"statements", "_t_new"},
            {"statements", "_t_doppel"},
            "PRIMARY",
            mysql::KeyShape(GetParam().columns),
            {},
            {},
            "",
            ""};
        for (const auto& key : GetParam().columns) {
            tables.source_key.push_back(key.name);
            tables.source_list += mysql::quote_identifier(key.name) + ", ";
        }
        tables.source_list += "`pad`";
        tables.shadow_key = tables.source_key;
        if (!GetParam().change.empty()) {
            tables.source_key[0].bytewise = tables.shadow_key[0].bytewise = true;
            tables.source_key[0].charset = "latin1";
            tables.source_key[0].collation = "latin1_swedish_ci";
            tables.shadow_key[0].charset = "utf8mb4";
            tables.shadow_key[0].collation = "utf8mb4_0900_as_cs";
        }
        tables.shadow_list = tables.source_list;
        return tables;
    }

    mysql::Key key(int n) const {
        std::vector<std::optional<std::string>> values;
        for (std::string& value : GetParam().key(n)) {
            values.emplace_back(std::move(value));
        }
        return mysql::KeyShape(GetParam().columns).encode_text(values).value();
    }

    /// Of row `n`, as SQL; for composite keys it may be that of more rows.
    std::string literal_of_first_column(int n) const {
        const std::string value = schema_->scalar(fmt::format(
            "WITH RECURSIVE s (n) AS (SELECT {}) SELECT QUOTE(k.a) FROM (SELECT {} AS a FROM s) k",
            n,
            first_expression()
        ));
        return value;
    }
    std::string first_expression() const {
        const std::string expression = GetParam().expression;
        return GetParam().columns.front().kind == mysql::KeyKind::text
                   ? expression.substr(0, expression.rfind(','))
                   : expression.substr(0, expression.find(','));
    }

    /// Keys all over the table.
    std::vector<mysql::Key> many_keys() const {
        std::vector<mysql::Key> keys;
        for (std::size_t i = 0; i < kKeys; ++i) {
            keys.push_back(key(1 + static_cast<int>(i) * (kRows / static_cast<int>(kKeys))));
        }
        return keys;
    }

    /// Expects a range scan of about `rows` rows of table `table`.
    void expect_range(const std::string& statement, const std::string& table, double rows) {
        const auto plan = writer_->query("EXPLAIN FORMAT=TRADITIONAL " + statement);
        bool found = false;
        for (const auto& row : plan.rows) {
            if (row.at(2).value_or("") != table || row.at(1).value_or("") == "INSERT") {
                continue;
            }
            found = true;
            EXPECT_EQ(row.at(4).value_or(""), "range") << statement.substr(0, 200);
            const double examined = std::strtod(row.at(9).value_or("0").c_str(), nullptr);
            EXPECT_LT(examined, 3 * rows) << statement.substr(0, 200);
        }
        EXPECT_TRUE(found) << statement.substr(0, 200);
    }

    static Sandbox* sandbox_;
    std::unique_ptr<Schema> schema_;
    std::unique_ptr<sql::Session> writer_;
};

Sandbox* Statements::sandbox_ = nullptr;

TEST_P(Statements, ReplayExaminesTheRowsOfItsKeysOnly) {
    const auto keys = many_keys();
    const std::vector<mysql::KeyRange> closed = {{std::nullopt, key(kRows)}};
    expect_range(mysql::delete_statement(pair(), keys, std::nullopt), "_t_new", kKeys);
    expect_range(mysql::insert_statement(pair(), keys, std::nullopt), "t", kKeys);
    expect_range(mysql::delete_statement(pair(), keys, closed), "_t_new", kKeys);
    expect_range(mysql::insert_statement(pair(), keys, closed), "t", kKeys);
}

TEST_P(Statements, ReplayTouchesEveryRowOfItsKeys) {
    EXPECT_EQ(writer_->execute(mysql::delete_statement(pair(), many_keys(), std::nullopt)), kKeys);
    EXPECT_EQ(writer_->execute(mysql::insert_statement(pair(), many_keys(), std::nullopt)), kKeys);
}

TEST_P(Statements, AChunkExaminesItsRangeOnly) {
    const mysql::KeyRange range{key(10'000), key(11'000)};
    expect_range(copy::copy_statement(pair(), range), "t", 1'000);
    if (GetParam().change.empty()) {
        expect_range(copy::clear_statement(pair(), range), "_t_new", 1'000);
    }
    // In whatever order the shadow has its values, the range means the rows it means in the source.
    const std::string rows = schema_->scalar(
        "SELECT COUNT(*) FROM t WHERE " +
        mysql::range_condition(pair().shape, pair().source_key, range)
    );
    EXPECT_EQ(std::to_string(writer_->execute(copy::clear_statement(pair(), range))), rows);
}

TEST_P(Statements, CopyAndReplayLockNoRowOfTheSource) {
    schema_->execute("DELETE FROM _t_new");
    const auto locks = [this] {
        return schema_->scalar(
            "SELECT COUNT(*) FROM performance_schema.data_locks WHERE object_schema = 'statements' "
            "AND object_name = 't' AND lock_type = 'RECORD'"
        );
    };
    const std::string chunk = copy::copy_statement(pair(), {std::nullopt, key(120)});
    const std::string batch =
        mysql::insert_statement(pair(), std::vector{key(30'000), key(30'001)}, std::nullopt);
    writer_->execute("START TRANSACTION");
    EXPECT_GT(writer_->execute(chunk), 0U);
    EXPECT_EQ(writer_->execute(batch), 2U);
    EXPECT_EQ(locks(), "0");
    writer_->execute("ROLLBACK");

    writer_->execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    writer_->execute("START TRANSACTION");
    writer_->execute(chunk);
    EXPECT_NE(locks(), "0") << "the look would not see locks";
    writer_->execute("ROLLBACK");
}

/// Rows are matched by the server, so by keys that it compares alike in both tables.
class Comparisons : public Statements {
protected:
    std::string row(int n) const {
        const mysql::TablePair tables = pair();
        return mysql::in_condition(tables.shape, tables.source_key, std::vector{key(n)});
    }
    /// `convert`: compares `pad` as if its type had changed.
    verify::Subject compared(const mysql::TablePair& tables, bool convert) {
        sql::Session& session = schema_->session();
        const auto version =
            *mysql::ServerVersion::parse(session.query("SELECT VERSION()").scalar().value());
        const auto source = schema::read_table(session, tables.source, version);
        const auto shadow = schema::read_table(session, tables.shadow, version);
        std::vector<schema::ColumnPair> pairs;
        for (const mysql::KeyPlace& key : tables.source_key) {
            pairs.push_back({key.name, key.name});
        }
        pairs.push_back({"pad", "pad"});
        auto subject =
            verify::make_subject(tables, "PRIMARY", source.value(), shadow.value(), pairs).value();
        subject.columns.back().comparison.converted = convert;
        return subject;
    }
};

// Rows that a statement reads, in whatever plan.
std::uint64_t rows_read(sql::Session& session) {
    std::uint64_t sum = 0;
    const auto counters = session.query("SHOW SESSION STATUS LIKE 'Handler\\_read%'");
    for (const auto& row : counters.rows) {
        sum += std::stoull(row.at(1).value_or("0"));
    }
    return sum;
}

TEST_P(Comparisons, AComparisonReadsItsRangeOnly) {
    const verify::Subject subject = compared(pair(), false);
    const verify::Comparer comparer(subject, 100);
    // The server's choice must not depend on it.
    writer_->execute("SET SESSION optimizer_switch = 'derived_merge=off'");
    auto before = rows_read(*writer_);
    const auto part = comparer.first_part(*writer_, {key(10'000), std::nullopt}, 1'000);
    auto found = comparer.compare(*writer_, part);
    EXPECT_LT(rows_read(*writer_) - before, 10'000U);
    EXPECT_EQ(found.rows, 1'000U);
    EXPECT_TRUE(found.differences.empty());

    schema_->execute("UPDATE _t_new SET pad = 'x' WHERE " + row(10'500));
    schema_->execute("DELETE FROM t WHERE " + row(10'600));
    before = rows_read(*writer_);
    found = comparer.compare(*writer_, part);
    EXPECT_LT(rows_read(*writer_) - before, 10'000U);
    EXPECT_FALSE(found.differences.empty());

    before = rows_read(*writer_);
    EXPECT_FALSE(comparer.is_among(*writer_, key(5), many_keys()));
    EXPECT_TRUE(comparer.is_among(*writer_, key(41), many_keys()));
    found = comparer.compare(*writer_, std::vector{key(10'500), key(10'600), key(3)});
    EXPECT_EQ(found.differences.size(), 2U);
    EXPECT_LT(rows_read(*writer_) - before, 10'000U);
}

TEST_P(Comparisons, AComparisonWorksUnderTheTableLock) {
    for (const bool convert : {false, true}) {
        const verify::Subject subject = compared(pair(), convert);
        const verify::Comparer comparer(subject, 100);
        schema_->execute("UPDATE _t_new SET pad = 'x' WHERE " + row(500));
        writer_->execute("LOCK TABLES statements.t WRITE, statements._t_new WRITE");
        const auto found = comparer.compare(*writer_, std::vector{key(500), key(510'000)});
        EXPECT_EQ(found.differences.size(), 1U);
        EXPECT_NE(
            schema_->scalar(
                "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_SCHEMA = "
                "'statements' AND LOCK_TYPE = 'SHARED_NO_READ_WRITE'"
            ),
            "0"
        ) << "the lock is gone";
        writer_->execute("UNLOCK TABLES");
    }
}

TEST_P(Comparisons, AComparisonLocksNoRowAndLeavesTheBinlogAlone) {
    const verify::Subject subject = compared(pair(), true);
    const verify::Comparer comparer(subject, 100);
    const auto written = [this] { return schema_->scalar("SELECT @@GLOBAL.gtid_executed"); };
    const auto before = written();
    writer_->execute("START TRANSACTION");
    EXPECT_EQ(comparer.compare(*writer_, {std::nullopt, key(120)}).differences.size(), 0U);
    EXPECT_EQ(
        schema_->scalar(
            "SELECT COUNT(*) FROM performance_schema.data_locks WHERE object_schema = 'statements' "
            "AND object_name IN ('t', '_t_new') AND lock_type = 'RECORD'"
        ),
        "0"
    );
    writer_->execute("ROLLBACK");
    EXPECT_EQ(written(), before);
}

std::string name_of(const testing::TestParamInfo<Shape>& shape) {
    return shape.param.name;
}

std::vector<Shape> unchanged_shapes() {
    std::vector<Shape> unchanged = shapes();
    std::erase_if(unchanged, [](const Shape& shape) { return !shape.change.empty(); });
    return unchanged;
}

INSTANTIATE_TEST_SUITE_P(Keys, Statements, testing::ValuesIn(shapes()), name_of);
INSTANTIATE_TEST_SUITE_P(Keys, Comparisons, testing::ValuesIn(unchanged_shapes()), name_of);

}  // namespace
}  // namespace doppel
