// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_json.hpp"

#include "migration/throttle_json.hpp"
#include "tools/doppel/json_line.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace doppel::cli {

namespace {

void add_progress(Json& object, const Progress& progress) {
    const bool estimated = progress.rows_estimated > 0;
    const double percent = estimated ? 100.0 * static_cast<double>(progress.rows_copied) /
                                           static_cast<double>(progress.rows_estimated)
                                     : 0;
    object["phase"] = to_string(progress.phase);
    object["rows_copied"] = progress.rows_copied;
    object["rows_estimated"] = estimated ? Json(progress.rows_estimated) : Json(nullptr);
    object["percent"] = number_or_null(std::min(percent, 100.0), estimated);
    object["chunks_copied"] = progress.chunks_copied;
    object["rows_per_second"] = number_or_null(progress.rows_per_second, true);
    object["eta_seconds"] = number_or_null(progress.eta_seconds, progress.eta_seconds >= 0);
    object["events_seen"] = progress.events_seen;
    object["keys_pending"] = progress.keys_pending;
    object["keys_reconciled"] = progress.keys_reconciled;
    object["keys_discarded"] = progress.keys_discarded;
    object["rows_verified"] = progress.rows_verified;
    object["differences"] = progress.differences;
    object["repairs"] = progress.repairs;
    object["feed_lag_seconds"] = number_or_null(progress.feed_lag_seconds, true);
    object["cutover_attempts"] = progress.cutover_attempts;
    object["reconnects"] = progress.reconnects;
    object["elapsed_ms"] = progress.elapsed.count();
    object["throttle"] = migration::to_json(progress.throttle);
}

struct Fields {
    Json& object;

    void operator()(const PhaseChanged& event) const {
        object["event"] = "phase";
        object["phase"] = to_string(event.phase);
    }
    void operator()(const Progress& event) const {
        object["event"] = "progress";
        add_progress(object, event);
    }
    void operator()(const Notice& event) const {
        object["event"] = "notice";
        object["message"] = event.message;
    }
    void operator()(const Differences& event) const {
        object["event"] = "differences";
        object["table"] = event.table;
        object["count"] = event.count;
        object["keys"] = event.keys;
        object["action"] = to_string(event.action);
    }
    void operator()(const Findings& event) const {
        object["event"] = "findings";
        object["findings"] = Json::array();
        for (const Finding& finding : event.findings) {
            const bool refusal = finding.level == Finding::Level::refusal;
            Json item;
            item["id"] = finding.id;
            item["level"] = refusal ? "refusal" : "warning";
            item["message"] = finding.message;
            item["hint"] = finding.hint;
            object["findings"].push_back(std::move(item));
        }
    }
    void operator()(const Verified& event) const {
        object["event"] = "verified";
        object["first"] = event.first;
        object["second"] = event.second;
        object["rows"] = event.rows;
        object["differences"] = event.differences;
        object["complete"] = event.complete;
    }
    void operator()(const Summary& event) const {
        object["event"] = "summary";
        object["method"] = event.method;
        object["table"] = event.table;
        object["old_table"] = event.old_table.empty() ? Json(nullptr) : Json(event.old_table);
        object["cutover_locked_us"] = event.cutover_locked.count();
        Json progress;
        add_progress(progress, event.progress);
        object["progress"] = std::move(progress);
    }
};

}  // namespace

JsonRenderer::JsonRenderer(Output& output, WallClock clock)
    : output_(output), clock_(std::move(clock)) {}

void JsonRenderer::on_event(const ProgressEvent& event) {
    Json object = json_event(nullptr, clock_);
    std::visit(Fields{object}, event);
    output_.write(Stream::out, json_line(object), std::holds_alternative<Progress>(event));
}

void JsonRenderer::error(
    ExitCode code, const std::string& message, const std::optional<DataMisfit>& misfit
) {
    Json object = json_event("error", clock_);
    object["code"] = to_string(code);
    object["exit_code"] = static_cast<int>(code);
    object["message"] = message;
    if (misfit) {
        object["constraint"] = text_or_null(misfit->constraint);
        object["columns"] = misfit->columns;
        object["keys"] = misfit->keys;
        object["search"] = text_or_null(misfit->search);
    }
    output_.write(Stream::out, json_line(object), false);
}

}  // namespace doppel::cli
