// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_cleanup.hpp"

#include "tools/doppel/console.hpp"
#include "tools/doppel/json_line.hpp"
#include "tools/doppel/render_text.hpp"

#include <fmt/format.h>

namespace doppel::cli {

namespace {

const char* kind_text(CleanupTable::Kind kind) {
    switch (kind) {
        case CleanupTable::Kind::shadow:
            return "the shadow";
        case CleanupTable::Kind::old_table:
            return "the former table, as the migration had been told";
        case CleanupTable::Kind::state:
            break;
    }
    return "the migration's state";
}

std::string size_text(const CleanupTable& table) {
    if (table.kind == CleanupTable::Kind::state) {
        return "";
    }
    return fmt::format(", ~{} rows", format_number(table.rows_estimated));
}

std::string headline(const CleanupPlan& plan) {
    const std::string table = printable(plan.table);
    if (plan.remove.empty()) {
        return fmt::format("{}: there is nothing to clean up", table);
    }
    if (plan.statement.empty()) {
        return fmt::format("{}: what a migration left that had hardly begun", table);
    }
    return fmt::format(
        "{}: what is left of a migration {}, last run by process {} on {} since {}:\n  {}",
        table,
        plan.swapped ? "that is done" : "that is not done",
        plan.process_id,
        printable(plan.host),
        printable(plan.began_at),
        printable(plan.statement)
    );
}

}  // namespace

std::string cleanup_text(const CleanupPlan& plan) {
    std::string text = headline(plan);
    for (const CleanupTable& table : plan.remove) {
        text += fmt::format(
            "\nto remove: {} ({}{})",
            printable(table.table),
            kind_text(table.kind),
            size_text(table)
        );
    }
    for (const KeptTable& table : plan.keep) {
        text += fmt::format("\nstays: {} ({})", printable(table.table), printable(table.reason));
    }
    return text;
}

std::string removed_text(const CleanupTable& table) {
    return fmt::format("removed {}", printable(table.table));
}

std::string cleanup_json(const CleanupPlan& plan, const WallClock& clock) {
    Json object = json_event("cleanup", clock);
    object["table"] = plan.table;
    object["swapped"] = plan.swapped;
    object["statement"] = text_or_null(plan.statement);
    object["host"] = text_or_null(plan.host);
    object["process_id"] = plan.process_id != 0 ? Json(plan.process_id) : Json(nullptr);
    object["began_at"] = text_or_null(plan.began_at);
    object["remove"] = Json::array();
    for (const CleanupTable& table : plan.remove) {
        Json item;
        item["kind"] = to_string(table.kind);
        item["table"] = table.table;
        item["rows_estimated"] = table.rows_estimated;
        object["remove"].push_back(std::move(item));
    }
    object["keep"] = Json::array();
    for (const KeptTable& table : plan.keep) {
        Json item;
        item["table"] = table.table;
        item["reason"] = table.reason;
        object["keep"].push_back(std::move(item));
    }
    return json_line(object);
}

std::string removed_json(const CleanupTable& table, const WallClock& clock) {
    Json object = json_event("removed", clock);
    object["kind"] = to_string(table.kind);
    object["table"] = table.table;
    return json_line(object);
}

}  // namespace doppel::cli
