// SPDX-License-Identifier: Apache-2.0
#include "command_fixture.hpp"
#include "misfit_cases.hpp"

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
            given.columns[0] == '('
                ? given.columns
                : fmt::format("(id INT NOT NULL, {}, PRIMARY KEY (id))", given.columns);
        // As a lenient session may have left them.
        execute("SET SESSION sql_mode = ''");
        execute("CREATE TABLE twin " + columns);
        execute(fmt::format("INSERT INTO twin VALUES {}", given.rows));
        execute(fmt::format("CREATE TABLE {} {}", given.table, columns));
        execute(fmt::format("INSERT INTO {} VALUES {}", given.table, given.rows));
        execute("SET SESSION sql_mode = DEFAULT");
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

TEST_F(DataMisfits, KeysOfAnotherTypeInTheShadowAreNamedAsTheSourceHasThem) {
    refuse_all(kKeysOfAnotherType);
}

TEST_F(DataMisfits, DuplicatesAreSeenWhateverTheColumnsAre) {
    refuse_all(kInvalidEnums);
}

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
