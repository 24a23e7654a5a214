// SPDX-License-Identifier: Apache-2.0
//
// Verification where the ALTER changes the key itself: its types, collations or order. The verifier
// is the real one on a real server, and so are the statements that repair; the feed is the test.
#include "integration/command_fixture.hpp"
#include "migration/sessions.hpp"
#include "mysql/reconcile_statement.hpp"
#include "mysql/server_version.hpp"
#include "schema/key_choice.hpp"
#include "schema/reader.hpp"
#include "verify/verifier.hpp"

#include <exception>
#include <memory>

namespace doppel::test {
namespace {

constexpr int kRows = 200;
constexpr std::size_t kRowsAtOnce = 10;

struct KeyCase {
    const char* name;
    const char* source;  ///< its columns and keys but for v
    const char* shadow;
    const char* key;    ///< the key's columns
    const char* rows;   ///< values of these for the numbers `i`
    const char* row;    ///< condition on one of these rows, in the shadow
    const char* lost;   ///< on another
    const char* extra;  ///< values of the key's columns, of a row that only the shadow gets
    /// Whether the shadow takes a second copy of a row.
    bool takes_copies = false;
};

void PrintTo(const KeyCase& key_case, std::ostream* out) {
    *out << key_case.name;
}

const std::vector<KeyCase>& key_cases() {
    static const std::vector<KeyCase> all{
        {"ci_to_bin",
         "k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL PRIMARY KEY",
         "k VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY",
         "k",
         "CONCAT(IF(i % 2, 'Ä', 'b'), i)",
         "k = 'Ä7'",
         "k = 'b8'",
         "'ä7'"},
        {"bin_to_ci",
         "k VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY",
         "k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL, KEY (k)",
         "k",
         "CONCAT(ELT(1 + i % 3, 'a', 'A', 'á'), i DIV 3)",
         "CAST(k AS BINARY) = 'A2'",
         "CAST(k AS BINARY) = 'á2'",
         "'Á2'",
         true},
        {"charset",
         "k VARCHAR(20) CHARACTER SET latin1 NOT NULL PRIMARY KEY",
         "k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY",
         "k",
         "CONCAT('ü', i)",
         "k = 'ü7'",
         "k = 'ü8'",
         "'Ü7'"},
        {"int_to_decimal",
         "k INT NOT NULL PRIMARY KEY",
         "k DECIMAL(12,2) NOT NULL PRIMARY KEY",
         "k",
         "i",
         "k = 7",
         "k = 8",
         "-5"},
        {"decimal_to_int",
         "k DECIMAL(10,0) NOT NULL PRIMARY KEY",
         "k BIGINT NOT NULL PRIMARY KEY",
         "k",
         "i",
         "k = 7",
         "k = 8",
         "1000"},
        {"fraction",
         "k DATETIME NOT NULL PRIMARY KEY",
         "k DATETIME(2) NOT NULL PRIMARY KEY",
         "k",
         "TIMESTAMP'2024-01-01 00:00:00' + INTERVAL i SECOND",
         "k = '2024-01-01 00:00:07'",
         "k = '2024-01-01 00:00:08'",
         "'2023-01-01 00:00:00'"},
        {"date_to_datetime",
         "k DATE NOT NULL PRIMARY KEY",
         "k DATETIME(3) NOT NULL PRIMARY KEY",
         "k",
         "DATE'2024-01-01' + INTERVAL i DAY",
         "k = '2024-01-08'",
         "k = '2024-01-09'",
         "'2023-01-01'"},
        {"time_in_utc",
         "k TIMESTAMP NOT NULL PRIMARY KEY",
         "k TIMESTAMP(3) NOT NULL PRIMARY KEY",
         "k",
         "FROM_UNIXTIME(1700000000 + i)",
         "k = FROM_UNIXTIME(1700000007)",
         "k = FROM_UNIXTIME(1700000008)",
         "FROM_UNIXTIME(1600000000)"},
        {"reordered",
         "a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         "a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a)",
         "a, b",
         "i DIV 10, i % 10",
         "a = 2 AND b = 3",
         "a = 2 AND b = 4",
         "2, 77"},
        {"descending",
         "a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a DESC, b DESC)",
         "a BIGINT NOT NULL, b INT NOT NULL, PRIMARY KEY (a DESC, b DESC)",
         "a, b",
         "i DIV 10, i % 10",
         "a = 2 AND b = 3",
         "a = 2 AND b = 4",
         "2, 77"},
        {"mixed_directions",
         "a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         "a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b DESC)",
         "a, b",
         "i DIV 10, i % 10",
         "a = 2 AND b = 3",
         "a = 2 AND b = 4",
         "2, 77"},
        {"enum",
         "e ENUM('x','y') COLLATE utf8mb4_0900_ai_ci NOT NULL, n INT NOT NULL, PRIMARY KEY (e, n)",
         "e ENUM('x','y','z') COLLATE utf8mb4_bin NOT NULL, n INT NOT NULL, PRIMARY KEY (e, n)",
         "e, n",
         "1 + i % 2, i",
         "e = 'y' AND n = 7",
         "e = 'x' AND n = 8",
         "'z', 1"},
        {"padded",
         "k BINARY(2) NOT NULL PRIMARY KEY",
         "k BINARY(4) NOT NULL PRIMARY KEY",
         "k",
         "UNHEX(LPAD(HEX(i), 4, '0'))",
         "k = x'00070000'",
         "k = x'00080000'",
         "x'7777'"},
        {"not_unique_there",
         "u INT NOT NULL, UNIQUE KEY (u)",
         "u INT NOT NULL, nr INT NOT NULL AUTO_INCREMENT PRIMARY KEY, KEY (u)",
         "u",
         "i",
         "u = 7",
         "u = 8",
         "1000",
         true},
        {"text_and_number_reordered",
         "a VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b)",
         "a VARCHAR(30) COLLATE utf8mb4_0900_as_cs NOT NULL, b BIGINT NOT NULL, "
         "PRIMARY KEY (b DESC, a)",
         "a, b",
         "CONCAT('r', i % 7), i",
         "a = 'r0' AND b = 7",
         "a = 'r1' AND b = 8",
         "'R0', 7"}};
    return all;
}

class VerifyKeys : public CommandTest {
protected:
    /// Both tables with the same rows, and the statements of a run between them.
    void make_tables(const KeyCase& key_case) {
        key_ = key_case.key;
        execute(fmt::format("CREATE TABLE t ({}, v INT)", key_case.source));
        execute(fmt::format("CREATE TABLE _t_new ({}, v VARCHAR(10))", key_case.shadow));
        execute(fmt::format(
            "INSERT INTO t ({}, v) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < {}) SELECT {}, i FROM n",
            key_case.key,
            kRows,
            key_case.rows
        ));
        execute(fmt::format("INSERT INTO _t_new ({0}, v) SELECT {0}, v FROM t", key_case.key));
        execute("ANALYZE TABLE t, _t_new");
        const auto version = *mysql::ServerVersion::parse(scalar("SELECT VERSION()"));
        const auto source = *schema::read_table(schema_->session(), {"app", "t"}, version);
        const auto shadow = *schema::read_table(schema_->session(), {"app", "_t_new"}, version);
        schema::ColumnMap columns;
        for (const schema::Column& column : source.columns) {
            columns.pairs.push_back({column.name, column.name});
        }
        const auto decision = schema::choose_key(source, shadow, columns);
        ASSERT_TRUE(decision.choice) << decision.rejected.front().reason;
        const schema::KeyChoice& key = *decision.choice;
        mysql::TablePair tables{
            source.name,
            shadow.name,
            {},
            key.index,
            key.shape,
            key.source_key,
            key.shadow_key,
            columns.source_list(),
            columns.shadow_list()};
        subject_.emplace(
            verify::make_subject(tables, key.shadow_index, source, shadow, columns.pairs).value()
        );
        coordinator_.emplace(key.shape.exactly_comparable(), protocol::Coordinator::Limits());
        const auto chunk = coordinator_->add_chunk(std::nullopt);
        coordinator_->open_chunk(chunk);
        coordinator_->close_chunk(chunk);
        settings_ = migration::writer_settings();
        settings_.statements.emplace_back("SET SESSION time_zone = '+00:00'");
        execute("SET SESSION time_zone = '+00:00'");
    }

    /// What replay does with the keys that the verifier asks for.
    void reconcile() {
        if (coordinator_->fence_wanted()) {
            coordinator_->acknowledge_fence(coordinator_->issue_fence());
        }
        while (const auto batch = coordinator_->take_batch()) {
            execute(mysql::delete_statement(subject_->tables, batch->keys, batch->confined_to));
            execute(mysql::insert_statement(subject_->tables, batch->keys, batch->confined_to));
            coordinator_->complete(*batch);
        }
    }

    async::awaitable<void> pass() { co_return; }
    async::awaitable<void> catch_up() {
        reconcile();
        co_return;
    }

    /// Throws what the verifier throws.
    void verify() {
        boost::asio::io_context context;
        async::Event changed(context.get_executor());
        sql::AsyncSession session(server().primary(), settings_, "verify_keys_test", Logger());
        verify::VerifierLimits limits;
        limits.rows_max = kRowsAtOnce;
        const bool stopping = false;
        verify::Verifier verifier(
            verify::VerifierContext{
                *subject_,
                *coordinator_,
                changed,
                touched_,
                Logger(),
                limits,
                [this] { return pass(); },
                [this] { return catch_up(); },
                [this](const Differences& found) { reported_.push_back(found); },
                stopping},
            session
        );
        std::exception_ptr failure;
        boost::asio::co_spawn(
            context,
            run(session, verifier),
            [&](const std::exception_ptr& error) { failure = error; }
        );
        context.run();
        rows_ = verifier.rows();
        differences_ = verifier.differences();
        repairs_ = verifier.repairs();
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
    static async::awaitable<void> run(sql::AsyncSession& session, verify::Verifier& verifier) {
        co_await session.open();
        co_await verifier.run();
    }

    std::string shadow_contents() {
        std::string text;
        const std::string values = fmt::format("{}, v", key_);
        for (const auto& row :
             schema_->session()
                 .query("SELECT HEX(CONCAT_WS('|', " + values + ")) AS r FROM _t_new ORDER BY r")
                 .rows) {
            text += row.at(0).value() + "\n";
        }
        return text;
    }

    std::string key_;
    std::optional<verify::Subject> subject_;
    std::optional<protocol::Coordinator> coordinator_;
    verify::TouchedKeys touched_;
    sql::SessionSettings settings_;
    std::vector<Differences> reported_;
    std::uint64_t rows_ = 0;
    std::uint64_t differences_ = 0;
    std::uint64_t repairs_ = 0;
};

class VerifyKeysTest : public VerifyKeys, public testing::WithParamInterface<KeyCase> {};

TEST_P(VerifyKeysTest, FindsAndRepairsWhatDiffers) {
    const KeyCase& key_case = GetParam();
    make_tables(key_case);
    const std::string right = shadow_contents();
    verify();
    EXPECT_EQ(rows_, static_cast<unsigned>(kRows));
    EXPECT_EQ(differences_, 0U);
    EXPECT_TRUE(reported_.empty());

    execute(fmt::format("UPDATE _t_new SET v = 'x' WHERE {}", key_case.row));
    execute(fmt::format("DELETE FROM _t_new WHERE {}", key_case.lost));
    execute(fmt::format("INSERT INTO _t_new ({}, v) VALUES ({}, 1)", key_case.key, key_case.extra));
    unsigned expected = 3;
    if (key_case.takes_copies) {
        execute(fmt::format(
            "INSERT INTO _t_new ({0}, v) SELECT {0}, v FROM _t_new WHERE v = '20'", key_case.key
        ));
        ++expected;
    }
    ASSERT_NE(shadow_contents(), right);
    verify();
    EXPECT_EQ(differences_, expected);
    EXPECT_EQ(repairs_, expected);
    EXPECT_EQ(shadow_contents(), right);
    if (HasFailure()) {
        for (const Differences& found : reported_) {
            fmt::print("{}\n", fmt::join(found.keys, " "));
        }
    }
}

TEST_P(VerifyKeysTest, ReadsNoTableAsAWholeForEachRange) {
    make_tables(GetParam());
    const auto session = sql::connect(server().primary(), settings_);
    const verify::Comparer comparer(*subject_, 100);
    mysql::KeyRange part;
    do {
        part = comparer.first_part(*session, {part.upper, std::nullopt}, kRowsAtOnce);
        EXPECT_TRUE(comparer.compare(*session, part).differences.empty());
    } while (part.upper);
    const bool walks = subject_->extra_rows == verify::ExtraRows::by_walk;
    while (walks) {
        part = comparer.first_step(*session, {part.upper, std::nullopt}, kRowsAtOnce);
        EXPECT_TRUE(comparer.walk(*session, part).differences.empty());
        const auto rows = scalar(
            "SELECT COUNT(*) FROM _t_new WHERE " + verify::walk_area_of(*subject_, part).in_shadow
        );
        // Those with the key of the last one belong to it.
        EXPECT_LE(std::stoul(rows), kRowsAtOnce + 2);
        if (!part.upper) {
            break;
        }
    }
    const auto reads = session->query(
        "SELECT SUM(VARIABLE_VALUE) FROM performance_schema.session_status WHERE VARIABLE_NAME "
        "IN ('Handler_read_next', 'Handler_read_prev', 'Handler_read_rnd_next')"
    );
    // Once for each boundary, count and comparison, and the scratch table: not once for each range.
    EXPECT_LT(std::stoul(reads.scalar().value()), 18U * kRows);
}

TEST_F(VerifyKeys, AKeyIsAskedForAsTheSourceSpellsIt) {
    make_tables(
        {"fraction",
         "k DATETIME NOT NULL PRIMARY KEY",
         "k DATETIME(2) NOT NULL PRIMARY KEY",
         "k",
         "TIMESTAMP'2024-01-01 00:00:00' + INTERVAL i SECOND",
         "",
         "",
         ""}
    );
    execute("INSERT INTO _t_new (k, v) VALUES ('2023-12-31 00:00:00', 1)");
    const auto session = sql::connect(server().primary(), settings_);
    const verify::Comparer comparer(*subject_, 100);
    const auto found = comparer.compare(*session, mysql::KeyRange());
    ASSERT_EQ(found.differences.size(), 1U);
    EXPECT_EQ(
        found.differences.front().key,
        *subject_->tables.shape.encode_text({std::string("2023-12-31 00:00:00")})
    ) << "spelt otherwise it lies beyond the frontier for the coordinator, which discards it";
}

struct ImpossibleCase {
    const char* name;
    const char* source;
    const char* shadow;
    const char* rows;
    const char* impossible;
    const char* described;
};

void PrintTo(const ImpossibleCase& tested, std::ostream* out) {
    *out << tested.name;
}

class ImpossibleKeysTest : public VerifyKeys, public testing::WithParamInterface<ImpossibleCase> {};

TEST_P(ImpossibleKeysTest, StopTheRun) {
    const ImpossibleCase& tested = GetParam();
    make_tables({tested.name, tested.source, tested.shadow, "k", tested.rows, "", "", ""});
    verify();
    execute(fmt::format("INSERT INTO _t_new (k, v) VALUES ({}, 1)", tested.impossible));
    EXPECT_THROW(verify(), Error);
    ASSERT_EQ(reported_.size(), 1U);
    EXPECT_EQ(reported_.front().action, Differences::Action::stopping);
    EXPECT_EQ(reported_.front().keys, std::vector<std::string>{tested.described});
}

INSTANTIATE_TEST_SUITE_P(
    Keys,
    ImpossibleKeysTest,
    testing::Values(
        ImpossibleCase{
            "between_integers",
            "k INT NOT NULL PRIMARY KEY",
            "k DECIMAL(10,2) NOT NULL PRIMARY KEY",
            "i",
            "7.5",
            "(7.50)"},
        ImpossibleCase{
            "between_seconds",
            "k DATETIME NOT NULL PRIMARY KEY",
            "k DATETIME(2) NOT NULL PRIMARY KEY",
            "TIMESTAMP'2024-01-01 00:00:00' + INTERVAL i SECOND",
            "'2024-01-01 00:00:07.5'",
            "('2024-01-01 00:00:07.50')"},
        ImpossibleCase{
            "of_another_charset",
            "k VARCHAR(20) CHARACTER SET latin1 NOT NULL PRIMARY KEY",
            "k VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL PRIMARY KEY",
            "CONCAT('?', i)",
            "'Ω7'",
            "(x'CEA937')"},
        ImpossibleCase{
            "shorter",
            "k BINARY(2) NOT NULL PRIMARY KEY",
            "k VARBINARY(4) NOT NULL PRIMARY KEY",
            "UNHEX(LPAD(HEX(i), 4, '0'))",
            "x'77'",
            "(x'77')"},
        ImpossibleCase{
            "null",
            "k INT NOT NULL, UNIQUE KEY (k)",
            "k INT, UNIQUE KEY (k)",
            "i",
            "NULL",
            "with a NULL in its key"}
    ),
    [](const auto& tested) { return std::string(tested.param.name); }
);

INSTANTIATE_TEST_SUITE_P(
    Keys,
    VerifyKeysTest,
    testing::ValuesIn(key_cases()),
    [](const auto& tested) { return std::string(tested.param.name); }
);

}  // namespace
}  // namespace doppel::test
