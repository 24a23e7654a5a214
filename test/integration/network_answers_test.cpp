// SPDX-License-Identifier: Apache-2.0
//
// Statements whose answer never comes: the server did them, or they never came to the server. A run
// must find out which, or do what is right in both cases.
#include "integration/network_fixture.hpp"

#include <algorithm>
#include <cstdlib>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

using How = Proxy::How;

class Answers : public NetworkTest {};

/// The statements of a run in their order, each lost once. `%` stands for anything.
std::vector<std::string> statements_of_the_beginning() {
    return {
        "SELECT GET_LOCK('doppel:",
        "XA RECOVER",
        "CREATE TABLE%`_t_doppel`",
        "INSERT INTO%`_t_doppel` (id, seq, record)",
        "CREATE TABLE%`_t_new` LIKE",
        "ALTER TABLE%`_t_new`",
        "ALTER TABLE%`_t_new` ADD KEY",
        "ALTER TABLE%`_t_new` DROP INDEX",
        "gtid_executed",
        "COMMIT",
    };
}

std::vector<std::string> statements_of_the_copy() {
    return {
        "INSERT INTO%`_t_new`%WHERE `id` <",    // a chunk
        "UPDATE%`_t_doppel`%WHERE id = 1$",     // a fence
        "UPDATE%`_t_doppel`%WHERE id = 2$",     // one that the feed is to pass
        "UPDATE%`_t_doppel`%WHERE id = 4 AND",  // a checkpoint
    };
}

std::vector<std::string> statements_of_the_end() {
    return {
        "ANALYZE TABLE",
        "LOCK TABLES",
        "UPDATE%`_t_doppel`%WHERE id = 3$",
        "RENAME TABLE",
        "UPDATE%'swapped'",
        "DROP TABLE%`_t_old`",
        "DROP TABLE%`_t_doppel`",
    };
}

void expect_all_lost(Site& site) {
    EXPECT_THAT(site.proxy().waiting(), IsEmpty()) << "these were not met";
}

void lose_each(
    Sandbox& server,
    const char* schema,
    const std::vector<std::string>& statements,
    bool arrive,
    How how
) {
    SCOPED_TRACE(schema);
    Site site(server, schema, 3'000);
    for (const std::string& pattern : statements) {
        site.proxy().lose(pattern, arrive, how);
    }
    const auto run = site.start({"--chunk-rows=100", "--drop-old"});
    site.expect_right_end(*run, "t,twin");
    expect_all_lost(site);
}

/// A loss in silence takes seconds, so either half of the statements is lost in another way there;
/// the soak (DOPPEL_TEST_FAULTS) loses all in both.
std::vector<std::string> half(const std::vector<std::string>& statements, std::size_t which) {
    if (std::getenv("DOPPEL_TEST_FAULTS") != nullptr) {
        return statements;
    }
    std::vector<std::string> chosen;
    for (std::size_t i = which; i < statements.size(); i += 2) {
        chosen.push_back(statements[i]);
    }
    return chosen;
}

TEST_F(Answers, ThatAreLostDoNoHarm) {
    const auto preparing = statements_of_the_beginning();
    const auto copying = statements_of_the_copy();
    const auto ending = statements_of_the_end();
    run_side_by_side({
        [&] { lose_each(server(), "begin_done_silent", half(preparing, 0), true, How::stall); },
        [&] {
            lose_each(server(), "begin_not_done_silent", half(preparing, 1), false, How::stall);
        },
        [&] { lose_each(server(), "end_done_silent", half(ending, 0), true, How::stall); },
        [&] { lose_each(server(), "end_not_done_silent", half(ending, 1), false, How::stall); },
        [&] { lose_each(server(), "copy_done_silent", copying, true, How::stall); },
        [&] { lose_each(server(), "copy_not_done_silent", copying, false, How::stall); },
        [&] { lose_each(server(), "begin_done", preparing, true, How::reset); },
        [&] { lose_each(server(), "begin_not_done", preparing, false, How::reset); },
        [&] { lose_each(server(), "end_done", ending, true, How::reset); },
        [&] { lose_each(server(), "end_not_done", ending, false, How::reset); },
        [&] { lose_each(server(), "copy_done", copying, true, How::reset); },
        [&] { lose_each(server(), "copy_not_done", copying, false, How::reset); },
    });
}

TEST_F(Answers, ToTheCommitOfReplay) {
    const auto lose = [](const char* schema, bool arrives) {
        SCOPED_TRACE(schema);
        Site site(server(), schema, 1'500);
        const PostponedSwap postponed;
        const auto run = site.start_stopped_at(
            "replay.before_commit", 2, {"--chunk-rows=100", postponed.option()}
        );
        ASSERT_TRUE(run->running()) << run->err();
        postponed.end();
        site.proxy().lose("COMMIT", arrives, How::reset);
        run->signal(SIGCONT);
        site.expect_right_end(*run);
        expect_all_lost(site);
    };
    run_side_by_side({[&] { lose("replayed", true); }, [&] { lose("not_replayed", false); }});
}

// The server has given it to a connection of ours that we know nothing about.
TEST_F(Answers, ToTheNameOfASession) {
    Site site(server(), "names", 1'500);
    const PostponedSwap postponed;
    const auto run = site.start({"--chunk-rows=20", postponed.option()});
    ASSERT_TRUE(run->wait_for("\"copying\"", seconds(30))) << run->out();
    site.proxy().lose("SELECT GET_LOCK('doppel.", true, How::stall);
    EXPECT_GT(site.proxy().harm(Proxy::Which::sql, How::reset), 0U);
    EXPECT_TRUE(eventually([&] { return site.proxy().waiting().empty(); }, seconds(30)));
    postponed.end();
    site.expect_right_end(*run);
    expect_all_lost(site);
}

TEST_F(Answers, ToANativeChange) {
    const auto lose = [](const char* schema, bool arrives, How how) {
        SCOPED_TRACE(schema);
        constexpr const char* kInstant = "ADD COLUMN extra INT";
        Site site(server(), schema, 500);
        site.proxy().lose("ALGORITHM=INSTANT", arrives, how);
        const auto run = site.start_native(kInstant);
        site.expect_right_end(*run, "t,twin", kInstant);
        expect_all_lost(site);
        EXPECT_EQ(last_of(run->out(), "summary").value("method", ""), "instant");
    };
    run_side_by_side({
        [&] { lose("altered_reset", true, How::reset); },
        [&] { lose("altered_stalled", true, How::stall); },
        [&] { lose("not_altered_reset", false, How::reset); },
        [&] { lose("not_altered_stalled", false, How::stall); },
    });
}

TEST_F(Answers, ToTheIndexBuild) {
    const auto lose = [](const char* schema, bool arrives, How how) {
        SCOPED_TRACE(schema);
        Site site(server(), schema, 1'500);
        // Behind its like on the empty shadow.
        const auto run = site.start_stopped_at("index.begins", 1);
        ASSERT_TRUE(run->running()) << run->err();
        site.proxy().lose("ALTER TABLE%`_t_new` ADD KEY", arrives, how);
        run->signal(SIGCONT);
        site.expect_right_end(*run);
        expect_all_lost(site);
    };
    run_side_by_side({
        [&] { lose("built_reset", true, How::reset); },
        [&] { lose("built_stalled", true, How::stall); },
        [&] { lose("not_built_reset", false, How::reset); },
        [&] { lose("not_built_stalled", false, How::stall); },
    });
}

/// Attempts whose RENAME turned out not to have been done.
std::ptrdiff_t renames_not_done(const Process& run) {
    const auto lines = json_lines(run.out());
    return std::count_if(lines.begin(), lines.end(), [](const nlohmann::json& line) {
        return line.value("event", "") == "notice" &&
               line.value("message", "").find("RENAME failed") != std::string::npos;
    });
}

TEST_F(Answers, ToTheRename) {
    const auto lose = [](const char* schema, bool arrives, How how) {
        SCOPED_TRACE(schema);
        Site site(server(), schema, 1'500);
        site.proxy().lose("RENAME TABLE", arrives, how);
        const auto run = site.start();
        site.expect_right_end(*run);
        expect_all_lost(site);
        // What was done is not done again. A busy machine may need further attempts at the lock.
        EXPECT_EQ(renames_not_done(*run), arrives ? 0 : 1) << run->out();
    };
    run_side_by_side({
        [&] { lose("renamed_reset", true, How::reset); },
        [&] { lose("renamed_stalled", true, How::stall); },
        [&] { lose("not_renamed_reset", false, How::reset); },
        [&] { lose("not_renamed_stalled", false, How::stall); },
    });
}

// The connection is lost again while the run looks what became of the RENAME.
TEST_F(Answers, ToTheLookAfterTheRename) {
    constexpr const char* kLook = "information_schema.tables%table_name = '_t_old'";
    const auto lose = [](const char* schema, bool arrives) {
        SCOPED_TRACE(schema);
        Site site(server(), schema, 500);
        const auto run = site.start_stopped_at("cutover.before_rename", 1);
        ASSERT_TRUE(run->running()) << run->err();
        site.proxy().lose("RENAME TABLE", arrives, How::reset);
        site.proxy().lose(kLook, true, How::reset);
        run->signal(SIGCONT);
        site.expect_right_end(*run);
        expect_all_lost(site);
    };
    const auto lose_after_an_error = [] {
        Site site(server(), "not_renamed_twice", 500);
        const auto run = site.start_stopped_at("cutover.before_rename", 1);
        ASSERT_TRUE(run->running()) << run->err();
        site.schema().execute("CREATE TABLE _t_old (x INT)");
        site.proxy().lose(kLook, true, How::reset);
        run->signal(SIGCONT);
        EXPECT_EQ(run->wait(kRunLimit), 1) << run->out() << run->err();
        expect_all_lost(site);
        EXPECT_THAT(error_of(*run), ::testing::HasSubstr("RENAME failed"));
        EXPECT_THAT(error_of(*run), ::testing::HasSubstr("t is untouched"));
        EXPECT_EQ(site.schema().tables(), "_t_old,t,twin");
    };
    run_side_by_side({
        [&] { lose("renamed_twice_lost", true); },
        [&] { lose("not_renamed_twice_lost", false); },
        lose_after_an_error,
    });
}

}  // namespace
}  // namespace doppel::test
