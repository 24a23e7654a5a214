// SPDX-License-Identifier: Apache-2.0
#include "tools/common/option_file.hpp"

#include "unit/cli/fakes.hpp"

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string value_of(const std::string& line) {
    const auto entries = parse_option_file("[client]\n" + line + "\n");
    return entries.ok() && entries->size() == 1 ? entries->front().value.value_or("(none)")
                                                : "(malformed)";
}

OptionFileSelection usual_files() {
    OptionFileSelection selection;
    selection.groups = {"client", "doppel"};
    return selection;
}

std::vector<std::string> names_and_values(const FileOptions& options) {
    std::vector<std::string> texts;
    for (const FileOption& option : options.options) {
        texts.push_back(option.name + "=" + option.value.value_or("(none)"));
    }
    return texts;
}

TEST(OptionFile, ReadsGroupsCommentsAndLineNumbers) {
    const auto entries = parse_option_file(
        "# comment\n; comment\n\n[client]\n  user = bob  \r\n[ doppel ]\nquiet\nport=1 # no"
    );
    ASSERT_TRUE(entries.ok());
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ((*entries)[0].group, "client");
    EXPECT_EQ((*entries)[0].name, "user");
    EXPECT_EQ((*entries)[0].value, "bob");
    EXPECT_EQ((*entries)[0].line, 5U);
    EXPECT_EQ((*entries)[1].group, "doppel");
    EXPECT_EQ((*entries)[1].value, std::nullopt);
    EXPECT_EQ((*entries)[2].value, "1");
}

TEST(OptionFile, UnquotesAndUnescapesValues) {
    EXPECT_EQ(value_of("password=abc"), "abc");
    EXPECT_EQ(value_of("password="), "");
    EXPECT_EQ(value_of("password"), "(none)");
    EXPECT_EQ(value_of("password = 'a b' "), "a b");
    EXPECT_EQ(value_of("password=\"a#b\""), "a#b");
    EXPECT_EQ(value_of("password=a#b"), "a");
    EXPECT_EQ(value_of("password=a;b"), "a;b");
    EXPECT_EQ(value_of("password=a=b"), "a=b");
    EXPECT_EQ(value_of(R"(password=\s\t\n\r\b\\\"\')"), " \t\n\r\b\\\"'");
    EXPECT_EQ(value_of(R"(password=C:\qux\)"), R"(C:\qux\)");
    EXPECT_EQ(value_of(R"(password="a\"#b")"), "a\"#b");
    EXPECT_EQ(value_of("password='unbalanced"), "'unbalanced");
    EXPECT_EQ(value_of("password='"), "'");
}

TEST(OptionFile, RefusesAnOptionBeforeTheFirstGroupAndAnOpenBracket) {
    const auto no_group = parse_option_file("\nuser=bob\n");
    ASSERT_FALSE(no_group.ok());
    EXPECT_EQ(no_group.failure().offset, 2U);
    const auto open = parse_option_file("[client\n");
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.failure().offset, 1U);
}

TEST(OptionFile, SurvivesEveryPrefixOfAFile) {
    const std::string text =
        "!includedir /etc\n[client]\npassword=\"a\\\"b#\\\\\" # c\n!include\n!x\n[doppel]\nq\\";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        (void)parse_option_file(std::string_view(text).substr(0, size));
    }
}

TEST(OptionFiles, AreReadInTheOrderOfTheMysqlClient) {
    FakeSystem system;
    system.variables["HOME"] = "/home/bob";
    system.files["/home/bob/.my.cnf"] = "[client]\nport=4\n";
    system.files["/etc/mysql/my.cnf"] = "[doppel]\nport=2\n[mysqld]\nport=9\n[client]\nuser=u\n";
    system.files["/etc/my.cnf"] = "[client]\nport=1\n";
    system.files["/extra"] = "[client]\nport=3\n";
    OptionFileSelection selection = usual_files();
    selection.defaults_extra_file = "/extra";
    EXPECT_THAT(
        names_and_values(read_option_files(selection, system)),
        ElementsAre("port=1", "port=2", "user=u", "port=3", "port=4")
    );
}

TEST(OptionFiles, DefaultsFileIsTheOnlyOne) {
    FakeSystem system;
    system.files["/etc/my.cnf"] = "[client]\nport=1\n";
    system.files["/mine"] = "[client]\nport=2\n";
    OptionFileSelection selection = usual_files();
    selection.defaults_file = "/mine";
    EXPECT_THAT(names_and_values(read_option_files(selection, system)), ElementsAre("port=2"));
    selection.defaults_file = "/missing";
    EXPECT_THAT(
        usage_error([&] { (void)read_option_files(selection, system); }),
        HasSubstr("--defaults-file: cannot read '/missing' (no such file)")
    );
}

TEST(OptionFiles, NoDefaultsReadsNone) {
    FakeSystem system;
    system.files["/etc/my.cnf"] = "[client]\nport=1\n";
    OptionFileSelection selection = usual_files();
    selection.no_defaults = true;
    EXPECT_THAT(read_option_files(selection, system).options, IsEmpty());
}

TEST(OptionFiles, GroupSuffixAddsGroups) {
    FakeSystem system;
    system.files["/etc/my.cnf"] =
        "[client]\nport=1\n[client_b]\nport=2\n[doppel_b]\nport=3\n"
        "[client_c]\nport=4\n";
    OptionFileSelection selection = usual_files();
    selection.group_suffix = "_b";
    EXPECT_THAT(
        names_and_values(read_option_files(selection, system)),
        ElementsAre("port=1", "port=2", "port=3")
    );
}

TEST(OptionFiles, FollowsIncludesInPlace) {
    FakeSystem system;
    system.files["/etc/my.cnf"] =
        "[client]\nport=1\n!include /more\n!includedir /etc/conf.d\nport=5\n!include /missing\n";
    system.files["/more"] = "[client]\nport=2\n";
    system.directories["/etc/conf.d"] = {"b.cnf", "a.cnf", "readme", ".cnf"};
    system.files["/etc/conf.d/a.cnf"] = "[client]\nport=3\n";
    system.files["/etc/conf.d/b.cnf"] = "[client]\nport=4\n";
    const FileOptions options = read_option_files(usual_files(), system);
    EXPECT_THAT(
        names_and_values(options), ElementsAre("port=1", "port=2", "port=3", "port=4", "port=5")
    );
    EXPECT_THAT(options.warnings, ElementsAre(HasSubstr("/etc/my.cnf, line 6")));
}

TEST(OptionFiles, ARingOfIncludesEnds) {
    FakeSystem system;
    system.files["/etc/my.cnf"] = "!include /etc/my.cnf\n";
    EXPECT_THAT(
        read_option_files(usual_files(), system).warnings, ElementsAre(HasSubstr("too deep"))
    );
}

TEST(OptionFiles, AMissingIncludeFolderIsAnError) {
    FakeSystem system;
    system.files["/etc/my.cnf"] = "[client]\n!includedir /none\n";
    EXPECT_THAT(
        usage_error([&] { (void)read_option_files(usual_files(), system); }),
        HasSubstr("/etc/my.cnf, line 2: cannot read the folder '/none'")
    );
}

TEST(OptionFiles, AWorldWritableFileIsIgnoredWithAWarning) {
    FakeSystem system;
    system.files["/etc/my.cnf"] = "[client]\nport=1\n";
    system.world_writable.insert("/etc/my.cnf");
    const FileOptions options = read_option_files(usual_files(), system);
    EXPECT_THAT(options.options, IsEmpty());
    EXPECT_THAT(options.warnings, ElementsAre(HasSubstr("chmod o-w /etc/my.cnf")));
}

TEST(OptionFiles, AMalformedFileIsNamedWithItsLine) {
    FakeSystem system;
    system.files["/etc/my.cnf"] = "[client]\n[oops\n";
    EXPECT_THAT(
        usage_error([&] { (void)read_option_files(usual_files(), system); }),
        HasSubstr("/etc/my.cnf, line 2: a group starts with '['")
    );
}

}  // namespace
}  // namespace doppel::cli
