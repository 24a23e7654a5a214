// SPDX-License-Identifier: Apache-2.0
//
// One migration under writes whose process is killed at random moments again and again.
// DOPPEL_TEST_KILLS and DOPPEL_TEST_SEED in the environment: how many kills, and which.
#include "integration/command_fixture.hpp"
#include "support/twin.hpp"

#include <csignal>
#include <cstdlib>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kClauses =
    "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
constexpr unsigned kWriters = 2;

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

class Kills : public CommandTest {};

TEST_F(Kills, AtRandomMomentsLoseNothing) {
    const unsigned kills = from_environment("DOPPEL_TEST_KILLS", 10);
    const unsigned seed = from_environment("DOPPEL_TEST_SEED", 1);
    // So many rows that the copy is not done before the last kill.
    const unsigned rows = 40'000 + kills * 4'000;
    fill(rows);
    execute("CREATE TABLE twin LIKE t");
    execute("INSERT INTO twin SELECT * FROM t");
    TwinWriters writers(
        server(),
        "app",
        kWriters,
        [rows](unsigned writer, std::mt19937& random) -> TwinTransaction {
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
                    return {fmt::format(
                        "UPDATE {{}} SET s = 'u{}' WHERE id = {}", random() % 99, id()
                    )};
            }
        }
    );
    std::mt19937 random(seed);
    unsigned killed = 0;
    unsigned resumed = 0;
    const auto command = server().doppel_command(
        std::string("ALTER TABLE app.t ") + kClauses,
        {"--no-native",
         "--index-build=deferred",
         "--threads=8",
         "--replay-threads=4",
         "--batch-keys=20",
         "--chunk-rows=50"}
    );
    while (killed < kills) {
        Process process(command, server().environment());
        std::this_thread::sleep_for(milliseconds(200 + random() % 1'200));
        if (!process.running()) {
            ASSERT_EQ(process.wait(seconds(1)), 0) << process.err();
            break;
        }
        process.signal(SIGKILL);
        EXPECT_EQ(process.wait(seconds(10)), 128 + SIGKILL);
        ++killed;
        if (process.out().find("going on with the run") != std::string::npos) {
            ++resumed;
        }
    }
    EXPECT_EQ(killed, kills) << "the run ended too soon";
    const auto last =
        server().run_doppel(std::string("ALTER TABLE app.t ") + kClauses, {"--no-native"});
    EXPECT_EQ(last.code, 0) << last.err;
    const unsigned committed = writers.stop();
    fmt::print(
        "{} kills, {} runs went on, {} transactions beside them (seed {})\n",
        killed,
        resumed,
        committed,
        seed
    );
    expect_like_native(schema_->session(), kClauses, "id");
    EXPECT_EQ(schema_->tables(), "_t_old,t,twin");
}

}  // namespace
}  // namespace doppel::test
