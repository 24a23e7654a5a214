// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/exit_code.hpp"
#include "tools/doppel/json_line.hpp"
#include "tools/doppel/render_dry_run.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace doppel::cli {

namespace {

Json seconds_json(const Range& range) {
    const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
    return {
        {"low", rounded(range.low)},
        {"expected", rounded(range.expected)},
        {"high", rounded(range.high)}};
}

Json bytes_json(const Range& range) {
    const auto whole = [](double value) {
        return static_cast<std::uint64_t>(std::max(value, 0.0));
    };
    return {
        {"low", whole(range.low)},
        {"expected", whole(range.expected)},
        {"high", whole(range.high)}};
}

template <class Items, class Convert>
Json array_of(const Items& items, const Convert& convert) {
    Json array = Json::array();
    for (const auto& item : items) {
        array.push_back(convert(item));
    }
    return array;
}

Json check_json(const DryRunCheck& check) {
    return {
        {"check", check.name},
        {"id", check.id},
        {"level", to_string(check.level)},
        {"message", check.message},
        {"hint", check.hint},
        {"applies", check.applies}};
}

Json step_json(const DryRunStep& step) {
    return {{"what", step.what}, {"sql", text_or_null(step.sql)}};
}

Json column_json(const DryRunColumn& column) {
    return {
        {"source", text_or_null(column.source)},
        {"source_type", text_or_null(column.source_type)},
        {"target", text_or_null(column.target)},
        {"target_type", text_or_null(column.target_type)},
        {"how", column.how}};
}

Json index_json(const DryRunIndex& index) {
    return {
        {"name", index.name},
        {"change", index.change},
        {"definition", index.definition},
        {"built", text_or_null(index.built)},
        {"remark", text_or_null(index.remark)},
        {"bytes_now", index.bytes_now > 0 ? Json(index.bytes_now) : Json(nullptr)},
        {"bytes", index.bytes ? bytes_json(*index.bytes) : Json(nullptr)}};
}

Json misfit_json(const DryRunMisfit& misfit) {
    return {
        {"message", misfit.message},
        {"constraint", text_or_null(misfit.rows.constraint)},
        {"columns", misfit.rows.columns},
        {"keys", misfit.rows.keys},
        {"search", text_or_null(misfit.rows.search)}};
}

Json fit_json(const DryRunFit& fit) {
    return {
        {"looked", fit.looked},
        {"complete", fit.complete},
        {"rows_looked_at", fit.rows_looked_at},
        {"confidence", text_or_null(fit.confidence)},
        {"misfits", array_of(fit.misfits, misfit_json)},
        {"unknown", fit.unknown}};
}

Json replica_json(const DryRunReplica& replica) {
    return {
        {"address", replica.address},
        {"lag_seconds",
         number_or_null(replica.lag_seconds.value_or(0), replica.lag_seconds.has_value())},
        {"problem", text_or_null(replica.problem)},
        {"watched", replica.watched},
        {"holds", replica.holds}};
}

Json estimate_json(const DryRunEstimate& told) {
    Json object;
    object["rows"] = told.rows;
    object["rows_counted"] = told.rows_counted;
    object["data_bytes_now"] = told.data_bytes_now;
    object["index_bytes_now"] = told.index_bytes_now;
    object["row_bytes"] = bytes_json(told.row_bytes);
    object["total_seconds"] = seconds_json(told.total_seconds);
    object["idle_seconds"] = seconds_json(told.idle_seconds);
    object["copy_seconds"] = seconds_json(told.copy_seconds);
    object["index_seconds"] = seconds_json(told.index_seconds);
    object["verify_seconds"] = seconds_json(told.verify_seconds);
    object["cutover_seconds"] = seconds_json(told.cutover_seconds);
    object["stall_seconds"] = seconds_json(told.stall_seconds);
    object["disk_bytes"] = bytes_json(told.disk_bytes);
    object["data_bytes"] = bytes_json(told.data_bytes);
    object["index_bytes"] = bytes_json(told.index_bytes);
    object["temporary_bytes"] = bytes_json(told.temporary_bytes);
    object["binlog_bytes"] = bytes_json(told.binlog_bytes);
    object["peak_bytes"] = bytes_json(told.peak_bytes);
    object["busy"] = told.busy;
    object["statements_per_second"] = number_or_null(told.statements_per_second, true);
    object["table_writes_per_second"] =
        number_or_null(told.table_writes_per_second, told.table_writes_per_second >= 0);
    object["primary_write_bytes_per_second"] = bytes_json(told.primary_write_bytes_per_second);
    object["replica_write_bytes_per_second"] = bytes_json(told.replica_write_bytes_per_second);
    object["stall_risks"] = told.stall_risks;
    object["basis"] = told.basis;
    object["probed"] = told.probed;
    return object;
}

Json outcome_json(const Outcome& outcome) {
    const ExitCode code = to_exit_code(outcome);
    return {
        {"ok", outcome.ok},
        {"code", to_string(code)},
        {"exit_code", static_cast<int>(code)},
        {"message", text_or_null(outcome.message)}};
}

}  // namespace

std::string dry_run_json(
    const DryRunReport& report, const Outcome& outcome, const WallClock& clock
) {
    Json object = json_event("dry_run", clock);
    object["table"] = report.table;
    object["statement"] = report.statement;
    object["server"] = report.server;
    object["at_replica"] = report.at_replica;
    object["depth"] = report.depth;
    object["outcome"] = outcome_json(outcome);
    object["decision"] = {
        {"method", text_or_null(report.decision.method)},
        {"certain", report.decision.certain},
        {"reason", text_or_null(report.decision.reason)}};
    object["steps"] = array_of(report.steps, step_json);
    object["definition"] = {
        {"before", text_or_null(report.definition_before)},
        {"after", text_or_null(report.definition_after)},
        {"diff", text_or_null(report.definition_diff)}};
    object["columns"] = array_of(report.columns, column_json);
    object["key"] = {{"index", text_or_null(report.key)}, {"columns", report.key_columns}};
    object["indexes"] = array_of(report.indexes, index_json);
    object["checks"] = array_of(report.checks, check_json);
    object["replicas"] = array_of(report.replicas, replica_json);
    object["fit"] = fit_json(report.fit);
    object["estimate"] = report.estimate ? estimate_json(*report.estimate) : Json(nullptr);
    object["advice"] = report.advice;
    object["notes"] = report.notes;
    return json_line(object);
}

}  // namespace doppel::cli
