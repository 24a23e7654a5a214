// SPDX-License-Identifier: Apache-2.0
#include "command_fixture.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

struct Refused {
    const char* table;
    const char* columns;  ///< beside `id`
    const char* rows;
    const char* clauses;
    const char* constraint;
    std::vector<std::string> affected;
    std::vector<std::string> keys;
    std::vector<std::string> found;  ///< first column of what the query finds; "none" for no query
};

/// Rows that do not fit the new schema: the run ends, tells which, and leaves everything as it was.
class DataMisfits : public CommandTest {
protected:
    static std::unique_ptr<Process> start(const std::string& table, const std::string& clauses) {
        return std::make_unique<Process>(
            server().doppel_command("ALTER TABLE app." + table + " " + clauses, {"--no-native"}),
            server().environment()
        );
    }

    /// The error event of a run that must have failed on the data.
    static json refusal_of(Process& run, const std::string& table) {
        EXPECT_EQ(run.wait(seconds(120)), 5) << run.out() << run.err();
        const json error = last_of(run.out(), "error");
        EXPECT_TRUE(error.is_object()) << run.out();
        const std::string message = error.value("message", "");
        EXPECT_THAT(
            message, HasSubstr("the data of app." + table + " does not fit the new schema")
        );
        EXPECT_THAT(
            message, HasSubstr("app." + table + " is untouched and nothing was left behind")
        );
        EXPECT_THAT(message, Not(HasSubstr("_new"))) << "a name that the user does not know";
        return error;
    }

    /// Runs an ALTER of `t` that must fail on the data.
    json refuse(const std::string& clauses) {
        const std::string before = contents_of(*schema_);
        const json error = refusal_of(*start("t", clauses), "t");
        EXPECT_EQ(contents_of(*schema_), before) << clauses;
        return error;
    }

    /// The first column of the rows that the error's query finds.
    std::vector<std::string> found_by(const json& error) {
        if (!error.value("search", json()).is_string()) {
            EXPECT_THAT(error.value("message", ""), HasSubstr("mend these and run again"));
            return {"none"};
        }
        const std::string query = error.at("search");
        EXPECT_THAT(error.value("message", ""), HasSubstr(query));
        std::vector<std::string> found;
        for (const auto& row : schema_->session().query(query).rows) {
            found.push_back(row.at(0).value_or("NULL"));
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    void prepare(const Refused& given) {
        const std::string columns =
            fmt::format(" (id INT NOT NULL, {}, PRIMARY KEY (id))", given.columns);
        execute("CREATE TABLE twin" + columns);
        execute(fmt::format("INSERT INTO twin VALUES {}", given.rows));
        execute(fmt::format("CREATE TABLE {}{}", given.table, columns));
        execute(fmt::format("INSERT INTO {} VALUES {}", given.table, given.rows));
        EXPECT_ANY_THROW(execute(fmt::format("ALTER TABLE twin {}", given.clauses)))
            << "the server's own ALTER does it";
        execute("DROP TABLE twin");
    }

    void check(const Refused& given, Process& run) {
        const json error = refusal_of(run, given.table);
        EXPECT_EQ(error.value("constraint", json()), json(given.constraint)) << error.dump();
        EXPECT_EQ(error.value("columns", json()), json(given.affected)) << error.dump();
        EXPECT_EQ(error.value("keys", json()), json(given.keys)) << error.dump();
        for (const std::string& key : given.keys) {
            EXPECT_THAT(error.value("message", ""), HasSubstr(key));
        }
        EXPECT_EQ(found_by(error), given.found) << error.dump();
    }

    /// Runs some at a time: most of what a run does is waiting between its looks.
    void refuse_all(const std::vector<Refused>& all) {
        constexpr std::size_t kAtATime = 8;
        for (const Refused& given : all) {
            SCOPED_TRACE(given.table);
            prepare(given);
        }
        const std::string before = contents_of(*schema_);
        for (std::size_t begin = 0; begin < all.size(); begin += kAtATime) {
            const std::size_t end = std::min(begin + kAtATime, all.size());
            std::vector<std::unique_ptr<Process>> runs;
            for (std::size_t i = begin; i < end; ++i) {
                runs.push_back(start(all[i].table, all[i].clauses));
            }
            for (std::size_t i = begin; i < end; ++i) {
                SCOPED_TRACE(all[i].table);
                check(all[i], *runs[i - begin]);
            }
        }
        EXPECT_EQ(contents_of(*schema_), before);
    }
};

const std::vector<Refused> kDuplicates = {
    {"t_unique",
     "u VARCHAR(20)",
     "(1,'a'), (2,'b'), (3,'a'), (4,NULL), (5,NULL), (6,'a')",
     "ADD UNIQUE KEY u (u)",
     "u",
     {"u"},
     {"(1)", "(3)", "(6)"},
     {"a"}},
    {"t_groups",
     "u INT",
     "(1,7), (2,8), (3,7), (4,9), (5,8)",
     "ADD UNIQUE KEY other_name (u)",
     "other_name",
     {"u"},
     {"(1)", "(3)", "(2)", "(5)"},
     {"7", "8"}},
    {"t_collation",
     "u VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, UNIQUE KEY u (u)",
     "(1,'Rose'), (2,'rose'), (3,'tulip')",
     "MODIFY u VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
     "u",
     {"u"},
     {"(1)", "(2)"},
     {"Rose"}},
    {"t_converted",
     "u VARCHAR(20), UNIQUE KEY u (u)",
     "(1,'1'), (2,'01'), (3,'2')",
     "MODIFY u INT",
     "u",
     {"u"},
     {"(1)", "(2)"},
     {"1"}},
    {"t_rounded",
     "d DATETIME(6), UNIQUE KEY d (d)",
     "(1,'2024-01-01 10:00:00.1'), (2,'2024-01-01 10:00:00.2'), (3,'2024-01-01 10:00:01.1')",
     "CHANGE d day DATETIME",
     "d",
     {"day"},
     {"(1)", "(2)"},
     {"2024-01-01 10:00:00"}},
    {"t_functional",
     "u VARCHAR(20)",
     "(1,'x1'), (2,'x2'), (3,'y1')",
     "ADD UNIQUE KEY first_letter ((LEFT(u, 1)))",
     "first_letter",
     {"u"},
     {"(1)", "(2)"},
     {"x"}},
    {"t_prefix",
     "u VARCHAR(20)",
     "(1,'abcd'), (2,'abce'), (3,'xyz')",
     "ADD UNIQUE KEY start (u(3))",
     "start",
     {"u"},
     {"(1)", "(2)"},
     {"abc"}},
    {"t_several_columns",
     "a INT, b INT",
     "(1,1,1), (2,1,2), (3,1,1), (4,NULL,1), (5,NULL,1)",
     "ADD UNIQUE KEY ab (a, b)",
     "ab",
     {"a", "b"},
     {"(1)", "(3)"},
     {"1"}},
    {"t_multi_valued",
     "j JSON",
     "(1,'[1,2]'), (2,'[3]'), (3,'[2]')",
     "ADD UNIQUE KEY mv ((CAST(j AS UNSIGNED ARRAY)))",
     "mv",
     {"j"},
     {"(1)", "(3)"},
     {"none"}},
    {"t_generated",
     "a INT, b INT",
     "(1,1,2), (2,2,1), (3,5,5)",
     "ADD COLUMN g INT AS (a + b) STORED, ADD UNIQUE KEY g (g)",
     "g",
     {"g"},
     {"(1)", "(2)"},
     {"3"}},
    {"t_primary",
     "n INT NOT NULL, UNIQUE KEY kept (id)",
     "(1,4), (2,5), (3,4)",
     "DROP PRIMARY KEY, ADD PRIMARY KEY (n)",
     "PRIMARY",
     {"n"},
     {"(1)", "(3)"},
     {"4"}},
};

const std::vector<Refused> kValues = {
    {"t_too_long",
     "s VARCHAR(20)",
     "(1,'abc'), (2,'abcdef'), (3,'ab   ')",
     "MODIFY s VARCHAR(3)",
     "varchar(3)",
     {"s"},
     {"(2)", "(3)"},
     {"2", "3"}},
    {"t_too_long_for_another_charset",
     "s VARCHAR(20) CHARACTER SET utf8mb4",
     "(1,'abc'), (2,'abcdef'), (3,'ab   ')",
     "MODIFY s VARCHAR(3) CHARACTER SET latin1",
     "varchar(3)",
     {"s"},
     {"(2)"},
     {"2"}},
    {"t_too_long_bytes",
     "s VARBINARY(20)",
     "(1,'abc'), (2,'abcdef')",
     "MODIFY s VARBINARY(3)",
     "varbinary(3)",
     {"s"},
     {"(2)"},
     {"2"}},
    {"t_null_time",
     "ts TIMESTAMP NULL",
     "(1,'2024-01-01 00:00:00'), (2,NULL)",
     "MODIFY ts TIMESTAMP NOT NULL",
     "NOT NULL",
     {"ts"},
     {"(2)"},
     {"2"}},
    {"t_too_long_renamed",
     "s VARCHAR(20)",
     "(1,'abc'), (2,'abcdef')",
     "CHANGE s title VARCHAR(3)",
     "varchar(3)",
     {"title"},
     {"(2)"},
     {"2"}},
    {"t_out_of_range",
     "n INT",
     "(1,127), (2,128), (3,-128), (4,-129)",
     "MODIFY n TINYINT",
     "tinyint",
     {"n"},
     {"(2)", "(4)"},
     {"2", "4"}},
    {"t_negative",
     "n INT",
     "(1,0), (2,-1)",
     "MODIFY n INT UNSIGNED",
     "int unsigned",
     {"n"},
     {"(2)"},
     {"2"}},
    {"t_decimal",
     "n DECIMAL(10,3)",
     "(1,99.994), (2,99.995), (3,-100)",
     "MODIFY n DECIMAL(4,2)",
     "decimal(4,2)",
     {"n"},
     {"(2)", "(3)"},
     {"2", "3"}},
    {"t_null",
     "n INT",
     "(1,0), (2,NULL), (3,NULL)",
     "MODIFY n INT NOT NULL",
     "NOT NULL",
     {"n"},
     {"(2)", "(3)"},
     {"2", "3"}},
    {"t_text_to_number",
     "s VARCHAR(20)",
     "(1,' 12 '), (2,'12 apples'), (3,'-1.2e1'), (4,'')",
     "MODIFY s INT",
     "int",
     {"s"},
     {"(2)", "(4)"},
     {"2", "4"}},
    {"t_text_to_date",
     "s VARCHAR(20)",
     "(1,'2024-02-29'), (2,'2023-02-29'), (3,'soon')",
     "MODIFY s DATE",
     "date",
     {"s"},
     {"(2)", "(3)"},
     {"2", "3"}},
    {"t_before_timestamps",
     "d DATETIME",
     "(1,'2024-02-29 00:00:00'), (2,'1960-01-01 00:00:00')",
     "MODIFY d TIMESTAMP NULL",
     "timestamp",
     {"d"},
     {"(2)"},
     {"2"}},
    {"t_json",
     "s VARCHAR(20)",
     "(1,'[1]'), (2,'{'), (3,'{}')",
     "MODIFY s JSON",
     "json",
     {"s"},
     {"(2)"},
     {"2"}},
    {"t_enum_label",
     "s VARCHAR(20)",
     "(1,'red'), (2,'pink'), (3,'Blue'), (4,NULL)",
     "MODIFY s ENUM('red','blue')",
     "enum('red','blue')",
     {"s"},
     {"(2)"},
     {"2"}},
    {"t_charset",
     "s VARCHAR(20) CHARACTER SET utf8mb4",
     "(1,'caf\xc3\xa9'), (2,'\xf0\x9f\x98\x80'), (3,'x')",
     "MODIFY s VARCHAR(20) CHARACTER SET latin1",
     "varchar(20)",
     {"s"},
     {"(2)"},
     {"2"}},
    {"t_bytes_to_text",
     "s VARBINARY(20)",
     "(1,'abc'), (2,x'FF')",
     "MODIFY s VARCHAR(20) CHARACTER SET utf8mb4",
     "varchar(20)",
     {"s"},
     {"(2)"},
     {"2"}},
    {"t_check",
     "n INT",
     "(1,1), (2,-1), (3,NULL)",
     "ADD COLUMN b INT, ADD CONSTRAINT positive CHECK (n > 0)",
     "positive",
     {"n"},
     {"(2)"},
     {"2"}},
    {"t_unnamed_check",
     "n INT",
     "(1,1), (2,-1)",
     "RENAME COLUMN n TO m, ADD CHECK (m > 0)",
     "t_unnamed_check_chk_1",
     {"m"},
     {"(2)"},
     {"2"}},
    {"t_generated_range",
     "n INT",
     "(1,1), (2,300)",
     "ADD COLUMN g TINYINT AS (n) STORED",
     "tinyint",
     {"g"},
     {"(2)"},
     {"none"}},
    {"t_generated_division",
     "n INT",
     "(1,1), (2,0)",
     "ADD COLUMN g INT AS (10 / n) STORED",
     "int",
     {"g"},
     {"(2)"},
     {"none"}},
    {"t_functional_range",
     "s VARCHAR(20)",
     "(1,'1'), (2,'x')",
     "ADD KEY number ((CAST(s AS UNSIGNED)))",
     "number",
     {"s"},
     {"(2)"},
     {"none"}},
    {"t_partition",
     "n INT",
     "(1,1), (20,1)",
     "PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10))",
     "partitioning",
     {},
     {"(20)"},
     {"none"}},
    {"t_geometry",
     "s BLOB",
     "(1,ST_GeomFromText('POINT(1 1)')), (2,'nowhere')",
     "MODIFY s GEOMETRY",
     "geometry",
     {"s"},
     {"(2)"},
     {"none"}},
};

TEST_F(DataMisfits, DuplicatesAreNamed) {
    refuse_all(kDuplicates);
}

TEST_F(DataMisfits, ValuesAreNamed) {
    refuse_all(kValues);
}

TEST_F(DataMisfits, TellsTenKeysOfMany) {
    fill(1'000);  // `a` has 97 values
    const json error = refuse("ADD UNIQUE KEY ua (a)");
    EXPECT_EQ(error.at("keys").size(), 10U) << error.dump();
    EXPECT_THAT(error.at("message").get<std::string>(), HasSubstr(" and more. "));
    EXPECT_EQ(found_by(error).size(), 97U);
}

TEST_F(DataMisfits, TellsKeysOfTextAndOfSeveralColumns) {
    execute("CREATE TABLE t (k VARCHAR(10), n INT, v INT, PRIMARY KEY (k, n))");
    execute("INSERT INTO t VALUES ('one', 1, 5), ('two', 2, 300), ('it''s', 3, 5)");
    const json error = refuse("MODIFY v TINYINT, ADD COLUMN w INT");
    EXPECT_THAT(error.at("keys"), ElementsAre("('two', 2)"));
    const json twice = refuse("ADD UNIQUE KEY v (v)");
    EXPECT_THAT(twice.at("keys"), UnorderedElementsAre("('it's', 3)", "('one', 1)"));
}

}  // namespace
}  // namespace doppel::test
