// SPDX-License-Identifier: Apache-2.0
//
// The part of a dry run that reads rows: sizes, whether they fit, the probe.
#include "copy/pace.hpp"
#include "dry_run/executor.hpp"
#include "dry_run/helpers.hpp"
#include "dry_run/probe.hpp"
#include "dry_run/query.hpp"
#include "dry_run/server_speed.hpp"
#include "index/deferred_indexes.hpp"
#include "migration/index_choice.hpp"
#include "migration/verification.hpp"
#include "plan/shadow_checks.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using Depth = DryRunOptions::Depth;

constexpr std::size_t kPieces = 40;
constexpr std::size_t kRowsOfPiece = 250;
constexpr std::chrono::milliseconds kCountLimit{1'000};
constexpr std::uint64_t kCountedBytesMax = std::uint64_t{4} << 30;
constexpr double kStatisticsSpread = 1.25;
/// More is not copied for a probe, so that it stays small beside the table.
constexpr double kProbeShare = 0.35;
constexpr double kProbeRowsMax = 3e6;
/// throttle::Heart, for limits from a second on.
constexpr double kBeatsPerSecond = 10;

std::string with_limit(std::chrono::milliseconds limit, const std::string& rest) {
    return fmt::format("SELECT /*+ MAX_EXECUTION_TIME({}) */ {}", limit.count(), rest);
}

bool is_end(const Error& error) {
    return error.code() == Errc::interrupted || error.code() == Errc::stopped;
}

/// As copy::Pace has it once it knows the load.
std::size_t chunk_rows(const MigrationOptions& options, std::uint64_t row_bytes, bool gentle) {
    copy::Pace pace({options.threads, options.chunk_rows_max, options.chunk_time_target, row_bytes}
    );
    if (!gentle) {
        const auto now = copy::Pace::Clock::now();
        pace.see(now, {0, std::nullopt});
        pace.see(now + std::chrono::seconds(1), {0, std::nullopt});
    }
    return pace.rows_max();
}

}  // namespace

void Executor::look_at_rows() {
    if (!target_ || !target_->key) {
        report_.fit.unknown.emplace_back(
            "whether the rows fit: without a key they are not looked at"
        );
        return;
    }
    const bool utc = target_->key->shape.needs_utc();
    // A small table is looked at as a whole.
    const bool small = plan_->facts.source->rows_estimated <= kPieces * kRowsOfPiece;
    const std::size_t pieces = small ? 1 : kPieces;
    const std::size_t rows_each = small ? 2 * kPieces * kRowsOfPiece : kRowsOfPiece;
    if (!scratch_) {
        sql::Session& session = *session_;
        if (utc) {
            session.execute("SET SESSION time_zone = '+00:00'");
        }
        session.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        sample_ =
            take_sample(session, *target_->tables, pieces, rows_each, StopSignals::require_running);
        measured_ = measure(
            session,
            *target_->tables,
            *plan_->facts.source,
            target_->shadow.definition,
            target_->columns,
            sample_,
            StopSignals::require_running
        );
        report_.fit.unknown.emplace_back(
            "whether the rows fit: there is no table with the new definition to put them into"
        );
        return;
    }
    const auto writer = connect_writer(connection_, utc, false);
    writer->execute(
        fmt::format("SET SESSION max_execution_time = {}", options_.statement_limit.count())
    );
    sample_ =
        take_sample(*writer, *target_->tables, pieces, rows_each, StopSignals::require_running);
    measured_ = measure(
        *writer,
        *target_->tables,
        *plan_->facts.source,
        target_->shadow.definition,
        target_->columns,
        sample_,
        StopSignals::require_running
    );
    look_at_fit(*writer);
}

void Executor::look_at_fit(sql::Session& writer) {
    try {
        plan::require_values(*session_, plan_->facts, target_->columns);
    } catch (const Error& error) {
        if (error.code() != Errc::data_misfit) {
            throw;
        }
        report_.fit.looked = true;
        report_.fit.complete = true;
        report_.fit.rows_looked_at = 1;
        report_.fit.misfits.push_back({error.what(), {}});
        return;
    }
    const misfit::NewSchema schema{
        *plan_->facts.source,
        target_->shadow.definition,
        target_->columns,
        target_->shadow.check_names};
    // Only what judges the rows is of use here.
    if (const auto names = index::deferrable(target_->shadow.definition); !names.empty()) {
        std::vector<std::string> unneeded = names;
        std::erase(unneeded, target_->key->shadow_index);
        if (!unneeded.empty()) {
            writer.execute(index::drop_statement(target_->tables->shadow, unneeded));
        }
    }
    DataFit fit(
        {*target_->tables,
         schema,
         writer,
         [this, &writer](const std::string& query, std::chrono::milliseconds limit) {
             return query_until_stopped(writer, connection_, query, limit);
         },
         StopSignals::require_running,
         static_cast<double>(plan_->facts.source->rows_estimated)}
    );
    try {
        report_.fit = options_.depth == Depth::full ? fit.look_at_all(options_)
                                                    : fit.look_at_sample(sample_, options_);
    } catch (const Error& error) {
        if (is_end(error)) {
            throw;
        }
        report_.fit.looked = false;
        report_.fit.unknown.push_back(
            fmt::format("whether the rows fit: looking at them failed: {}", error.what())
        );
    }
}

double Executor::count_rows(bool& counted) {
    const schema::TableDefinition& source = *plan_->facts.source;
    counted = false;
    if (source.data_bytes <= kCountedBytesMax) {
        (void)query_if_told(*session_, "SET SESSION innodb_parallel_read_threads = 1");
        const auto rows = query_if_told(
            *session_, with_limit(kCountLimit, "COUNT(*) FROM " + source.name.quoted())
        );
        if (rows && !rows->empty()) {
            counted = true;
            return number(rows->scalar());
        }
    }
    const auto by_statistics = static_cast<double>(source.rows_estimated);
    if (!measured_ || measured_->row.now <= 0) {
        return by_statistics;
    }
    // The server's estimate comes from twenty pages; the pages that are in use are known better.
    const double by_pages = static_cast<double>(source.data_bytes) * 0.91 / measured_->row.now;
    const bool agree = by_pages > by_statistics / 2 && by_pages < by_statistics * 2;
    return agree ? (by_pages + by_statistics) / 2 : by_statistics;
}

estimate::SizeInput Executor::size_input(double rows, double spread) const {
    const schema::TableDefinition& definition = target_->shadow.definition;
    estimate::SizeInput input;
    input.rows = rows;
    input.rows_spread = spread;
    input.row = measured_->row;
    for (const schema::Index* index : estimate::secondary_indexes(definition)) {
        input.built_late.push_back(
            std::find(target_->late.begin(), target_->late.end(), index->name) !=
            target_->late.end()
        );
    }
    input.columns = definition.columns.size();
    input.event_bytes_max =
        static_cast<std::size_t>(number(around_.variables, "binlog_row_event_max_size", 8192));
    const auto compression = around_.variables.find("binlog_transaction_compression");
    const bool compressed = compression != around_.variables.end() && compression->second == "ON";
    input.compressed_share = compressed ? 0.4 : 1;
    input.compressed_pages = definition.row_format == "Compressed";
    const auto row_bytes =
        static_cast<std::uint64_t>(std::max(input.row.now + input.row.outside, 1.0));
    input.chunk_rows = static_cast<double>(chunk_rows(migration_, row_bytes, around_.gentle));
    return input;
}

estimate::DurationInput Executor::duration_input(double rows, double spread) {
    const auto indexes = estimate::secondary_indexes(target_->shadow.definition);
    estimate::DurationInput input;
    input.rows = rows;
    input.rows_spread = spread;
    input.record_bytes = measured_->row.record + measured_->row.outside;
    const estimate::SizeInput sizes = size_input(rows, spread);
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        if (sizes.built_late[i]) {
            input.late_entries.push_back(measured_->row.entries[i]);
            continue;
        }
        input.early_indexes += 1;
        input.early_random += measured_->row.ascending[i] < 0.9 ? 1 : 0;
    }
    input.converts = target_->converts;
    input.verify = migration_.verify;
    input.gentle = around_.gentle;
    input.workers = around_.gentle ? 1 : migration_.threads;
    input.chunk_rows = sizes.chunk_rows;
    input.chunk_seconds = std::chrono::duration<double>(chunk_time()).count();
    input.steered = watches_replicas();
    input.nice = migration_.throttle.nice;
    input.speed = speed_;
    input.speed.read_row_seconds = measured_->seconds_per_row;
    return input;
}

std::optional<estimate::Probed> Executor::probe(double rows) {
    if (!options_.probe || !scratch_ || refused_now()) {
        if (options_.probe) {
            report_.notes.emplace_back("there was no probe: no table can be made for it");
        }
        return std::nullopt;
    }
    const bool utc = target_->key->shape.needs_utc();
    const auto logged = connect_writer(connection_, utc, true);
    // Judged as in a run: the session that makes the table has the server's own sql_mode.
    logged->execute("SET SESSION sql_mode = @@GLOBAL.sql_mode");
    shadow::Shadow made;
    workshop_->make(true, [&] {
        made = shadow::create(
            *logged,
            *plan_->facts.source,
            workshop_->probe(),
            request_.statement,
            plan_->facts.server.version
        );
    });
    workshop_->mark(*logged, workshop_->probe());
    mysql::TablePair tables = *target_->tables;
    tables.shadow = workshop_->probe();
    std::optional<verify::Subject> subject;
    if (subject_) {
        subject = migration::plan_comparison(
                      plan_->facts, made.definition, target_->columns, *target_->key, tables
        )
                      .subject;
    }
    const std::size_t most =
        chunk_rows(migration_, static_cast<std::uint64_t>(measured_->row.now), around_.gentle);
    const ProbePlan plan{
        tables,
        subject,
        target_->late.empty() ? "" : index::drop_statement(tables.shadow, target_->late),
        target_->late.empty()
            ? ""
            : index::build_statement(tables.shadow, made.definition.create_text, target_->late),
        utc,
        around_.gentle ? 1 : migration_.threads,
        1'000,
        most,
        chunk_time(),
        std::min(rows * kProbeShare, kProbeRowsMax)};
    const std::function<void()> running = StopSignals::require_running;
    const ProbeResult result = run_probe(connection_, plan, sample_, options_.probe_time, running);
    if (!result.problem.empty()) {
        report_.notes.push_back("the probe told nothing: " + result.problem);
        return std::nullopt;
    }
    return result.measured;
}

void Executor::estimate() {
    const bool no_key = !target_ || !target_->key || !measured_;
    if (no_key && !native_) {
        return;
    }
    report_.estimate.emplace();
    const double rows = tell_of_now();
    if (native_) {
        tell_of_moment();
        return;
    }
    speed_ = measure_speed(
        connection_, around_.gentle ? 2 : migration_.threads + 1, StopSignals::require_running
    );
    StopSignals::require_running();
    probed_ = probe(rows);
    report_.estimate->probed = probed_.has_value();
    const double spread = report_.estimate->rows_counted ? 1.0 : kStatisticsSpread;
    estimate::DurationInput input = duration_input(rows, spread);
    input.probed = probed_;
    const estimate::Durations now = estimate::durations_of(input);
    const estimate::Sizes sizes = estimate::sizes_of(size_of_run(input, now));
    fill(sizes, now, estimate::durations_of(at_idle(std::move(input))));
    fill_index_sizes(sizes);
    fill_writes();
    fill_stall();
    tell_basis();
    check_disk();
}

double Executor::tell_of_now() {
    DryRunEstimate& told = *report_.estimate;
    told.data_bytes_now = plan_->facts.source->data_bytes;
    told.index_bytes_now = plan_->facts.source->index_bytes;
    told.busy = around_.gentle;
    told.statements_per_second = around_.statements_per_second;
    told.table_writes_per_second = around_.table_writes_per_second.value_or(-1);
    const double rows = count_rows(told.rows_counted);
    told.rows = static_cast<std::uint64_t>(rows);
    return rows;
}

void Executor::tell_of_moment() {
    DryRunEstimate& told = *report_.estimate;
    const Range moment{0.01, 0.1, 1};
    told.total_seconds = told.idle_seconds = moment;
    told.binlog_bytes = {200, 400, 2'000};
    told.peak_bytes = told.binlog_bytes;
    told.basis.emplace_back("the server changes metadata only: no row is copied");
    fill_stall();
}

std::chrono::milliseconds Executor::chunk_time() const {
    const auto most = migration_.chunk_time_target;
    return around_.gentle ? std::min(copy::Pace::kGentleTime, most) : most;
}

bool Executor::watches_replicas() const {
    const ThrottleOptions& throttle = migration_.throttle;
    return throttle.max_lag && ((around_.has_replicas && throttle.find_replicas) ||
                                migration::names_replicas(throttle));
}

estimate::DurationInput Executor::at_idle(estimate::DurationInput input) const {
    if (around_.gentle) {
        input.probed.reset();
        input.gentle = false;
        input.workers = migration_.threads;
        input.chunk_seconds = std::chrono::duration<double>(migration_.chunk_time_target).count();
        input.speed.cores = std::max(input.speed.cores, 2.0);
    }
    return input;
}

estimate::SizeInput Executor::size_of_run(
    const estimate::DurationInput& input, const estimate::Durations& now
) const {
    estimate::SizeInput size = size_input(input.rows, input.rows_spread);
    size.seconds = now.total.expected;
    size.beats_per_second = watches_replicas() ? kBeatsPerSecond : 0;
    size.several_copiers = !around_.gentle && migration_.threads > 1;
    const double row_seconds = now.copy.expected * input.workers / std::max(input.rows, 1.0);
    size.chunk_rows =
        std::clamp(input.chunk_seconds / std::max(row_seconds, 1e-9), 100.0, size.chunk_rows);
    size.changed_rows = around_.table_writes_per_second.value_or(0) * now.total.expected;
    return size;
}

void Executor::fill(
    const estimate::Sizes& sizes, const estimate::Durations& now, const estimate::Durations& idle
) {
    using estimate::operator+;
    DryRunEstimate& told = *report_.estimate;
    told.row_bytes = estimate::within(measured_->row.record + measured_->row.outside, 1.1);
    told.total_seconds = now.total;
    told.idle_seconds = idle.total;
    told.copy_seconds = now.copy;
    told.index_seconds = now.index;
    told.verify_seconds = now.verify;
    told.cutover_seconds = now.cutover;
    told.disk_bytes = sizes.table;
    told.data_bytes = sizes.data;
    told.index_bytes = sizes.secondary;
    told.temporary_bytes = sizes.sorting;
    told.binlog_bytes = sizes.binlog;
    told.peak_bytes = sizes.table + sizes.sorting + sizes.binlog;
}

}  // namespace doppel::dry_run
