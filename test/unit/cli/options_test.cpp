// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/options.hpp"

#include "unit/cli/fakes.hpp"

#include <sstream>

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

Settings settings(const Words& words) {
    FakeSystem system;
    const OptionTable table = alter_option_table();
    return read_settings(table, parse_command_line(table, words), "doppel", system);
}

MigrationOptions migration(const Words& words) {
    return migration_options(settings(words));
}

std::string refused(const Words& words) {
    return usage_error([&] {
        (void)migration(words);
        (void)output_options(settings(words));
    });
}

std::string statement(const Words& words, const std::string& input = "") {
    std::istringstream stream(input);
    return statement_text(settings(words), stream);
}

std::string refused_statement(const Words& words, const std::string& input = "") {
    return usage_error([&] { (void)statement(words, input); });
}

TEST(MigrationOptionsOfTheCommand, DefaultsAreTheLibrarys) {
    const MigrationOptions given = migration({});
    const MigrationOptions defaults;
    EXPECT_EQ(given.try_native, defaults.try_native);
    EXPECT_EQ(given.drop_old, defaults.drop_old);
    EXPECT_EQ(given.lock_wait_timeout, defaults.lock_wait_timeout);
    EXPECT_EQ(given.cutover_attempts, defaults.cutover_attempts);
    EXPECT_EQ(given.chunk_rows_max, defaults.chunk_rows_max);
    EXPECT_EQ(given.batch_bytes_max, defaults.batch_bytes_max);
    EXPECT_EQ(given.pending_keys_max, defaults.pending_keys_max);
    EXPECT_EQ(given.silence_limit, defaults.silence_limit);
    EXPECT_EQ(given.reconnect_limit, defaults.reconnect_limit);
    EXPECT_EQ(given.progress_interval, defaults.progress_interval);
}

TEST(MigrationOptionsOfTheCommand, EveryFieldHasAnOption) {
    const MigrationOptions given = migration(
        {"--no-native",
         "--drop-old",
         "--lock-wait-timeout=2s",
         "--cutover-attempts=3",
         "--cutover-backoff=4s",
         "--cutover-lock-limit=500ms",
         "--threads=5",
         "--replay-threads=3",
         "--chunk-rows=6k",
         "--chunk-time=70ms",
         "--batch-keys=80",
         "--batch-bytes=9k",
         "--pending-keys=1M",
         "--heartbeat=11s",
         "--silence-limit=90s",
         "--reconnect-limit=12m",
         "--progress-interval=13s"}
    );
    EXPECT_FALSE(given.try_native);
    EXPECT_TRUE(given.drop_old);
    EXPECT_EQ(given.lock_wait_timeout, milliseconds(2'000));
    EXPECT_EQ(given.cutover_attempts, 3U);
    EXPECT_EQ(given.cutover_backoff_max, milliseconds(4'000));
    EXPECT_EQ(given.cutover_lock_limit, milliseconds(500));
    EXPECT_EQ(given.threads, 5U);
    EXPECT_EQ(given.replay_threads_min, 3U);
    EXPECT_EQ(given.chunk_rows_max, 6'000U);
    EXPECT_EQ(given.chunk_time_target, milliseconds(70));
    EXPECT_EQ(given.batch_keys_max, 80U);
    EXPECT_EQ(given.batch_bytes_max, 9'216U);
    EXPECT_EQ(given.pending_keys_max, 1'000'000U);
    EXPECT_EQ(given.heartbeat, milliseconds(11'000));
    EXPECT_EQ(given.silence_limit, milliseconds(90'000));
    EXPECT_EQ(given.reconnect_limit, milliseconds(720'000));
    EXPECT_EQ(given.progress_interval, milliseconds(13'000));
}

TEST(MigrationOptionsOfTheCommand, ValuesOutsideTheRangeAreRefusedWithTheRange) {
    EXPECT_EQ(
        refused({"--chunk-rows=9"}),
        "--chunk-rows: '9' is out of range; write a value from 10 to 1000000"
    );
    EXPECT_EQ(
        refused({"--heartbeat=31s"}),
        "--heartbeat: '31s' is out of range; write a value from 100ms to 30s"
    );
    EXPECT_EQ(
        refused({"--batch-bytes=65M"}),
        "--batch-bytes: '65M' is out of range; write a value from 1k to 65536k"
    );
    EXPECT_EQ(
        refused({"--lock-wait-timeout=1500ms"}),
        "--lock-wait-timeout: the server counts whole seconds; write 1s"
    );
    for (const char* word :
         {"--cutover-attempts=0",
          "--cutover-backoff=1ms",
          "--cutover-lock-limit=2m",
          "--chunk-time=0ms",
          "--replay-threads=17",
          "--batch-keys=100001",
          "--pending-keys=1",
          "--silence-limit=999ms",
          "--reconnect-limit=25h",
          "--progress-interval=1ms"}) {
        EXPECT_THAT(refused({word}), HasSubstr("is out of range")) << word;
    }
}

TEST(OutputOptionsOfTheCommand, Levels) {
    EXPECT_EQ(output_options(settings({})).log_level, LogLevel::warning);
    EXPECT_EQ(output_options(settings({"-v"})).log_level, LogLevel::debug);
    EXPECT_EQ(output_options(settings({"-q"})).log_level, LogLevel::error);
    EXPECT_EQ(output_options(settings({"-q", "--log-level=INFO"})).log_level, LogLevel::info);
    EXPECT_THAT(refused({"--log-level=loud"}), HasSubstr("'loud' is not a level"));
    EXPECT_THAT(refused({"-q", "-v"}), HasSubstr("--quiet contradicts --verbose"));
}

TEST(StatementOfTheCommand, IsOneWordOrStandardInput) {
    EXPECT_EQ(statement({"ALTER TABLE t ENGINE=InnoDB"}), "ALTER TABLE t ENGINE=InnoDB");
    EXPECT_EQ(
        statement({"-"}, "\nALTER TABLE t\n ENGINE=InnoDB;\n"), "ALTER TABLE t\n ENGINE=InnoDB;"
    );
    EXPECT_EQ(statement({"-"}, std::string(10'000, 'x')).size(), 10'000U);
}

TEST(StatementOfTheCommand, MissingEmptyOrTooMuch) {
    EXPECT_THAT(refused_statement({}), HasSubstr("the statement is missing"));
    EXPECT_THAT(refused_statement({"-"}, " \n"), HasSubstr("the statement is empty"));
    EXPECT_THAT(refused_statement({"-"}, std::string(2'000'000, 'x')), HasSubstr("1 MiB"));
    EXPECT_THAT(refused_statement({"a", "b", "c"}), HasSubstr("3 statements were given"));
}

TEST(StatementOfTheCommand, APasswordAfterABlankIsNotRepeated) {
    const std::string text = refused_statement({"-p", "topsecret", "ALTER TABLE t"});
    EXPECT_THAT(text, HasSubstr("a password follows -p directly, without a space"));
    EXPECT_THAT(text, Not(HasSubstr("topsecret")));
}

TEST(Help, ShowsEveryOptionWithinTheWidth) {
    const OptionTable table = alter_option_table();
    std::istringstream help(table.help());
    for (std::string line; std::getline(help, line);) {
        EXPECT_LE(line.size(), 100U) << line;
    }
    for (const OptionSection& section : table.sections()) {
        for (const OptionSpec& spec : section.options) {
            EXPECT_THAT(table.help(), HasSubstr("--" + spec.name));
            EXPECT_FALSE(spec.help.empty()) << spec.name;
        }
    }
}

}  // namespace
}  // namespace doppel::cli
