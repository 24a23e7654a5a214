// SPDX-License-Identifier: Apache-2.0
//
// What is told beside the numbers: definitions, what they rest on, what could go otherwise.
#include "dry_run/definitions.hpp"
#include "dry_run/executor.hpp"
#include "dry_run/query.hpp"
#include "schema/reader.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

/// What a write to the table's pages costs beside the binary log: pages are written twice.
constexpr double kPageWrites = 2;

}  // namespace

void Executor::fill_index_sizes(const estimate::Sizes& sizes) {
    const auto indexes = estimate::secondary_indexes(target_->shadow.definition);
    for (DryRunIndex& told : report_.indexes) {
        for (std::size_t i = 0; i < indexes.size(); ++i) {
            if (indexes[i]->name == told.name && told.change != "dropped") {
                told.bytes = sizes.indexes[i];
            }
        }
        if (told.name == "PRIMARY") {
            told.bytes = sizes.data;
        }
    }
    const mysql::TableName& table = plan_->source;
    const auto pages = query_if_told(
        *session_,
        fmt::format(
            "SELECT index_name, SUM(stat_value) * @@innodb_page_size FROM "
            "mysql.innodb_index_stats WHERE database_name = {} AND (table_name = {} OR table_name "
            "LIKE CONCAT({}, '#%')) AND stat_name = 'size' GROUP BY index_name",
            mysql::quote_string(table.schema),
            mysql::quote_string(table.table),
            mysql::quote_string(table.table)
        )
    );
    for (std::size_t row = 0; pages && row < pages->rows.size(); ++row) {
        for (DryRunIndex& told : report_.indexes) {
            if (told.name == pages->rows[row].at(0).value_or("") && told.change != "added") {
                told.bytes_now = static_cast<std::uint64_t>(number(pages->rows[row].at(1)));
            }
        }
    }
}

void Executor::describe_target() {
    const schema::TableDefinition& source = *plan_->facts.source;
    report_.definition_before = schema::without_auto_increment(source.create_text);
    report_.definition_after =
        as_source(target_->shadow.definition, source.name.table, target_->shadow.check_names);
    report_.definition_diff = unified_diff(
        report_.definition_before,
        report_.definition_after,
        report_.table + " now",
        report_.table + " after"
    );
    report_.columns = describe_columns(source, target_->shadow.definition, target_->columns);
}

void Executor::fill_writes() {
    using estimate::operator+;
    using estimate::operator*;
    DryRunEstimate& told = *report_.estimate;
    const double seconds = std::max(told.copy_seconds.expected + told.index_seconds.expected, 0.1);
    const Range log = told.binlog_bytes * (1 / seconds);
    const Range pages = told.disk_bytes * (kPageWrites / seconds);
    told.primary_write_bytes_per_second = log + pages;
    told.replica_write_bytes_per_second = log + pages;
    if (around_.replicas_known && !around_.has_replicas) {
        told.replica_write_bytes_per_second = {};
    }
}

void Executor::fill_stall() {
    DryRunEstimate& told = *report_.estimate;
    // Draining and the fence under the lock, measured by bench and tests; beyond that, the longest
    // transaction on the table, up to the wait for the lock.
    const double limit = std::chrono::duration<double>(migration_.lock_wait_timeout).count();
    double longest = 0;
    for (const cutover::Blocker& blocker : around_.transactions) {
        longest = std::max(longest, blocker.seconds);
    }
    const double waited = std::min(longest, limit);
    const double own = native_ ? 0.01 : 0.03;
    told.stall_seconds = {own / 3, own + (longest >= 1 ? waited : 0), 0.15 + limit};
    if (longest < 1 && around_.transactions.empty()) {
        told.stall_seconds.high = native_ ? 0.1 : 0.25;
    }
    for (const cutover::Blocker& blocker : around_.transactions) {
        if (blocker.seconds >= 1) {
            told.stall_risks.push_back("a transaction that holds the table: " + blocker.describe());
        }
    }
    if (around_.waiting_for_table.value_or(0) > 0) {
        told.stall_risks.push_back(fmt::format(
            "{} session(s) wait for a lock on the table now", *around_.waiting_for_table
        ));
    }
    if (!native_ && around_.table_writes_per_second.value_or(0) > 5'000) {
        told.stall_risks.push_back(fmt::format(
            "{:.0f} rows of the table are changed each second: what is still to be replayed when "
            "the lock is there lengthens it",
            *around_.table_writes_per_second
        ));
    }
    told.stall_risks.push_back(fmt::format(
        "any transaction on the table that is open for longer than {:.0f} s at that moment: the "
        "attempt is given up, and repeated up to {} times",
        limit,
        migration_.cutover_attempts
    ));
}

void Executor::tell_basis() {
    DryRunEstimate& told = *report_.estimate;
    told.basis.push_back(
        told.rows_counted
            ? fmt::format("{} rows, counted", told.rows)
            : fmt::format("about {} rows, by the server's statistics and its pages", told.rows)
    );
    told.basis.push_back(fmt::format(
        "{} rows measured in {} places {}",
        measured_->row.rows,
        sample_.ranges.size(),
        sample_.whole    ? "(the whole table)"
        : sample_.spread ? "all over the key"
                         : "at the ends of the key"
    ));
    if (probed_) {
        told.basis.push_back(fmt::format(
            "{:.0f} rows copied{} as a probe, {:.0f} a second{}",
            probed_->rows,
            migration_.verify ? " and compared" : "",
            1 / std::max(probed_->copy_row_seconds, 1e-9),
            probed_->index_row_seconds ? ", and their indexes built" : ""
        ));
    } else {
        told.basis.push_back(fmt::format(
            "the server's speed: a session computes at {:.2f} of the reference machine's speed, "
            "and {:.1f} sessions do at a time; fixed ratios lead from that to copying "
            "(--probe measures it here)",
            1 / speed_.scale,
            speed_.cores
        ));
    }
    told.basis.push_back(
        around_.gentle
            ? "others use the server now: one session copies, in small chunks"
            : fmt::format("nobody else uses the server now: {} sessions copy", migration_.threads)
    );
    if (!target_->late.empty()) {
        told.basis.push_back(
            fmt::format("{} index(es) are built after the copy", target_->late.size())
        );
    }
}

void Executor::check_disk() {
    const auto& free = plan_->facts.server.free_disk_bytes;
    const Range& peak = report_.estimate->peak_bytes;
    const std::string needed = fmt::format("{:.0f} MiB", peak.expected / kMebibyte);
    if (!free) {
        note_check(
            {"disk-for-the-peak",
             "disk-unknown",
             DryRunCheck::Level::warning,
             fmt::format(
                 "how much disk is free cannot be seen from here; at the peak the run needs about "
                 "{} more, the binary log included",
                 needed
             ),
             "compare it with the free space on the server",
             true}
        );
        return;
    }
    const auto available = static_cast<double>(*free);
    const std::string message = fmt::format(
        "{:.0f} MiB are free, and at the peak the run needs about {}, the binary log included",
        available / kMebibyte,
        needed
    );
    if (peak.high > available * 0.9) {
        note_check(
            {"disk-for-the-peak",
             "disk-tight",
             DryRunCheck::Level::warning,
             message,
             "make room",
             true}
        );
    } else {
        note_check(
            {"disk-for-the-peak", "disk-for-the-peak", DryRunCheck::Level::ok, message, {}, true}
        );
    }
}

}  // namespace doppel::dry_run
