// SPDX-License-Identifier: Apache-2.0
//
// Migrations under writes whose process is killed at random moments again and again: one of a table
// so large that most kills meet its copy, and many of a small one, in all phases.
// DOPPEL_TEST_KILLS and DOPPEL_TEST_SEED in the environment: how many kills, and which.
#include "integration/command_fixture.hpp"
#include "support/postponed_swap.hpp"
#include "support/twin.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kClauses =
    "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
constexpr unsigned kWriters = 2;
constexpr const char* kTablesInTheEnd = "_t_old,t,twin";

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

class Kills : public CommandTest {
protected:
    static std::string statement() { return std::string("ALTER TABLE app.t ") + kClauses; }
    void fill_twins(unsigned rows) {
        fill(rows);
        execute("CREATE TABLE twin LIKE t");
        execute("INSERT INTO twin SELECT * FROM t");
    }
    static std::unique_ptr<TwinWriters> write(unsigned rows) {
        return std::make_unique<TwinWriters>(
            server(),
            "app",
            kWriters,
            [rows](unsigned writer, std::mt19937& random) {
                return next_change(rows, writer, random);
            },
            // The long form has the machine to itself.
            from_environment("DOPPEL_TEST_KILLS", 0) == 0 ? kModestPause : milliseconds(0)
        );
    }
    static TwinTransaction next_change(unsigned rows, unsigned writer, std::mt19937& random) {
        const auto id = [&] {
            return static_cast<unsigned>(random() % (rows / kWriters)) * kWriters + writer;
        };
        switch (random() % 4) {
            case 0:
                return {fmt::format("UPDATE {{}} SET a = a + 1 WHERE id = {}", 100 + writer)};
            case 1:
                return {fmt::format("DELETE FROM {{}} WHERE id = {}", id())};
            case 2:
                return {fmt::format("REPLACE INTO {{}} (id, a, s) VALUES ({}, 1, 'r')", id())};
            default:
                return {
                    fmt::format("UPDATE {{}} SET s = 'u{}' WHERE id = {}", random() % 99, id())};
        }
    }
    /// Of the small table: kills the runs of one migration until one of them ends well, or `kills`
    /// are done. The phase of each that was killed is counted.
    void migrate_killed(unsigned kills, std::mt19937& random) {
        const auto command = server().doppel_command(
            statement(),
            {"--no-native", "--index-build=deferred", "--threads=8", "--chunk-rows=100"}
        );
        for (unsigned i = 0; i < kills; ++i) {
            Process process(command, server().environment());
            std::this_thread::sleep_for(milliseconds(50 + random() % longest_ms_));
            if (!process.running()) {
                expect_well_ended(process.wait(seconds(1)), process.out() + process.err());
                return;
            }
            process.signal(SIGKILL);
            const int code = process.wait(seconds(10));
            if (code != 128 + SIGKILL) {
                expect_well_ended(code, process.out() + process.err());
                return;  // it has ended just before
            }
            if (schema_->tables() == kTablesInTheEnd) {
                return;  // it was done, but for its own end
            }
            const auto phase = last_of(process.out(), "phase");
            ++killed_in_[phase.is_null() ? "beginning" : phase.at("phase").get<std::string>()];
        }
        const auto start = std::chrono::steady_clock::now();
        const auto last = run_process(command, seconds(60), server().environment());
        expect_well_ended(last.code, last.out + last.err);
        const auto took = std::chrono::steady_clock::now() - start;
        longest_ms_ = static_cast<unsigned>(
            std::chrono::duration_cast<milliseconds>(took).count() * 3 / 2 + 100
        );
    }

    /// A run that was killed may be done all the same, when the server has carried out its last
    /// statement; the next one finds the old table then, and refuses.
    void expect_well_ended(int code, const std::string& output) {
        if (code == 3 && output.find("old-table-exists") != std::string::npos) {
            EXPECT_EQ(schema_->tables(), kTablesInTheEnd) << output;
        } else {
            EXPECT_EQ(code, 0) << output;
        }
    }

    unsigned longest_ms_ = 2'000;  ///< until a kill; as long as a run takes, and half as much again
    std::map<std::string, unsigned> killed_in_;
};

TEST_F(Kills, AtRandomMomentsLoseNothing) {
    const unsigned kills = from_environment("DOPPEL_TEST_KILLS", 10);
    const unsigned seed = from_environment("DOPPEL_TEST_SEED", 1);
    // So many rows that most kills meet the copy; a quick copy meets the others before the swap.
    const unsigned rows = 40'000 + kills * 4'000;
    fill_twins(rows);
    const auto writers = write(rows);
    std::mt19937 random(seed);
    unsigned resumed = 0;
    const PostponedSwap postponed;
    const auto command = server().doppel_command(
        statement(),
        {"--no-native",
         "--index-build=deferred",
         "--threads=8",
         "--replay-threads=4",
         "--batch-keys=20",
         "--chunk-rows=50",
         postponed.option()}
    );
    for (unsigned i = 0; i < kills; ++i) {
        Process process(command, server().environment());
        std::this_thread::sleep_for(milliseconds(200 + random() % 1'200));
        ASSERT_TRUE(process.running()) << process.out() << process.err();
        process.signal(SIGKILL);
        EXPECT_EQ(process.wait(seconds(10)), 128 + SIGKILL);
        if (process.out().find("going on with the run") != std::string::npos) {
            ++resumed;
        }
    }
    const auto last = server().run_doppel(statement(), {"--no-native"});
    EXPECT_EQ(last.code, 0) << last.err;
    const unsigned committed = writers->stop();
    const std::size_t compared = expect_like_native(schema_->session(), kClauses, "id");
    fmt::print(
        "{} kills, {} runs went on, {} transactions beside them, {} rows compared (seed {})\n",
        kills,
        resumed,
        committed,
        compared,
        seed
    );
    EXPECT_EQ(schema_->tables(), kTablesInTheEnd);
}

TEST_F(Kills, InAnyPhaseLoseNothing) {
    constexpr unsigned kRows = 3'000;
    const unsigned kills = from_environment("DOPPEL_TEST_KILLS", 8);
    const unsigned seed = from_environment("DOPPEL_TEST_SEED", 1);
    std::mt19937 random(seed);
    const auto killed = [this] {
        unsigned sum = 0;
        for (const auto& [phase, count] : killed_in_) {
            sum += count;
        }
        return sum;
    };
    unsigned migrations = 0;
    unsigned committed = 0;
    std::size_t compared = 0;
    while (killed() < kills && !HasFailure()) {
        fill_twins(kRows);
        const auto writers = write(kRows);
        migrate_killed(std::min(4U, kills - killed()), random);
        ++migrations;
        committed += writers->stop();
        compared += expect_like_native(schema_->session(), kClauses, "id");
        EXPECT_EQ(schema_->tables(), kTablesInTheEnd);
        execute("DROP TABLE t, twin, _t_old");
    }
    std::string phases;
    for (const auto& [phase, count] : killed_in_) {
        phases += fmt::format(" {} {}", phase, count);
    }
    fmt::print(
        "{} kills (in these phases:{}) of {} migrations, {} transactions beside them, {} rows "
        "compared (seed {})\n",
        killed(),
        phases,
        migrations,
        committed,
        compared,
        seed
    );
}

}  // namespace
}  // namespace doppel::test
