// SPDX-License-Identifier: Apache-2.0
#include "misfit/look.hpp"

#include "base/hex.hpp"
#include "misfit/self_assignment.hpp"
#include "mysql/identifier.hpp"
#include "mysql/key_condition.hpp"
#include "mysql/key_text.hpp"
#include "mysql/reconcile_statement.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace doppel::misfit {
namespace {

using mysql::Key;

/// How often rows that stand in the way of those that stood in the way are fetched.
constexpr unsigned kRounds = 4;
constexpr std::size_t kRowsMax = 100;

/// A transaction that is always rolled back; a connection that is lost has none.
class Trial final {
public:
    explicit Trial(sql::Session& session) : session_(session) {
        session_.execute("START TRANSACTION");
    }
    ~Trial() {
        try {
            session_.execute("ROLLBACK");
        } catch (const Error&) {  // NOLINT: a session that is gone has nothing to roll back
        }
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

private:
    sql::Session& session_;
};

/// One text of the expressions of a key; no value can be mistaken for a separator.
std::string key_text(const std::vector<std::string>& expressions) {
    std::string text = "CONCAT_WS(','";
    for (const std::string& expression : expressions) {
        text += ", HEX(CONCAT(" + expression + "))";
    }
    return text + ")";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

Key encoded(const mysql::KeyShape& shape, const std::vector<std::optional<std::string>>& values) {
    auto key = shape.encode_text(values);
    if (!key) {
        throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
    }
    return std::move(*key);
}

Key read_key(const mysql::KeyShape& shape, std::string_view text) {
    std::vector<std::optional<std::string>> values;
    for (const std::string_view part : split(text, ',')) {
        values.push_back(base::from_hex(part));
    }
    return encoded(shape, values);
}

/// Instead of failing, each row that meets another one notes down both keys. The server evaluates
/// the expression against the row that is there (MySQL manual, "INSERT ... ON DUPLICATE KEY UPDATE
/// Statement"). Both are written as the source writes them, whatever the key is in the shadow.
std::string noting_clause(const LookTables& look) {
    const mysql::TablePair& tables = look.tables;
    const std::string note = fmt::format(
        "(@doppel_met := CONCAT(@doppel_met, ';', {}, ':', {}))",
        key_text(tables.shape.select_expressions(tables.source.quoted() + ".")),
        key_text(
            mysql::select_shadow_key(tables.shape, tables.shadow_key, tables.shadow.quoted() + ".")
        )
    );
    return " ON DUPLICATE KEY UPDATE " + self_assignment(look.schema, note);
}

/// Rows of `keys` and the rows of the shadow that they met.
std::vector<Collision> meet(
    sql::Session& session, const LookTables& look, std::span<const Key> keys
) {
    const mysql::KeyShape& shape = look.tables.shape;
    const Trial trial(session);
    session.execute(mysql::delete_statement(look.tables, keys, std::nullopt));
    session.execute("SET @doppel_met = ''");
    session.execute(mysql::insert_statement(look.tables, keys, std::nullopt) + noting_clause(look));
    const std::string met = session.query("SELECT @doppel_met").scalar().value_or("");
    std::vector<Collision> collisions;
    for (const std::string_view entry : split(met, ';')) {
        if (entry.empty()) {
            continue;
        }
        const auto both = split(entry, ':');
        collisions.emplace_back(read_key(shape, both.at(0)), read_key(shape, both.at(1)));
    }
    return collisions;
}

/// The key of the source's row that has it: where the key has a collation its bytes may be others.
std::optional<Key> row_in_source(
    sql::Session& session, const mysql::TablePair& tables, const Key& key
) {
    const auto rows = session.query(fmt::format(
        "SELECT {} FROM {} FORCE INDEX ({}) WHERE {}",
        fmt::join(tables.shape.select_expressions(), ", "),
        tables.source.quoted(),
        mysql::quote_identifier(tables.source_index),
        mysql::in_condition(tables.shape, tables.source_key, std::span(&key, 1))
    ));
    if (rows.empty()) {
        return std::nullopt;
    }
    return encoded(tables.shape, rows.rows.front());
}

bool contains(const std::vector<Key>& keys, const Key& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// The rows that stand in the way, and what they are in the source.
class Partners final {
public:
    Partners(sql::Session& session, const mysql::TablePair& tables)
        : session_(session), tables_(tables) {}

    /// Nothing when the source has no such row.
    const std::optional<Key>& in_source(const Key& in_shadow) {
        const auto known = known_.find(in_shadow);
        if (known != known_.end()) {
            return known->second;
        }
        return known_.emplace(in_shadow, row_in_source(session_, tables_, in_shadow)).first->second;
    }
    [[nodiscard]] const std::map<Key, std::optional<Key>>& all() const { return known_; }

private:
    sql::Session& session_;
    const mysql::TablePair& tables_;
    std::map<Key, std::optional<Key>> known_;
};

/// Adds the partners that the source has to `rows`; false when there was none to add.
bool add_partners(Partners& partners, const std::vector<Collision>& met, std::vector<Key>& rows) {
    const std::size_t before = rows.size();
    for (const auto& [row, in_shadow] : met) {
        const auto& partner = partners.in_source(in_shadow);
        if (partner && !contains(rows, *partner) && rows.size() < kRowsMax) {
            rows.push_back(*partner);
        }
    }
    return rows.size() > before;
}

}  // namespace

DuplicateLook look_for_duplicates(
    sql::Session& session, const LookTables& look, std::span<const Key> keys
) {
    Partners partners(session, look.tables);
    std::vector<Key> rows(keys.begin(), keys.end());
    std::vector<Collision> met = meet(session, look, rows);
    for (unsigned round = 1; round < kRounds && add_partners(partners, met, rows); ++round) {
        met = meet(session, look, rows);
    }
    DuplicateLook result;
    std::vector<Key> colliding;
    for (const auto& [row, in_shadow] : met) {
        const auto& partner = partners.in_source(in_shadow);
        if (partner && contains(rows, *partner)) {
            result.collisions.emplace_back(*partner, row);
            colliding.push_back(*partner);
        }
    }
    for (const auto& [in_shadow, partner] : partners.all()) {
        if (!partner) {
            result.stale.push_back(in_shadow);
        } else if (!contains(colliding, *partner)) {
            result.stale.push_back(*partner);
        }
    }
    return result;
}

std::optional<Error> try_rows(
    sql::Session& session, const LookTables& look, std::span<const Key> keys
) {
    const Trial trial(session);
    session.execute(mysql::delete_statement(look.tables, keys, std::nullopt));
    try {
        session.execute(mysql::insert_statement(look.tables, keys, std::nullopt));
    } catch (const Error& error) {
        const auto kind = sql::classify_write_failure(error);
        if (kind != sql::FailureKind::duplicate && kind != sql::FailureKind::misfit) {
            throw;
        }
        return error;
    }
    return std::nullopt;
}

}  // namespace doppel::misfit
