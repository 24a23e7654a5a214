// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_status.hpp"

#include "migration/throttle_json.hpp"
#include "tools/doppel/console.hpp"
#include "tools/doppel/json_line.hpp"
#include "tools/doppel/render_text.hpp"
#include "tools/doppel/render_throttle.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

bool runs(const MigrationStatus& status) {
    switch (status.state) {
        case MigrationState::preparing:
        case MigrationState::running:
            return true;
        case MigrationState::swapped:
        case MigrationState::unreadable:
            return status.connection.has_value();
        case MigrationState::none:
        case MigrationState::stopped:
            break;
    }
    return false;
}

double percent_of(const MigrationCheckpoint& checkpoint) {
    const double percent = 100.0 * static_cast<double>(checkpoint.rows_copied) /
                           static_cast<double>(checkpoint.rows_estimated);
    return std::min(percent, 100.0);
}

std::string headline(const MigrationStatus& status) {
    switch (status.state) {
        case MigrationState::none:
            return "there is no migration";
        case MigrationState::preparing:
            return "a migration is being prepared";
        case MigrationState::running:
            return "a migration is running";
        case MigrationState::stopped:
            return "a migration is not running, and can go on";
        case MigrationState::swapped:
            return runs(status) ? "the migration is done, and cleaning up"
                                : "the migration is done, but has not cleaned up";
        case MigrationState::unreadable:
            break;
    }
    return "there is a migration, but what it recorded cannot be read";
}

std::string progress_text(const MigrationCheckpoint& checkpoint, bool running) {
    std::string text = format_number(checkpoint.rows_copied);
    if (checkpoint.rows_estimated > 0) {
        text += fmt::format(
            " of ~{} rows copied ({:.1f} %)",
            format_number(checkpoint.rows_estimated),
            percent_of(checkpoint)
        );
    } else {
        text += " rows copied";
    }
    if (checkpoint.phase == to_string(Phase::copying)) {
        text += fmt::format(
            ", {}{}/s",
            running ? "" : "last ",
            format_short(static_cast<std::uint64_t>(std::max(0.0, checkpoint.rows_per_second)))
        );
        if (checkpoint.eta_seconds) {
            text += ", ETA " + format_seconds(*checkpoint.eta_seconds);
            text += running ? "" : " from when it goes on";
        }
    }
    return text;
}

std::string process_text(const MigrationStatus& status) {
    std::string text = fmt::format(
        "{} on {}, since {}", status.process_id, printable(status.host), printable(status.began_at)
    );
    if (status.connection) {
        text += fmt::format("; connection {} holds the lock", *status.connection);
    } else if (runs(status)) {
        text += fmt::format("; at another server ({})", printable(status.server_uuid));
    } else {
        text += "; gone";
        if (status.other_server) {
            text += fmt::format(", as far as this server knows; it ran at {}", status.server_uuid);
        }
    }
    return text;
}

class Lines final {
public:
    explicit Lines(std::string first) : text_(std::move(first)) {}
    void add(std::string_view name, const std::string& value) {
        if (!value.empty()) {
            text_ += fmt::format("\n  {:<11} {}", name, value);
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

void add_checkpoint(Lines& lines, const MigrationStatus& status) {
    if (!status.checkpoint) {
        return;
    }
    const MigrationCheckpoint& checkpoint = *status.checkpoint;
    lines.add("phase", printable(checkpoint.phase));
    lines.add("progress", progress_text(checkpoint, runs(status)));
    if (!checkpoint.phase.empty()) {
        lines.add(
            "replay",
            fmt::format(
                "{} keys pending, lag {:.1f}s",
                format_number(checkpoint.keys_pending),
                checkpoint.feed_lag_seconds
            )
        );
    }
    lines.add("checkpoint", format_seconds(checkpoint.age_seconds) + " ago");
}

/// What the run says itself is newer than what it wrote down.
void add_throttle(Lines& lines, const MigrationStatus& status, const Json& live) {
    if (live.is_object() && live.contains("throttle")) {
        const ThrottleState state = migration::throttle_from_json(live.at("throttle"));
        lines.add("throttle", format_throttle(state.copy_share, state.reason));
        lines.add("replicas", format_replicas(state));
        lines.add("so far", format_held(state));
    } else if (status.checkpoint && runs(status)) {
        lines.add(
            "throttle",
            format_throttle(status.checkpoint->copy_share, status.checkpoint->throttle_reason)
        );
    }
}

std::string tables_text(const MigrationStatus& status) {
    std::string text;
    const auto put = [&](const std::string& table, std::string_view what) {
        if (!table.empty()) {
            text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", printable(table), what);
        }
    };
    put(status.shadow, "shadow");
    put(status.old_table, "former table");
    put(status.state_table, "state");
    return text;
}

std::string advice(const MigrationStatus& status) {
    if (runs(status)) {
        return "";
    }
    const std::string cleanup = fmt::format("doppel cleanup {}", printable(status.table));
    switch (status.state) {
        case MigrationState::stopped:
            return fmt::format(
                "the same doppel alter goes on with it; {} removes what it left", cleanup
            );
        case MigrationState::swapped:
            return fmt::format("the same doppel alter, or {}, cleans up", cleanup);
        case MigrationState::unreadable:
            return "use the version of doppel that began it";
        default:
            return "";
    }
}

Json checkpoint_json(const MigrationCheckpoint& checkpoint) {
    const bool estimated = checkpoint.rows_estimated > 0;
    Json object;
    object["age_seconds"] = number_or_null(checkpoint.age_seconds, true);
    object["phase"] = text_or_null(checkpoint.phase);
    object["rows_copied"] = checkpoint.rows_copied;
    object["rows_estimated"] = estimated ? Json(checkpoint.rows_estimated) : Json(nullptr);
    object["percent"] = number_or_null(estimated ? percent_of(checkpoint) : 0, estimated);
    object["rows_per_second"] = number_or_null(checkpoint.rows_per_second, true);
    object["eta_seconds"] =
        number_or_null(checkpoint.eta_seconds.value_or(0), checkpoint.eta_seconds.has_value());
    object["keys_pending"] = checkpoint.keys_pending;
    object["feed_lag_seconds"] = number_or_null(checkpoint.feed_lag_seconds, true);
    object["copy_share"] = number_or_null(checkpoint.copy_share, true);
    object["throttle_reason"] = text_or_null(checkpoint.throttle_reason);
    return object;
}

}  // namespace

std::string status_text(const MigrationStatus& status, const Json& live) {
    Lines lines(fmt::format("{}: {}", printable(status.table), headline(status)));
    if (!status.table_exists) {
        lines.add("table", "does not exist");
    }
    lines.add("problem", printable(status.problem));
    lines.add("statement", printable(status.statement));
    add_checkpoint(lines, status);
    add_throttle(lines, status, live);
    if (!status.host.empty()) {
        lines.add("process", process_text(status));
    } else if (status.connection) {
        lines.add("process", fmt::format("connection {} holds the lock", *status.connection));
    }
    lines.add("tables", tables_text(status));
    for (const std::string& table : status.in_the_way) {
        lines.add("in the way", printable(table) + ", which is not the migration's");
    }
    lines.add("what to do", advice(status));
    return lines.text();
}

std::string status_json(const MigrationStatus& status, const WallClock& clock, const Json& live) {
    Json object = json_event("status", clock);
    object["table"] = status.table;
    object["state"] = to_string(status.state);
    object["table_exists"] = status.table_exists;
    object["running"] = runs(status);
    object["connection"] = status.connection ? Json(*status.connection) : Json(nullptr);
    object["other_server"] = status.other_server;
    object["problem"] = text_or_null(status.problem);
    object["statement"] = text_or_null(status.statement);
    object["host"] = text_or_null(status.host);
    object["process_id"] = status.process_id != 0 ? Json(status.process_id) : Json(nullptr);
    object["began_at"] = text_or_null(status.began_at);
    object["server_uuid"] = text_or_null(status.server_uuid);
    object["checkpoint"] = status.checkpoint ? checkpoint_json(*status.checkpoint) : Json(nullptr);
    object["shadow"] = text_or_null(status.shadow);
    object["state_table"] = text_or_null(status.state_table);
    object["old_table"] = text_or_null(status.old_table);
    object["in_the_way"] = status.in_the_way;
    object["live"] = live;
    return json_line(object);
}

}  // namespace doppel::cli
