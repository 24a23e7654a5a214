// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/record.hpp"

#include "base/hex.hpp"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace doppel::checkpoint {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<Stage, const char*>, 3> kStages{
    {{Stage::preparing, "preparing"}, {Stage::running, "running"}, {Stage::swapped, "swapped"}}};

const char* name_of(Stage stage) {
    for (const auto& [known, name] : kStages) {
        if (known == stage) {
            return name;
        }
    }
    return "";
}

/// Throws base::Failure.
Stage stage_of(const std::string& text) {
    for (const auto& [stage, name] : kStages) {
        if (text == name) {
            return stage;
        }
    }
    throw base::Failure{fmt::format("it names the unknown stage '{}'", text)};
}

std::string dump(const json& value) {
    // Text that is not UTF-8 cannot be JSON; better a replaced character than no record.
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json place_to_json(const Place& place) {
    if (const auto* gtids = std::get_if<mysql::GtidSet>(&place)) {
        return {{"gtid_set", gtids->str()}};
    }
    const auto& file = std::get<mysql::FileOffset>(place);
    return {{"file", file.file}, {"offset", file.offset}};
}

/// Throws json::exception or base::Failure.
Place place_from_json(const json& value) {
    if (value.contains("gtid_set")) {
        auto set = mysql::GtidSet::parse(value.at("gtid_set").get<std::string>());
        if (!set) {
            throw set.failure();
        }
        return *std::move(set);
    }
    return mysql::FileOffset{
        value.at("file").get<std::string>(), value.at("offset").get<std::uint64_t>()};
}

/// A document of this format, or why not.
base::Result<json> parse(std::string_view text) {
    auto document = json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return base::Failure{"it is no JSON object"};
    }
    const auto format = document.find("format");
    if (format == document.end() || !format->is_number_integer()) {
        return base::Failure{"it has no format number"};
    }
    if (*format != kFormat) {
        return base::Failure{fmt::format(
            "it was written in format {} by another version of doppel; this one reads format {}",
            format->get<int>(),
            kFormat
        )};
    }
    return document;
}

/// Runs `read` on a document of this format; what it throws becomes a failure.
template <class T, class Read>
base::Result<T> read_document(std::string_view text, Read read) {
    const auto document = parse(text);
    if (!document) {
        return document.failure();
    }
    try {
        return read(*document);
    } catch (const json::exception& error) {
        return base::Failure{fmt::format("it is incomplete: {}", error.what())};
    } catch (const base::Failure& failure) {
        return failure;
    }
}

Point point_from_json(const json& document) {
    Point point;
    const json& server = document.at("server");
    point.server.uuid = server.at("uuid").get<std::string>();
    point.server.started_at = server.at("started_at").get<double>();
    point.server.durable = server.at("durable").get<bool>();
    point.place = place_from_json(document.at("place"));
    point.copied = document.at("copied").get<bool>();
    point.rows_copied = document.at("rows_copied").get<std::uint64_t>();
    const json& key = document.at("low_water");
    if (!key.is_null()) {
        auto bytes = base::from_hex(key.get<std::string>());
        if (!bytes) {
            throw base::Failure{"its low-water mark is no hexadecimal text"};
        }
        point.low_water = mysql::Key{*std::move(bytes)};
    }
    return point;
}

}  // namespace

std::string to_json(const Record& record) {
    return dump(json{
        {"format", kFormat},
        {"stage", name_of(record.stage)},
        {"statement", record.statement},
        {"source", record.source},
        {"shadow", record.shadow},
        {"old_table", record.old_table},
        {"source_definition", record.source_definition},
        {"shadow_definition", record.shadow_definition},
        {"bare_definition", record.bare_definition},
        {"index_statement", record.index_statement},
        {"shadow_columns", record.shadow_columns},
        {"check_names", record.check_names},
        {"key_index", record.key_index},
        {"settings", record.settings},
        {"order_set_at", record.order_set_at},
        {"drop_old", record.drop_old},
        {"run_id", record.run_id},
        {"host", record.host},
        {"process_id", record.process_id},
        {"started_at", record.started_at},
    });
}

std::string to_json(const Point& point, const Show& show, const std::string& run_id) {
    json document{
        {"format", kFormat},
        {"server",
         {{"uuid", point.server.uuid},
          {"started_at", point.server.started_at},
          {"durable", point.server.durable}}},
        {"place", place_to_json(point.place)},
        {"low_water", nullptr},
        {"run_id", run_id},
        {"copied", point.copied},
        {"rows_copied", point.rows_copied},
        {"show",
         {{"phase", show.phase},
          {"rows_copied", show.rows_copied},
          {"rows_estimated", show.rows_estimated},
          {"keys_pending", show.keys_pending},
          {"rows_per_second", show.rows_per_second},
          {"eta_seconds", nullptr},
          {"feed_lag_seconds", show.feed_lag_seconds},
          {"elapsed_ms", show.elapsed_ms},
          {"copy_share", show.copy_share},
          {"throttle_reason", show.throttle_reason}}},
    };
    if (point.low_water) {
        document["low_water"] = base::to_hex(point.low_water->bytes);
    }
    if (show.eta_seconds) {
        document["show"]["eta_seconds"] = *show.eta_seconds;
    }
    return dump(document);
}

base::Result<Record> parse_record(std::string_view text) {
    return read_document<Record>(text, [](const json& document) -> base::Result<Record> {
        Record record;
        record.stage = stage_of(document.at("stage").get<std::string>());
        document.at("statement").get_to(record.statement);
        document.at("source").get_to(record.source);
        document.at("shadow").get_to(record.shadow);
        document.at("old_table").get_to(record.old_table);
        document.at("source_definition").get_to(record.source_definition);
        document.at("shadow_definition").get_to(record.shadow_definition);
        document.at("bare_definition").get_to(record.bare_definition);
        document.at("index_statement").get_to(record.index_statement);
        document.at("shadow_columns").get_to(record.shadow_columns);
        document.at("check_names").get_to(record.check_names);
        document.at("key_index").get_to(record.key_index);
        document.at("settings").get_to(record.settings);
        document.at("order_set_at").get_to(record.order_set_at);
        record.drop_old = document.value("drop_old", false);
        document.at("run_id").get_to(record.run_id);
        document.at("host").get_to(record.host);
        document.at("process_id").get_to(record.process_id);
        document.at("started_at").get_to(record.started_at);
        return record;
    });
}

base::Result<Point> parse_point(std::string_view text) {
    return read_document<Point>(text, [](const json& document) -> base::Result<Point> {
        return point_from_json(document);
    });
}

base::Result<Show> parse_show(std::string_view text) {
    return read_document<Show>(text, [](const json& document) -> base::Result<Show> {
        const json& from = document.at("show");
        Show show;
        from.at("phase").get_to(show.phase);
        from.at("rows_copied").get_to(show.rows_copied);
        from.at("rows_estimated").get_to(show.rows_estimated);
        from.at("keys_pending").get_to(show.keys_pending);
        from.at("rows_per_second").get_to(show.rows_per_second);
        if (!from.at("eta_seconds").is_null()) {
            show.eta_seconds = from.at("eta_seconds").get<double>();
        }
        from.at("feed_lag_seconds").get_to(show.feed_lag_seconds);
        from.at("elapsed_ms").get_to(show.elapsed_ms);
        show.copy_share = from.value("copy_share", 1.0);
        show.throttle_reason = from.value("throttle_reason", "");
        return show;
    });
}

std::string as_recorded(std::string_view text) {
    return json::parse(dump(json(std::string(text)))).get<std::string>();
}

}  // namespace doppel::checkpoint
