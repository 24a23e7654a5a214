// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/console.hpp"

#include "tools/doppel/spdlog_sink.hpp"
#include "unit/cli/fakes.hpp"

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::size_t twenty_columns() {
    return 20;
}

TEST(Console, ALineTakesTheProgressLineAwayAndPutsItBack) {
    CapturedOutput output;
    Console console(output, true, twenty_columns);
    console.progress("copying");
    console.line("note");
    console.end_progress();
    console.line("end");
    EXPECT_EQ(output.out, "\r\x1b[Kcopying\r\x1b[Knote\ncopying\r\x1b[Kend\n");
}

TEST(Console, ErrorsStepAroundTheProgressLineToo) {
    CapturedOutput output;
    Console console(output, true, twenty_columns);
    console.progress("copying");
    console.error_line("oops");
    EXPECT_EQ(output.out, "\r\x1b[Kcopying\r\x1b[Kcopying");
    EXPECT_EQ(output.err, "oops\n");
}

TEST(Console, TheProgressLineIsCutToTheTerminalBetweenCharacters) {
    CapturedOutput output;
    Console console(output, true, [] { return std::size_t{4}; });
    console.progress("a\xc3\xa9z\xc3\xa9q");
    EXPECT_EQ(output.out, "\r\x1b[Ka\xc3\xa9z");
}

TEST(Console, ThereIsNoProgressLineWithoutATerminal) {
    CapturedOutput output;
    Console console(output, false, twenty_columns);
    console.progress("copying");
    console.line("note");
    console.end_progress();
    EXPECT_EQ(output.out, "note\n");
}

TEST(Console, ControlBytesBecomeVisible) {
    EXPECT_EQ(printable("a\x1b[2Jb\r\x7f"), "a\\x1b[2Jb\\x0d\\x7f");
    EXPECT_EQ(printable("first\nsecond"), "first\n    second");
    EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(SpdlogSink, WritesTimeLevelAndTextToStandardError) {
    CapturedOutput output;
    Console console(output, false, twenty_columns);
    const Logger logger = make_logger(LogLevel::info, console);
    logger.debug("hidden");
    logger.info("table {} \x1b", "t");
    logger.warning("careful");
    logger.error("broken");
    EXPECT_EQ(output.out, "");
    EXPECT_THAT(
        output.err,
        MatchesRegex("....-..-..T..:..:..\\....Z info: table t \\\\x1b\n"
                     "....-..-..T..:..:..\\....Z warning: careful\n"
                     "....-..-..T..:..:..\\....Z error: broken\n")
    );
}

TEST(SpdlogSink, TheLevelHolds) {
    CapturedOutput output;
    Console console(output, false, twenty_columns);
    EXPECT_FALSE(make_logger(LogLevel::warning, console).enabled(LogLevel::info));
    make_logger(LogLevel::debug, console).debug("details");
    EXPECT_THAT(output.err, HasSubstr("debug: details"));
}

TEST(Timestamp, IsUtcWithMilliseconds) {
    EXPECT_EQ(format_timestamp(stopped_clock()()), "2026-01-02T03:04:05.006Z");
}

}  // namespace
}  // namespace doppel::cli
