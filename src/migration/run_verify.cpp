// SPDX-License-Identifier: Apache-2.0
#include "doppel/verify.hpp"
#include "migration/sessions.hpp"
#include "migration/table_check.hpp"
#include "migration/verify_request.hpp"
#include "mysql/server_version.hpp"
#include "schema/key_choice.hpp"
#include "schema/reader.hpp"
#include "sql/failure_kind.hpp"
#include "sql/primary.hpp"
#include "verify/compare_statement.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel {
namespace {

using mysql::TableName;

template <class T>
T require(base::Result<T> result, Errc code) {
    if (!result) {
        throw Error(code, result.failure().message);
    }
    return std::move(result).value();
}

std::unique_ptr<sql::Session> connect(
    const ConnectionOptions& options, std::chrono::milliseconds silence_limit
) {
    sql::SessionSettings settings = migration::writer_settings();
    settings.program_name = "doppel verify";
    settings.statement_timeout = silence_limit;
    return sql::connect(sql::find_primary(options), settings);
}

schema::TableDefinition read(sql::Session& session, const TableName& name) {
    const auto version = require(
        mysql::ServerVersion::parse(session.query("SELECT VERSION()").scalar().value_or("")),
        Errc::refused
    );
    auto table = schema::read_table(session, name, version);
    if (!table) {
        throw Error(
            Errc::refused,
            fmt::format("table {} does not exist, or the account may not see it", name.str())
        );
    }
    if (table->is_view) {
        throw Error(Errc::refused, fmt::format("{} is a view, not a base table", name.str()));
    }
    return *std::move(table);
}

schema::KeyChoice choose_key(
    const schema::TableDefinition& first,
    const schema::TableDefinition& second,
    const std::vector<schema::ColumnPair>& pairs
) {
    schema::ColumnMap columns;
    columns.pairs = pairs;
    auto key = schema::choose_key(first, second, columns);
    if (key.choice) {
        return *std::move(key.choice);
    }
    std::string reasons;
    for (const schema::RejectedIndex& index : key.rejected) {
        reasons +=
            fmt::format("{}index `{}`: {}", reasons.empty() ? "" : "; ", index.index, index.reason);
    }
    throw Error(
        Errc::refused,
        fmt::format(
            "{} and {} share no key by which rows can be compared: {}. Both need a unique index on "
            "the same NOT NULL columns",
            first.name.str(),
            second.name.str(),
            reasons.empty() ? "the first has no unique index" : reasons
        )
    );
}

verify::Subject make_subject(
    const schema::TableDefinition& first,
    const schema::TableDefinition& second,
    const std::vector<schema::ColumnPair>& pairs
) {
    const schema::KeyChoice key = choose_key(first, second, pairs);
    mysql::TablePair tables{
        first.name, second.name, {}, key.index, key.shape, key.source_key, key.shadow_key, "", ""};
    return require(
        verify::make_subject(std::move(tables), key.shadow_index, first, second, pairs),
        Errc::refused
    );
}

/// Better now than after the first range.
void try_scratch(sql::Session& session, const verify::Subject& subject) {
    if (!subject.converts()) {
        return;
    }
    try {
        session.execute(verify::create_scratch_statement(subject));
        session.execute(verify::drop_scratch_statement(subject));
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        throw Error(
            Errc::refused,
            fmt::format(
                "columns of different types are compared in a temporary table, which cannot be "
                "made: {}. The account needs CREATE TEMPORARY TABLES on schema {}",
                error.what(),
                subject.scratch.schema
            )
        );
    }
}

void tell_leftovers(
    Observer& observer, const TableName& table, const std::vector<std::string>& columns
) {
    if (!columns.empty()) {
        observer.on_event(Notice{fmt::format(
            "not compared, as the other table has no such column: {} of {}",
            fmt::join(columns, ", "),
            table.str()
        )});
    }
}

Verified compare(
    const VerifyRequest& request,
    const ConnectionOptions& connection,
    const VerifyOptions& options,
    Observer& observer
) {
    const std::string& schema = connection.default_schema;
    const auto first_name =
        require(migration::parse_table_name(request.first, schema), Errc::usage);
    const auto second_name =
        require(migration::parse_table_name(request.second, schema), Errc::usage);
    const auto named = require(migration::parse_column_pairs(request.columns), Errc::usage);
    if (first_name == second_name) {
        throw Error(
            Errc::usage, fmt::format("{} was given twice; give two tables", first_name.str())
        );
    }
    const auto session = connect(connection, options.silence_limit);
    const schema::TableDefinition first = read(*session, first_name);
    const schema::TableDefinition second = read(*session, second_name);
    const auto columns = require(migration::pair_columns(first, second, named), Errc::usage);
    const verify::Subject subject = make_subject(first, second, columns.pairs);
    if (subject.tables.shape.needs_utc()) {
        session->execute("SET time_zone = '+00:00'");
    }
    try_scratch(*session, subject);
    tell_leftovers(observer, first.name, columns.first_only);
    tell_leftovers(observer, second.name, columns.second_only);
    return migration::TableCheck(subject, options, *session, observer).run();
}

Outcome failed(Errc code, std::string message) {
    return Outcome{false, code, std::move(message)};
}

Outcome outcome_of(const Verified& result) {
    if (result.differences == 0) {
        return Outcome{true, Errc::failed, {}};
    }
    return failed(
        Errc::failed,
        fmt::format(
            "{} and {} differ in {}{} row(s)",
            result.first,
            result.second,
            result.complete ? "" : "at least ",
            result.differences
        )
    );
}

}  // namespace

Outcome run_verify(
    const VerifyRequest& request,
    const ConnectionOptions& connection,
    const VerifyOptions& options,
    Observer& observer,
    const Logger& logger
) {
    try {
        logger.debug("comparing {} with {}", request.first, request.second);
        return outcome_of(compare(request, connection, options, observer));
    } catch (const Error& error) {
        if (sql::classify_write_failure(error) == sql::FailureKind::misfit) {
            return failed(
                Errc::failed,
                fmt::format(
                    "a value of {} cannot be converted to its column's type in {}: {}",
                    request.first,
                    request.second,
                    error.what()
                )
            );
        }
        if (error.code() == Errc::interrupted) {
            return failed(
                error.code(),
                fmt::format(
                    "{}. A statement that takes longer than --silence-limit ({} s) ends so, too",
                    error.what(),
                    std::chrono::ceil<std::chrono::seconds>(options.silence_limit).count()
                )
            );
        }
        return failed(error.code(), error.what());
    } catch (const std::exception& error) {
        return failed(Errc::failed, fmt::format("internal error: {}", error.what()));
    }
}

}  // namespace doppel
