// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_text.hpp"

#include "tools/doppel/render_throttle.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr std::chrono::milliseconds kLineInterval{5'000};
constexpr double kEtaMax = 1e9;

std::string_view phase_text(Phase phase) {
    switch (phase) {
        case Phase::connecting:
            return "connecting";
        case Phase::checking:
            return "checking";
        case Phase::native:
            return "trying the server's own instant change";
        case Phase::preparing:
            return "preparing";
        case Phase::copying:
            return "copying";
        case Phase::indexing:
            return "building indexes";
        case Phase::draining:
            return "catching up";
        case Phase::verifying:
            return "verifying";
        case Phase::cutting_over:
            return "cutting over";
        case Phase::cleaning:
            return "cleaning up";
        case Phase::done:
            return "done";
    }
    return "running";
}

std::string copy_text(const Progress& progress) {
    std::string text = "copying";
    std::string estimate;
    if (progress.rows_estimated > 0) {
        // The estimate is often too low; 100 % before the end would promise too much.
        const double percent = 100.0 * static_cast<double>(progress.rows_copied) /
                               static_cast<double>(progress.rows_estimated);
        text += fmt::format(" {:.1f} %", std::min(percent, 99.9));
        estimate = fmt::format(" of ~{}", format_short(progress.rows_estimated));
    }
    text += fmt::format(
        ": {}{} rows, {}/s",
        format_short(progress.rows_copied),
        estimate,
        format_short(static_cast<std::uint64_t>(std::max(0.0, progress.rows_per_second)))
    );
    if (progress.eta_seconds >= 0) {
        const auto eta = std::chrono::duration<double>(std::min(progress.eta_seconds, kEtaMax));
        text += fmt::format(
            ", ETA {}", format_elapsed(std::chrono::duration_cast<std::chrono::milliseconds>(eta))
        );
    }
    return text;
}

bool replays(Phase phase) {
    return phase == Phase::copying || phase == Phase::indexing || phase == Phase::draining ||
           phase == Phase::verifying || phase == Phase::cutting_over;
}

std::string_view level_text(Finding::Level level) {
    return level == Finding::Level::refusal ? "refused" : "warning";
}

bool refuses(const Findings& findings) {
    return std::any_of(findings.findings.begin(), findings.findings.end(), [](const Finding& f) {
        return f.level == Finding::Level::refusal;
    });
}

}  // namespace

std::string format_number(std::uint64_t number) {
    std::string digits = fmt::format("{}", number);
    for (std::size_t end = digits.size(); end > 3; end -= 3) {
        digits.insert(end - 3, ",");
    }
    return digits;
}

std::string format_short(std::uint64_t number) {
    constexpr std::uint64_t kExactMax = 9'999;
    constexpr std::string_view kSuffixes = "kMGTPE";
    if (number <= kExactMax) {
        return fmt::format("{}", number);
    }
    std::uint64_t unit = 1'000;
    std::size_t suffix = 0;
    while (number / unit >= 1'000) {
        unit *= 1'000;
        ++suffix;
    }
    const std::uint64_t whole = number / unit;
    const std::uint64_t hundredths = number % unit / (unit / 100);
    if (whole >= 100) {
        return fmt::format("{}{}", whole, kSuffixes[suffix]);
    }
    return whole >= 10 ? fmt::format("{}.{}{}", whole, hundredths / 10, kSuffixes[suffix])
                       : fmt::format("{}.{:02}{}", whole, hundredths, kSuffixes[suffix]);
}

std::string format_elapsed(std::chrono::milliseconds elapsed) {
    const auto count = std::max<std::int64_t>(0, elapsed.count());
    const auto seconds = count / 1'000;
    if (seconds == 0) {
        return fmt::format("{}ms", count);
    }
    if (seconds < 60) {
        return fmt::format("{}.{}s", seconds, count % 1'000 / 100);
    }
    if (seconds < 3'600) {
        return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    }
    return fmt::format("{}h{:02}m", seconds / 3'600, seconds % 3'600 / 60);
}

std::string format_seconds(double seconds) {
    constexpr double kMax = 1e9;
    const auto bounded = std::chrono::duration<double>(std::clamp(seconds, 0.0, kMax));
    return format_elapsed(std::chrono::duration_cast<std::chrono::milliseconds>(bounded));
}

std::string format_progress(const Progress& progress) {
    std::string line =
        progress.phase == Phase::copying
            ? copy_text(progress)
            : fmt::format(
                  "{}: {} so far", phase_text(progress.phase), format_elapsed(progress.elapsed)
              );
    if (progress.phase == Phase::verifying) {
        line += fmt::format(", {} rows compared", format_short(progress.rows_verified));
    }
    if (replays(progress.phase)) {
        line += fmt::format(
            ", {} pending, lag {:.1f}s",
            format_short(progress.keys_pending),
            progress.feed_lag_seconds
        );
    }
    if (progress.phase == Phase::cutting_over && progress.cutover_attempts > 0) {
        line += fmt::format(", attempt {}", progress.cutover_attempts);
    }
    if (progress.phase == Phase::copying || progress.phase == Phase::cutting_over) {
        const bool copies = progress.phase == Phase::copying;
        const std::string held =
            format_throttle(copies ? progress.throttle.copy_share : 0, progress.throttle.reason);
        line += (held.empty() ? "" : "; ") + held;
    }
    if (progress.reconnects > 0) {
        line += fmt::format(", {} reconnects", progress.reconnects);
    }
    return line;
}

std::string format_findings(const Findings& findings) {
    std::string out;
    for (const auto level : {Finding::Level::refusal, Finding::Level::warning}) {
        for (const Finding& finding : findings.findings) {
            if (finding.level != level) {
                continue;
            }
            out += fmt::format(
                "{}{} [{}]: {}",
                out.empty() ? "" : "\n",
                level_text(level),
                printable(finding.id),
                printable(finding.message)
            );
            if (!finding.hint.empty()) {
                out += fmt::format("\n    what to do: {}", printable(finding.hint));
            }
        }
    }
    return out;
}

std::string format_differences(const Differences& differences) {
    std::string keys;
    for (const std::string& key : differences.keys) {
        keys += (keys.empty() ? "" : ", ") + printable(key);
    }
    if (differences.keys.size() < differences.count) {
        keys += ", ..";
    }
    std::string out = fmt::format(
        "{} row(s) of {} differ: {}",
        format_number(differences.count),
        printable(differences.table),
        keys
    );
    return out;
}

std::string format_summary(const Summary& summary) {
    std::string out = fmt::format(
        "done: {} was changed in {} ({})",
        printable(summary.table),
        format_elapsed(summary.progress.elapsed),
        printable(summary.method)
    );
    if (summary.method == "shadow") {
        out += fmt::format(
            "; {} rows copied, {} keys reconciled, table locked for {:.1f}ms",
            format_number(summary.progress.rows_copied),
            format_number(summary.progress.keys_reconciled),
            static_cast<double>(summary.cutover_locked.count()) / 1'000.0
        );
        if (summary.progress.rows_verified > 0) {
            out += fmt::format("; {} rows verified", format_number(summary.progress.rows_verified));
        }
        if (summary.progress.differences > 0) {
            out += fmt::format(
                ", {} of them differed and were repaired",
                format_number(summary.progress.differences)
            );
        }
    }
    const std::string held = format_held(summary.progress.throttle);
    out += (held.empty() ? "" : "; ") + held;
    if (!summary.old_table.empty()) {
        out += fmt::format("; the old table is kept as {}", printable(summary.old_table));
    }
    return out;
}

TextRenderer::TextRenderer(Console& console, bool quiet, WallClock clock)
    : console_(console), quiet_(quiet), clock_(std::move(clock)) {}

void TextRenderer::on_event(const ProgressEvent& event) {
    std::visit([this](const auto& value) { show(value); }, event);
}

void TextRenderer::show(const PhaseChanged& event) {
    // The summary says "done" itself.
    if (!quiet_ && event.phase != Phase::done) {
        console_.end_progress();
        console_.line(stamped(std::string(phase_text(event.phase))));
    }
}

void TextRenderer::show(const Progress& event) {
    if (quiet_) {
        return;
    }
    if (console_.interactive()) {
        console_.progress(format_progress(event));
    } else if (!last_line_ || event.elapsed - *last_line_ >= kLineInterval) {
        last_line_ = event.elapsed;
        console_.line(stamped(format_progress(event)));
    }
}

void TextRenderer::show(const Notice& event) {
    if (!quiet_) {
        console_.line(stamped(printable(event.message)));
    }
}

void TextRenderer::show(const Differences& event) {
    // During a migration the log and the last message tell; here the list is the result.
    if (event.action == Differences::Action::none) {
        console_.end_progress();
        console_.error_line(format_differences(event));
    }
}

void TextRenderer::show(const Verified& event) {
    console_.end_progress();
    if (!quiet_ && event.differences == 0) {
        console_.line(stamped(fmt::format(
            "equal: {} and {}, {} rows",
            printable(event.first),
            printable(event.second),
            format_number(event.rows)
        )));
    }
}

void TextRenderer::show(const Findings& event) {
    if (event.findings.empty()) {
        return;
    }
    if (refuses(event)) {
        console_.end_progress();
        console_.error_line(format_findings(event));
    } else {
        console_.line(format_findings(event));
    }
}

void TextRenderer::show(const Summary& event) {
    console_.end_progress();
    if (!quiet_) {
        console_.line(stamped(format_summary(event)));
    }
}

std::string TextRenderer::stamped(const std::string& text) const {
    return console_.interactive() ? text : fmt::format("{} {}", format_timestamp(clock_()), text);
}

}  // namespace doppel::cli
