// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_text.hpp"

#include "unit/cli/fakes.hpp"

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using std::chrono::milliseconds;

Progress copying() {
    Progress progress;
    progress.phase = Phase::copying;
    progress.rows_copied = 1'234'567;
    progress.rows_estimated = 10'000'000;
    progress.rows_per_second = 45'678.9;
    progress.eta_seconds = 192;
    progress.keys_pending = 17;
    progress.feed_lag_seconds = 0.24;
    progress.elapsed = milliseconds(27'000);
    return progress;
}

Findings two_findings() {
    return {
        {{"big-table", Finding::Level::warning, "it takes long", "wait for the night"},
         {"no-usable-key", Finding::Level::refusal, "shop.t has no unique key", "add one"},
         {"foreign-key", Finding::Level::refusal, "a key refers to shop.t", ""}}};
}

class Text : public testing::Test {
protected:
    TextRenderer& renderer(bool interactive, bool quiet = false) {
        console_ = std::make_unique<Console>(output_, interactive, [] { return std::size_t{100}; });
        renderer_ = std::make_unique<TextRenderer>(*console_, quiet, stopped_clock());
        return *renderer_;
    }

    CapturedOutput output_;
    std::unique_ptr<Console> console_;
    std::unique_ptr<TextRenderer> renderer_;
};

TEST(FormatNumber, GroupsDigits) {
    EXPECT_EQ(format_number(0), "0");
    EXPECT_EQ(format_number(999), "999");
    EXPECT_EQ(format_number(1'000), "1,000");
    EXPECT_EQ(format_number(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
}

TEST(FormatShort, KeepsThreeDigits) {
    EXPECT_EQ(format_short(9'999), "9999");
    EXPECT_EQ(format_short(10'000), "10.0k");
    EXPECT_EQ(format_short(456'789), "456k");
    EXPECT_EQ(format_short(1'239'999), "1.23M");
    EXPECT_EQ(format_short(1'000'000'000), "1.00G");
    EXPECT_EQ(format_short(18'446'744'073'709'551'615U), "18.4E");
}

TEST(FormatElapsed, PicksTheUnit) {
    EXPECT_EQ(format_elapsed(milliseconds(850)), "850ms");
    EXPECT_EQ(format_elapsed(milliseconds(12'345)), "12.3s");
    EXPECT_EQ(format_elapsed(milliseconds(185'000)), "3m05s");
    EXPECT_EQ(format_elapsed(milliseconds(7'620'000)), "2h07m");
    EXPECT_EQ(format_elapsed(milliseconds(-5)), "0ms");
}

TEST(FormatProgress, TellsEverythingAboutTheCopyIn80Columns) {
    const std::string line = format_progress(copying());
    EXPECT_EQ(
        line, "copying 12.3 %: 1.23M of ~10.0M rows, 45.6k/s, ETA 3m12s, 17 pending, lag 0.2s"
    );
    EXPECT_LT(line.size(), 80U);
}

TEST(FormatProgress, LeavesOutWhatIsUnknown) {
    Progress progress = copying();
    progress.rows_estimated = 0;
    progress.eta_seconds = -1;
    EXPECT_EQ(format_progress(progress), "copying: 1.23M rows, 45.6k/s, 17 pending, lag 0.2s");
}

TEST(FormatProgress, NeverPromisesTheEnd) {
    Progress progress = copying();
    progress.rows_estimated = 1'000;
    EXPECT_EQ(format_progress(progress).substr(0, 15), "copying 99.9 %:");
}

TEST(FormatProgress, OtherPhases) {
    Progress progress = copying();
    progress.phase = Phase::cutting_over;
    progress.cutover_attempts = 3;
    progress.reconnects = 1;
    EXPECT_EQ(
        format_progress(progress),
        "cutting over: 27.0s so far, 17 pending, lag 0.2s, attempt 3, 1 reconnects"
    );
    progress = Progress();
    progress.phase = Phase::checking;
    EXPECT_EQ(format_progress(progress), "checking: 0ms so far");
}

TEST(FormatSummary, OfACopyAndOfANativeChange) {
    Summary summary;
    summary.method = "shadow";
    summary.table = "shop.orders";
    summary.old_table = "shop._orders_old";
    summary.progress = copying();
    summary.progress.keys_reconciled = 1'500;
    summary.cutover_locked = std::chrono::microseconds(12'345);
    EXPECT_EQ(
        format_summary(summary),
        "done: shop.orders was changed in 27.0s (shadow); 1,234,567 rows copied, 1,500 keys "
        "reconciled, table locked for 12.3ms; the old table is kept as shop._orders_old"
    );
    summary.progress.rows_verified = 1'234'000;
    summary.progress.differences = 2;
    EXPECT_THAT(
        format_summary(summary),
        testing::HasSubstr("; 1,234,000 rows verified, 2 of them differed and were repaired; the")
    );
    summary = Summary();
    summary.method = "instant";
    summary.table = "shop.orders";
    summary.progress.elapsed = milliseconds(40);
    EXPECT_EQ(format_summary(summary), "done: shop.orders was changed in 40ms (instant)");
}

TEST_F(Text, DifferencesOfTwoTablesAreTheResultThoseOfARunAreLogged) {
    const Differences found{"s.a", {"(1)", "(2)"}, 12, Differences::Action::none};
    renderer(false).on_event(found);
    EXPECT_EQ(output_.err, "12 row(s) of s.a differ: (1), (2), ..\n");
    Differences repaired = found;
    repaired.action = Differences::Action::repairing;
    renderer(false).on_event(repaired);
    EXPECT_EQ(output_.err, "12 row(s) of s.a differ: (1), (2), ..\n");
    renderer(false).on_event(Verified{"s.a", "s.b", 1'500, 0, true});
    EXPECT_THAT(output_.out, testing::HasSubstr("equal: s.a and s.b, 1,500 rows"));
}

TEST_F(Text, FindingsAreShownAtOnceRefusalsFirst) {
    renderer(false).on_event(two_findings());
    EXPECT_EQ(output_.out, "");
    EXPECT_EQ(
        output_.err,
        "refused [no-usable-key]: shop.t has no unique key\n"
        "    what to do: add one\n"
        "refused [foreign-key]: a key refers to shop.t\n"
        "warning [big-table]: it takes long\n"
        "    what to do: wait for the night\n"
    );
}

TEST_F(Text, WarningsAloneAreNoError) {
    Findings findings = two_findings();
    findings.findings.resize(1);
    renderer(false).on_event(findings);
    EXPECT_EQ(output_.err, "");
    EXPECT_EQ(
        output_.out, "warning [big-table]: it takes long\n    what to do: wait for the night\n"
    );
}

TEST_F(Text, WithoutATerminalProgressIsALineAtOnceAndThenEveryFiveSeconds) {
    TextRenderer& text = renderer(false);
    Progress progress = copying();
    for (int tick = 0; tick < 11; ++tick) {
        progress.elapsed = milliseconds(27'000 + tick * 1'000);
        text.on_event(progress);
    }
    std::size_t lines = 0;
    for (const char byte : output_.out) {
        lines += byte == '\n' ? 1U : 0U;
    }
    EXPECT_EQ(lines, 3U);
    EXPECT_EQ(output_.out.substr(0, 40), "2026-01-02T03:04:05.006Z copying 12.3 %:");
}

TEST_F(Text, OnATerminalProgressIsOneLineRedrawn) {
    TextRenderer& text = renderer(true);
    text.on_event(PhaseChanged{Phase::copying});
    text.on_event(copying());
    text.on_event(Notice{"reconnected\x1b"});
    text.on_event(PhaseChanged{Phase::draining});
    const std::string line = "\r\x1b[K" + format_progress(copying());
    EXPECT_EQ(
        output_.out,
        "copying\n" + line + "\r\x1b[Kreconnected\\x1b\n" + format_progress(copying()) +
            "\r\x1b[Kcatching up\n"
    );
}

TEST_F(Text, QuietShowsFindingsOnly) {
    TextRenderer& text = renderer(false, true);
    text.on_event(PhaseChanged{Phase::copying});
    text.on_event(copying());
    text.on_event(Notice{"note"});
    text.on_event(Summary());
    EXPECT_EQ(output_.out, "");
    text.on_event(two_findings());
    EXPECT_NE(output_.err, "");
}

}  // namespace
}  // namespace doppel::cli
