// SPDX-License-Identifier: Apache-2.0
#include "migration/source_guard.hpp"

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"
#include "schema/reader.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

bool keeps_order(sql::Session& session) {
    return session.query("SELECT @@GLOBAL.binlog_order_commits").scalar().value_or("1") == "1";
}

/// A variable that was switched off and on again looks as if nothing had happened; the time of the
/// last SET tells. Empty for an account that may not look, and without performance_schema.
std::string read_order_set_at(sql::Session& session) {
    try {
        return session
            .query(
                "SELECT SET_TIME FROM performance_schema.variables_info WHERE VARIABLE_NAME = "
                "'binlog_order_commits'"
            )
            .scalar()
            .value_or("");
    } catch (const Error& error) {
        const auto kind = sql::classify_write_failure(error);
        if (kind == sql::FailureKind::connection_lost || kind == sql::FailureKind::conflict) {
            throw;
        }
        return "";
    }
}

/// How SHOW CREATE TABLE writes a definition depends on the session: quotes (ANSI_QUOTES) and the
/// defaults of TIMESTAMP columns.
constexpr const char* kWriting = "@@SESSION.sql_mode, @@SESSION.time_zone";

std::vector<std::string> writing(sql::Session& session) {
    const auto result = session.query(std::string("SELECT ") + kWriting);
    std::vector<std::string> values;
    for (const auto& value : result.rows.at(0)) {
        values.push_back(value.value_or(""));
    }
    return values;
}

void set_writing(sql::Session& session, const std::vector<std::string>& values) {
    session.execute(fmt::format(
        "SET SESSION sql_mode = {}, SESSION time_zone = {}",
        mysql::quote_string(values.at(0)),
        mysql::quote_string(values.at(1))
    ));
}

/// Lets a session write definitions as another one does, for as long as it lives.
class WritingAs final {
public:
    WritingAs(sql::Session& session, const std::vector<std::string>& values)
        : session_(session), own_(writing(session)) {
        set_writing(session, values);
    }
    ~WritingAs() {
        try {
            set_writing(session_, own_);
        } catch (const Error&) {  // NOLINT: the connection is lost, and with it its settings
        }
    }
    WritingAs(const WritingAs&) = delete;
    WritingAs& operator=(const WritingAs&) = delete;

private:
    sql::Session& session_;
    std::vector<std::string> own_;
};

bool has_foreign_key(const std::vector<schema::ForeignKey>& keys, const schema::ForeignKey& key) {
    return std::any_of(keys.begin(), keys.end(), [&](const schema::ForeignKey& other) {
        return other.name == key.name && other.child == key.child;
    });
}

}  // namespace

std::optional<std::string> definition_difference(
    const schema::TableDefinition& planned, const std::optional<schema::TableDefinition>& now
) {
    if (!now) {
        return "it is not there any more";
    }
    for (const schema::Trigger& trigger : now->triggers) {
        const auto same = [&](const schema::Trigger& other) { return other.name == trigger.name; };
        if (std::none_of(planned.triggers.begin(), planned.triggers.end(), same)) {
            return fmt::format("it has got the trigger {}", trigger.name);
        }
    }
    for (const schema::ForeignKey& key : now->referenced_by) {
        if (!has_foreign_key(planned.referenced_by, key)) {
            return fmt::format("the foreign key {} of {} refers to it", key.name, key.child.str());
        }
    }
    if (schema::without_auto_increment(now->create_text) !=
        schema::without_auto_increment(planned.create_text)) {
        return "its definition is another one";
    }
    return std::nullopt;
}

SourceGuard::SourceGuard(const schema::TableDefinition& planned, mysql::ServerVersion version)
    : planned_(planned), version_(std::move(version)) {}

void SourceGuard::note(sql::Session& session) {
    order_set_at_ = read_order_set_at(session);
    writing_ = writing(session);
    if (!keeps_order(session)) {
        throw Error(
            Errc::refused,
            "binlog_order_commits was switched off just now; SET GLOBAL binlog_order_commits = ON, "
            "then run again"
        );
    }
}

void SourceGuard::require_unchanged(sql::Session& session) const {
    if (!keeps_order(session) || read_order_set_at(session) != order_set_at_) {
        throw Error(
            Errc::failed,
            "binlog_order_commits was changed during the run, so changes may have been read before "
            "they could be seen; leave it ON and run again"
        );
    }
    std::optional<schema::TableDefinition> now;
    {
        const WritingAs same(session, writing_);
        now = schema::read_table(session, planned_.name, version_);
    }
    if (const auto difference = definition_difference(planned_, now)) {
        throw Error(
            Errc::failed,
            fmt::format(
                "{} was changed during the run, by a statement that is not in the binlog: {}",
                planned_.name.str(),
                *difference
            )
        );
    }
}

}  // namespace doppel::migration
