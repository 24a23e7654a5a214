// SPDX-License-Identifier: Apache-2.0
#include "tools/common/connection_options.hpp"
#include "tools/common/settings.hpp"
#include "tools/doppel/options.hpp"
#include "unit/cli/fakes.hpp"

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

CommandLine parse(const Words& words) {
    return parse_command_line(alter_option_table(), words);
}

std::string refusal(const Words& words) {
    return usage_error([&] { (void)parse(words); });
}

std::vector<std::string> given(const Words& words) {
    std::vector<std::string> texts;
    for (const GivenOption& option : parse(words).options) {
        texts.push_back(option.name + "=" + option.value.value_or("(none)"));
    }
    return texts;
}

TEST(CommandLine, ReadsEveryWayToGiveAValue) {
    EXPECT_THAT(
        given({"-h", "a", "-hb", "--host=c", "--host", "d", "--host=", "-P3306"}),
        ElementsAre("host=a", "host=b", "host=c", "host=d", "host=", "port=3306")
    );
}

TEST(CommandLine, DashesAndUnderscoresAndCaseOfLongNamesAreTheSame) {
    EXPECT_THAT(
        given({"--ssl_mode=REQUIRED", "--Chunk_Rows=5"}),
        ElementsAre("ssl-mode=REQUIRED", "chunk-rows=5")
    );
}

TEST(CommandLine, APasswordTakesNoWordAfterIt) {
    EXPECT_THAT(given({"-p", "x"}), ElementsAre("password=(none)"));
    EXPECT_THAT(given({"--password", "x"}), ElementsAre("password=(none)"));
    EXPECT_THAT(given({"-psecret", "x"}), ElementsAre("password=secret"));
    EXPECT_THAT(given({"--password=secret", "x"}), ElementsAre("password=secret"));
    EXPECT_THAT(given({"--password=", "x"}), ElementsAre("password="));
    EXPECT_THAT(given({"--skip-password", "x"}), ElementsAre("password="));
    EXPECT_THAT(parse({"-p", "x"}).positionals, ElementsAre("x"));
}

TEST(CommandLine, FlagsAreSwitchedAndJoined) {
    EXPECT_THAT(given({"-qvpx"}), ElementsAre("quiet=(none)", "verbose=(none)", "password=x"));
    const Settings settings(
        parse({"--quiet=0", "--skip-json", "--enable-verbose", "--drop-old=ON"}).options
    );
    EXPECT_FALSE(settings.flag("quiet"));
    EXPECT_FALSE(settings.flag("json"));
    EXPECT_TRUE(settings.flag("verbose"));
    EXPECT_TRUE(settings.flag("drop-old"));
    EXPECT_FALSE(settings.flag("no-native"));
}

TEST(CommandLine, TheLastOneWins) {
    EXPECT_EQ(Settings(parse({"-ha", "-hb"}).options).text("host"), "b");
}

TEST(CommandLine, PositionalWords) {
    EXPECT_THAT(parse({"a", "-q", "-", "--", "-h"}).positionals, ElementsAre("a", "-", "-h"));
}

TEST(CommandLine, MisspeltOptionsGetASuggestion) {
    EXPECT_EQ(refusal({"--hots=x"}), "unknown option --hots (did you mean --host?); see --help");
    EXPECT_EQ(
        refusal({"--chunk_row", "5"}),
        "unknown option --chunk_row (did you mean --chunk-rows?); see --help"
    );
    EXPECT_EQ(refusal({"--zzzzzz"}), "unknown option --zzzzzz; see --help");
    EXPECT_EQ(refusal({"-Z"}), "unknown option -Z; see --help");
    EXPECT_EQ(refusal({"-qZsecret"}), "unknown option -Z; see --help");
}

TEST(CommandLine, WrongFormsAreNamed) {
    EXPECT_EQ(refusal({"-h"}), "--host needs a value");
    EXPECT_EQ(refusal({"--host"}), "--host needs a value");
    EXPECT_THAT(refusal({"--quiet=maybe"}), HasSubstr("--quiet is either on or off"));
    EXPECT_THAT(refusal({"--skip-quiet=1"}), HasSubstr("--skip-quiet takes no value"));
    EXPECT_THAT(refusal({"--skip-host"}), HasSubstr("unknown option --skip-host"));
    EXPECT_THAT(refusal({"--login-path=x"}), HasSubstr("--login-path is not supported"));
}

TEST(CommandLine, LooseUnknownOptionsAreWarnedAbout) {
    const CommandLine line = parse({"--loose-foo=1", "--loose-quiet"});
    EXPECT_THAT(line.warnings, ElementsAre("--loose-foo is unknown and ignored"));
    EXPECT_EQ(line.options.size(), 1U);
}

TEST(CommandLine, RefusalsNeverRepeatAPassword) {
    for (const Words& words : std::vector<Words>{
             {"--passwd=topsecret"},
             {"--passwordtopsecret"},
             {"--pass=topsecret"},
             {"-ptopsecret", "--nothing"},
             {"-Ztopsecret"}}) {
        const std::string text = refusal(words);
        EXPECT_FALSE(text.empty());
        EXPECT_THAT(text, Not(HasSubstr("topsecret")));
    }
}

class MergedSettings : public testing::Test {
protected:
    Settings read(const Words& words = {}) {
        return read_settings(alter_option_table(), parse(words), "doppel", system_);
    }
    std::string refused(const Words& words = {}) {
        return usage_error([&] { (void)read(words); });
    }
    void file(const std::string& text) { system_.files["/etc/my.cnf"] = text; }

    FakeSystem system_;
};

TEST_F(MergedSettings, TheCommandLineIsOverTheFiles) {
    file("[client]\nhost=a\nuser=u\n[doppel]\nchunk_rows=5k\nquiet\n");
    const Settings settings = read({"--host=b", "--skip-quiet"});
    EXPECT_EQ(settings.text("host"), "b");
    EXPECT_EQ(settings.text("user"), "u");
    EXPECT_EQ(settings.count("chunk-rows", 1, 1, 10'000), 5'000U);
    EXPECT_FALSE(settings.flag("quiet"));
}

TEST_F(MergedSettings, OtherProgramsOptionsInClientAreIgnored) {
    file("[client]\ndefault-character-set=utf8mb4\nquiet\nchunk-rows=7\nuser=u\n");
    const Settings settings = read();
    EXPECT_FALSE(settings.flag("quiet"));
    EXPECT_EQ(settings.find("chunk-rows"), nullptr);
    EXPECT_EQ(settings.text("user"), "u");
}

TEST_F(MergedSettings, AnUnknownOptionInDoppelIsNamedWithFileAndLine) {
    file("[doppel]\n\nchunk-row=7\n");
    EXPECT_EQ(
        refused(),
        "/etc/my.cnf, line 3: chunk-row is not an option (did you mean --chunk-rows?); correct or "
        "remove the line"
    );
    file("[doppel]\nloose-chunk-row=7\n");
    EXPECT_THAT(read().warnings, ElementsAre(HasSubstr("loose-chunk-row is unknown and ignored")));
}

TEST_F(MergedSettings, AForgottenEqualsSignDoesNotRevealThePassword) {
    file("[doppel]\npassword topsecret\n");
    EXPECT_EQ(refused(), "/etc/my.cnf, line 2: password has no '='; write name=value");
}

TEST_F(MergedSettings, SomeOptionsBelongToTheCommandLine) {
    file("[doppel]\ndefaults-file=/x\n");
    EXPECT_THAT(refused(), HasSubstr("possible on the command line only"));
    EXPECT_THAT(
        refused({"--no-defaults", "--defaults-file=/x"}), HasSubstr("--no-defaults contradicts")
    );
}

TEST_F(MergedSettings, ValuesOfFilesAreCheckedWithTheirOrigin) {
    file("[doppel]\nchunk-rows=few\nhost\n");
    const Settings settings = read();
    EXPECT_THAT(
        usage_error([&] { (void)settings.count("chunk-rows", 1, 1, 10); }),
        HasSubstr("/etc/my.cnf, line 2: chunk-rows: 'few' is not a number")
    );
    EXPECT_EQ(
        usage_error([&] { (void)settings.text("host"); }), "/etc/my.cnf, line 3: host needs a value"
    );
}

TEST_F(MergedSettings, TheGroupSuffixMayComeFromTheEnvironment) {
    file("[client]\nhost=a\n[client_b]\nhost=b\n[client_c]\nhost=c\n");
    system_.variables["MYSQL_GROUP_SUFFIX"] = "_b";
    EXPECT_EQ(read().text("host"), "b");
    EXPECT_EQ(read({"--defaults-group-suffix=_c"}).text("host"), "c");
}

}  // namespace
}  // namespace doppel::cli
