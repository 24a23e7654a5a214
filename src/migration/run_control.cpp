// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "control/client.hpp"
#include "control/location.hpp"
#include "doppel/control.hpp"
#include "doppel/error.hpp"
#include "migration/verify_request.hpp"
#include "mysql/identifier.hpp"
#include "sql/primary.hpp"
#include "sql/session.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace doppel {
namespace {

constexpr std::chrono::milliseconds kAnswerLimit{5'000};
constexpr std::chrono::seconds kSilenceMax{10};

/// As the server spells it; as it was given where the server has no such table.
mysql::TableName spelled(sql::Session& session, const mysql::TableName& table) {
    const sql::Rows rows = session.query(fmt::format(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} "
        "AND TABLE_NAME = {} LIMIT 1",
        mysql::quote_string(table.schema),
        mysql::quote_string(table.table)
    ));
    if (rows.empty()) {
        return table;
    }
    return {rows.rows[0].at(0).value_or(""), rows.rows[0].at(1).value_or("")};
}

std::string find_socket(const mysql::TableName& table, const ConnectionOptions& connection) {
    ConnectionOptions options = sql::find_primary_or_any(connection);
    options.default_schema.clear();
    sql::SessionSettings settings;
    settings.program_name = "doppel control";
    settings.statement_timeout = kSilenceMax;
    const auto session = sql::connect(options, settings);
    const std::string uuid = session->query("SELECT @@server_uuid").scalar().value_or("");
    return control::socket_path(uuid, spelled(*session, table));
}

ControlResult result_of(control::Answer answer) {
    ControlResult result;
    result.outcome = Outcome{answer.ok, answer.code, std::move(answer.message), std::nullopt};
    result.details = answer.details.dump(-1, ' ', false, control::Json::error_handler_t::replace);
    return result;
}

/// A path that was given may be another run's.
void require_run_of(const mysql::TableName& table, const std::string& path) {
    const auto status = control::ask(path, {"status", {}, {}}, kAnswerLimit);
    const std::string found = status ? status->details.value("table", "") : std::string();
    if (status && !base::equals_ignore_case(found, table.str())) {
        throw Error(
            Errc::refused,
            fmt::format("the run that listens on {} migrates {}, not {}", path, found, table.str())
        );
    }
}

ControlResult send(
    const std::string& text,
    const ConnectionOptions& connection,
    const std::string& socket,
    const ControlRequest& request
) {
    const auto table = migration::parse_table_name(text, connection.default_schema);
    if (!table) {
        throw Error(Errc::usage, table.failure().message);
    }
    std::string path = socket;
    std::optional<control::Answer> answer;
    if (!socket.empty()) {
        require_run_of(*table, path);
        answer = control::ask(path, request, kAnswerLimit);
    } else {
        path = find_socket(*table, connection);
        if (control::directory_exists(control::runtime_directory())) {
            answer = control::ask(path, request, kAnswerLimit);
        }
    }
    if (!answer) {
        throw Error(
            Errc::refused,
            fmt::format(
                "no run of this user migrates {} from this machine (nobody listens on {}); doppel "
                "status tells where it runs",
                table->str(),
                path
            )
        );
    }
    return result_of(std::move(*answer));
}

}  // namespace

ControlResult send_control(
    const std::string& table,
    const ConnectionOptions& connection,
    const std::string& socket,
    const ControlRequest& request,
    const Logger& logger
) {
    try {
        logger.debug("{}: {}", table, request.command);
        return send(table, connection, socket, request);
    } catch (const Error& error) {
        return {Outcome{false, error.code(), error.what(), std::nullopt}, {}};
    } catch (const std::exception& error) {
        return {
            Outcome{
                false, Errc::failed, fmt::format("internal error: {}", error.what()), std::nullopt},
            {}};
    }
}

}  // namespace doppel
