// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/console.hpp"
#include "tools/doppel/render_dry_run.hpp"
#include "tools/doppel/render_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::cli {

namespace {

std::string bytes_text(double bytes) {
    constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < kUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes)
                     : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

template <class Text>
std::string range_text(const Range& range, const Text& text) {
    return fmt::format("{} ({} to {})", text(range.expected), text(range.low), text(range.high));
}

std::string in_seconds(const Range& range) {
    return range_text(range, format_seconds);
}

std::string in_bytes(const Range& range) {
    return range_text(range, bytes_text);
}

class Page final {
public:
    void headline(const std::string& text) { text_ += printable(text) + "\n"; }
    void section(std::string_view name) { text_ += fmt::format("\n{}\n", name); }
    void line(std::string_view name, const std::string& value) {
        text_ += fmt::format("  {:<14} {}\n", name, printable(value));
    }
    void item(const std::string& value) { text_ += "  " + printable(value) + "\n"; }
    void below(const std::string& value) { text_ += "      " + printable(value) + "\n"; }
    void block(std::string_view lines) {
        while (!lines.empty()) {
            const auto end = lines.find('\n');
            text_ += "  " + printable(lines.substr(0, end)) + "\n";
            lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
        }
    }
    [[nodiscard]] std::string text() const { return text_; }

private:
    std::string text_;
};

std::string method_text(const DryRunDecision& decision) {
    const std::string sure = decision.certain ? "" : "probably ";
    if (decision.method == "instant") {
        return sure + "instant: the server makes the change in a moment";
    }
    if (decision.method == "inplace") {
        return sure + "in place: the server changes metadata only";
    }
    return decision.method.empty() ? "none: see the checks"
                                   : sure + "shadow: the rows are copied into a new table";
}

void put_decision(Page& page, const DryRunReport& report) {
    page.section("Decision");
    page.line("method", method_text(report.decision));
    if (!report.decision.reason.empty()) {
        page.line("reason", report.decision.reason);
    }
    if (!report.key.empty()) {
        page.line("key", fmt::format("{} ({})", report.key, fmt::join(report.key_columns, ", ")));
    }
    if (report.steps.empty()) {
        return;
    }
    page.section("Steps");
    unsigned number = 0;
    for (const DryRunStep& step : report.steps) {
        page.item(fmt::format("{}. {}", ++number, step.what));
        if (!step.sql.empty()) {
            page.below(step.sql);
        }
    }
}

void put_definition(Page& page, const DryRunReport& report) {
    if (!report.definition_diff.empty()) {
        page.section("Definition");
        page.block(report.definition_diff);
    }
    if (!report.columns.empty()) {
        page.section("Columns");
        for (const DryRunColumn& column : report.columns) {
            const std::string from =
                column.source.empty() ? "(new)" : column.source + " " + column.source_type;
            const std::string to =
                column.target.empty() ? "(dropped)" : column.target + " " + column.target_type;
            page.item(fmt::format("{} -> {}: {}", from, to, column.how));
        }
    }
    if (report.indexes.empty()) {
        return;
    }
    page.section("Indexes");
    for (const DryRunIndex& index : report.indexes) {
        std::string text = fmt::format("{} {}: {}", index.name, index.definition, index.change);
        if (index.bytes_now > 0) {
            text += fmt::format(", {} now", bytes_text(static_cast<double>(index.bytes_now)));
        }
        if (index.bytes) {
            text += fmt::format(", about {} after", bytes_text(index.bytes->expected));
        }
        if (index.built == "after the copy") {
            text += ", built after the copy";
        }
        page.item(text);
        if (!index.remark.empty()) {
            page.below(index.remark);
        }
    }
}

std::string_view level_text(const DryRunCheck& check) {
    if (check.level == DryRunCheck::Level::ok) {
        return "ok";
    }
    if (!check.applies) {
        return "(no copy)";
    }
    return check.level == DryRunCheck::Level::warning ? "warning" : "REFUSED";
}

void put_checks(Page& page, const DryRunReport& report) {
    page.section("Checks");
    for (const DryRunCheck& check : report.checks) {
        page.item(fmt::format("{:<9} {}: {}", level_text(check), check.id, check.message));
        if (check.level != DryRunCheck::Level::ok && !check.hint.empty()) {
            page.item(fmt::format("{:<9} {}", "", check.hint));
        }
    }
    for (const DryRunReplica& replica : report.replicas) {
        page.item(fmt::format(
            "replica   {}: {}",
            replica.address,
            replica.lag_seconds ? fmt::format("lags by {:.1f} s", *replica.lag_seconds)
                                : replica.problem
        ));
    }
}

void put_fit(Page& page, const DryRunReport& report) {
    const DryRunFit& fit = report.fit;
    if (!fit.looked && fit.unknown.empty()) {
        return;
    }
    page.section("Do the rows fit?");
    if (fit.looked) {
        const std::string verdict = !fit.misfits.empty() ? "no"
                                    : fit.complete       ? "yes"
                                                         : "none was found that does not";
        page.line("answer", verdict);
        page.line("looked at", fmt::format("{} rows", format_number(fit.rows_looked_at)));
        page.line("confidence", fit.confidence);
    }
    for (const DryRunMisfit& misfit : fit.misfits) {
        page.item(misfit.message);
    }
    for (const std::string& unknown : fit.unknown) {
        page.line("not known", unknown);
    }
}

void put_time(Page& page, const DryRunEstimate& told) {
    page.section("Time");
    page.line("in all", in_seconds(told.total_seconds));
    if (told.busy) {
        page.line("when idle", in_seconds(told.idle_seconds));
    }
    page.line("copy", in_seconds(told.copy_seconds));
    if (told.index_seconds.expected > 0) {
        page.line("index build", in_seconds(told.index_seconds));
    }
    page.line("verify", in_seconds(told.verify_seconds) + " after that");
    page.line("swap", in_seconds(told.cutover_seconds));
    page.line("writes wait", in_seconds(told.stall_seconds) + " at the swap");
    for (const std::string& risk : told.stall_risks) {
        page.below(risk);
    }
}

void put_size(Page& page, const DryRunEstimate& told) {
    page.section("Size");
    page.line(
        "now",
        fmt::format(
            "{} rows{}, {} of data, {} of indexes",
            format_number(told.rows),
            told.rows_counted ? "" : " about",
            bytes_text(static_cast<double>(told.data_bytes_now)),
            bytes_text(static_cast<double>(told.index_bytes_now))
        )
    );
    page.line("new table", in_bytes(told.disk_bytes));
    page.line("of it rows", in_bytes(told.data_bytes));
    page.line("of it indexes", in_bytes(told.index_bytes));
    page.line("binary log", in_bytes(told.binlog_bytes));
    if (told.temporary_bytes.expected > 0) {
        page.line("for sorting", in_bytes(told.temporary_bytes));
    }
    page.line("at the peak", in_bytes(told.peak_bytes));
    page.line("primary writes", in_bytes(told.primary_write_bytes_per_second) + " a second");
    if (told.replica_write_bytes_per_second.expected > 0) {
        page.line("each replica", in_bytes(told.replica_write_bytes_per_second) + " a second");
    }
}

void put_estimate(Page& page, const DryRunReport& report) {
    if (!report.estimate) {
        return;
    }
    const DryRunEstimate& told = *report.estimate;
    if (report.decision.method == "shadow") {
        put_time(page, told);
        put_size(page, told);
    } else {
        page.section("Time");
        page.line("in all", in_seconds(told.total_seconds));
        page.line("writes wait", in_seconds(told.stall_seconds));
        for (const std::string& risk : told.stall_risks) {
            page.below(risk);
        }
    }
    page.section("What the numbers rest on");
    for (const std::string& basis : told.basis) {
        page.item(basis);
    }
}

void put_list(Page& page, std::string_view name, const std::vector<std::string>& items) {
    if (!items.empty()) {
        page.section(name);
        for (const std::string& item : items) {
            page.item("- " + item);
        }
    }
}

}  // namespace

std::string dry_run_text(const DryRunReport& report) {
    Page page;
    page.headline(fmt::format("{}: dry run, nothing is changed", report.table));
    page.line("statement", report.statement);
    page.line("server", fmt::format("{}{}", report.server, report.at_replica ? ", read-only" : ""));
    put_decision(page, report);
    put_definition(page, report);
    put_checks(page, report);
    put_fit(page, report);
    put_estimate(page, report);
    put_list(page, "Advice", report.advice);
    put_list(page, "Notes", report.notes);
    return page.text();
}

}  // namespace doppel::cli
