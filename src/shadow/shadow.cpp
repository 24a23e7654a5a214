// SPDX-License-Identifier: Apache-2.0
#include "shadow/shadow.hpp"

#include "doppel/error.hpp"
#include "schema/alter_sql.hpp"
#include "schema/reader.hpp"
#include "shadow/check_names.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace doppel::shadow {
namespace {

using mysql::TableName;
using statement::AlterStatement;
using statement::ClauseKind;

// MySQL manual, "Server Error Message Reference".
constexpr unsigned kErrTableExists = 1050;
constexpr std::array<unsigned, 3> kErrAlgorithmRefused{1845, 1846, 1221};
constexpr std::array<unsigned, 4> kErrAccess{1044, 1142, 1143, 1227};
// Of the server's state, not of the statement: disk, locks, memory, killed, read-only.
constexpr std::array<unsigned, 14> kErrServerState{
    3, 1021, 1026, 1028, 1030, 1037, 1038, 1041, 1114, 1205, 1213, 1290, 1317, 1836};

template <std::size_t N>
bool contains(const std::array<unsigned, N>& numbers, unsigned number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

/// For as long as the source's own definition is repeated: what the server accepted once, like a
/// DEFAULT '0000-00-00', is no matter of today's sql_mode. The statement is judged afterwards.
class LaxMode final {
public:
    explicit LaxMode(sql::Session& session)
        : session_(session),
          mode_(session.query("SELECT @@SESSION.sql_mode").scalar().value_or(std::string())) {
        set_mode(without_date_rules(mode_));
    }
    ~LaxMode() {
        try {
            restore();
        } catch (const Error&) {  // NOLINT: the failure under way is the one to report
        }
    }
    LaxMode(const LaxMode&) = delete;
    LaxMode& operator=(const LaxMode&) = delete;

    void restore() {
        if (!restored_) {
            restored_ = true;
            set_mode(mode_);
        }
    }

private:
    /// Modes that change how text is read stay.
    static std::string without_date_rules(std::string_view mode) {
        std::string kept;
        while (!mode.empty()) {
            const std::size_t comma = mode.find(',');
            const std::string_view word = mode.substr(0, comma);
            if (word != "NO_ZERO_DATE" && word != "NO_ZERO_IN_DATE" && word != "TRADITIONAL") {
                kept += (kept.empty() ? "" : ",") + std::string(word);
            }
            mode = comma == std::string_view::npos ? std::string_view() : mode.substr(comma + 1);
        }
        return kept;
    }
    void set_mode(const std::string& mode) {
        session_.execute("SET SESSION sql_mode = " + mysql::quote_string(mode));
    }

    sql::Session& session_;
    std::string mode_;
    bool restored_ = false;
};

void create_like(sql::Session& session, const TableName& source, const TableName& shadow) {
    try {
        session.execute(fmt::format("CREATE TABLE {} LIKE {}", shadow.quoted(), source.quoted()));
    } catch (const Error& error) {
        if (error.server_errno() == kErrTableExists) {
            throw Error(
                Errc::refused,
                fmt::format("table {} exists already; it is not of this run", shadow.str()),
                *error.server()
            );
        }
        if (contains(kErrAccess, error.server_errno())) {
            throw Error(Errc::refused, error.what(), *error.server());
        }
        throw;
    }
}

// The names in use in the schema, except those of the shadow itself, which are about to go.
std::vector<std::string> taken_names(sql::Session& session, const TableName& shadow) {
    const sql::Rows rows = session.query(fmt::format(
        "SELECT CONSTRAINT_NAME FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS"
        " WHERE CONSTRAINT_SCHEMA = {} AND CONSTRAINT_TYPE = 'CHECK' AND TABLE_NAME <> {}",
        mysql::quote_string(shadow.schema),
        mysql::quote_string(shadow.table)
    ));
    std::vector<std::string> names;
    for (const sql::Row& row : rows.rows) {
        names.push_back(row.at(0).value_or(std::string()));
    }
    return names;
}

bool as_the_server_named_them(
    const std::vector<WrittenCheck>& on_shadow,
    const std::vector<WrittenCheck>& checks,
    const std::vector<CheckRename>& renames
) {
    for (std::size_t i = 0; i < checks.size(); ++i) {
        const WrittenCheck wanted{renames[i].shadow, checks[i].definition};
        if (std::find(on_shadow.begin(), on_shadow.end(), wanted) == on_shadow.end()) {
            return false;
        }
    }
    return on_shadow.size() == checks.size();
}

// CREATE TABLE .. LIKE numbers all constraints anew, also those of the user.
void name_checks(
    sql::Session& session,
    const TableName& shadow,
    const std::vector<WrittenCheck>& checks,
    const std::vector<CheckRename>& renames
) {
    const sql::Rows rows = session.query("SHOW CREATE TABLE " + shadow.quoted());
    const std::vector<WrittenCheck> on_shadow =
        written_checks(rows.rows.at(0).at(1).value_or(std::string()));
    if (as_the_server_named_them(on_shadow, checks, renames)) {
        return;
    }
    std::string drops;
    for (const WrittenCheck& check : on_shadow) {
        drops += drops.empty() ? " " : ", ";
        drops += "DROP CHECK " + mysql::quote_identifier(check.name);
    }
    std::string adds;
    for (std::size_t i = 0; i < checks.size(); ++i) {
        adds += adds.empty() ? " " : ", ";
        adds += "ADD CONSTRAINT " + mysql::quote_identifier(renames[i].shadow) + " " +
                checks[i].definition;
    }
    session.execute("ALTER TABLE " + shadow.quoted() + drops);
    session.execute("ALTER TABLE " + shadow.quoted() + adds);
}

Errc judge(unsigned number) {
    if (contains(kErrAccess, number)) {
        return Errc::refused;
    }
    return contains(kErrServerState, number) ? Errc::failed : Errc::usage;
}

void apply_clauses(
    sql::Session& session, const TableName& shadow, const AlterStatement& statement
) {
    if (statement.clauses_text.empty()) {
        return;
    }
    try {
        try {
            session.execute(schema::alter_sql(shadow, "ALGORITHM=COPY", statement));
        } catch (const Error& error) {
            if (!contains(kErrAlgorithmRefused, error.server_errno())) {
                throw;
            }
            session.execute(schema::alter_sql(shadow, {}, statement));
        }
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || !error.server()) {
            throw;
        }
        throw Error(
            judge(error.server_errno()),
            fmt::format(
                "the server does not apply the statement to the empty copy {}: {}",
                shadow.str(),
                error.what()
            ),
            *error.server()
        );
    }
}

std::vector<std::string> describe_differences(
    const schema::TableDefinition& source, const std::vector<CheckRename>& renames
) {
    std::vector<std::string> differences;
    for (const CheckRename& rename : renames) {
        if (!rename.comes_back) {
            differences.push_back(fmt::format(
                "CHECK constraint `{}` will be named `{}`: names of CHECK constraints are unique "
                "in a "
                "schema, and the old table keeps its own",
                rename.source,
                rename.shadow
            ));
        }
    }
    if (source.create_text.find(" DATA DIRECTORY='") != std::string::npos) {
        differences.emplace_back(
            "the DATA DIRECTORY is not carried over: CREATE TABLE .. LIKE leaves it out"
        );
    }
    return differences;
}

// The failure that matters is the first one, so it stays the one that is reported.
void clean_up_after(const Error& cause, sql::Session& session, const TableName& shadow) {
    try {
        drop(session, shadow);
    } catch (const Error& error) {
        throw Error(
            cause.code(),
            fmt::format(
                "{}; table {} is left behind: {}", cause.what(), shadow.str(), error.what()
            ),
            cause.server().value_or(ServerError{})
        );
    }
}

Shadow build(
    sql::Session& session,
    const schema::TableDefinition& source,
    const TableName& shadow,
    const AlterStatement& statement,
    const mysql::ServerVersion& version
) {
    const std::vector<WrittenCheck> checks =
        version.is_mariadb() ? std::vector<WrittenCheck>() : written_checks(source.create_text);
    std::vector<CheckRename> renames;
    AlterStatement renamed = statement;
    if (!checks.empty()) {
        renames = rename_checks(checks, source.name, shadow, taken_names(session, shadow));
        LaxMode lax(session);
        name_checks(session, shadow, checks, renames);
        lax.restore();
        const auto text = rename_in_clauses(statement.clauses_text, renames);
        if (!text) {
            throw Error(Errc::usage, text.failure().message);
        }
        renamed.clauses_text = *text;
    }
    apply_clauses(session, shadow, renamed);
    Shadow result;
    std::optional<schema::TableDefinition> definition =
        schema::read_table(session, shadow, version);
    if (!definition) {
        throw Error(Errc::failed, fmt::format("table {} is gone again", shadow.str()));
    }
    result.counter = counter_rule(source, *definition, statement);
    if (result.counter.origin == CounterRule::Origin::source &&
        settle_auto_increment(session, source.name, shadow, result.counter)) {
        definition = schema::read_table(session, shadow, version);
    }
    result.definition = *std::move(definition);
    result.differences = describe_differences(source, renames);
    for (const CheckRename& rename : renames) {
        result.check_names.emplace_back(rename.shadow, rename.source);
    }
    if (auto difference = describe_numbering(source, result.definition, statement)) {
        result.differences.push_back(*std::move(difference));
    }
    return result;
}

}  // namespace

Shadow create(
    sql::Session& session,
    const schema::TableDefinition& source,
    const TableName& shadow,
    const AlterStatement& statement,
    const mysql::ServerVersion& version
) {
    LaxMode lax(session);
    create_like(session, source.name, shadow);
    try {
        lax.restore();
        return build(session, source, shadow, statement, version);
    } catch (const Error& error) {
        if (error.code() != Errc::interrupted) {
            clean_up_after(error, session, shadow);
        }
        throw;
    }
}

Shadow find(
    sql::Session& session,
    const schema::TableDefinition& source,
    const TableName& shadow,
    const AlterStatement& statement,
    const mysql::ServerVersion& version
) {
    auto definition = schema::read_table(session, shadow, version);
    if (!definition) {
        throw Error(Errc::failed, fmt::format("table {} is gone", shadow.str()));
    }
    Shadow result;
    result.counter = counter_rule(source, *definition, statement);
    result.definition = *std::move(definition);
    return result;
}

void drop(sql::Session& session, const TableName& table) {
    session.execute("DROP TABLE IF EXISTS " + table.quoted());
}

}  // namespace doppel::shadow
