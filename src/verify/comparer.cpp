// SPDX-License-Identifier: Apache-2.0
#include "verify/comparer.hpp"

#include "doppel/error.hpp"

#include <algorithm>
#include <string>

namespace doppel::verify {
namespace {

constexpr std::size_t kFirstKeyColumn = 2;

std::uint64_t number_in(const sql::Row& row, std::size_t column) {
    return std::stoull(row.at(column).value_or("0"));
}

mysql::Key key_in(const sql::Row& row, std::size_t first, const mysql::KeyShape& shape) {
    const std::vector<std::optional<std::string>> values(
        row.begin() + static_cast<std::ptrdiff_t>(first), row.end()
    );
    auto key = shape.encode_text(values);
    if (!key) {
        throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
    }
    return *std::move(key);
}

bool knows(const Comparison& result, const mysql::Key& key) {
    return std::any_of(
        result.differences.begin(),
        result.differences.end(),
        [&](const Difference& difference) { return difference.key == key; }
    );
}

}  // namespace

void Comparer::add(const sql::Row& row, Collection& found) const {
    // Both shapes encode alike; only the names of the columns differ.
    mysql::Key key = key_in(row, kFirstKeyColumn, subject_.tables.shape);
    if (knows(found.result, key)) {
        return;
    }
    if (found.result.differences.size() >= found.max) {
        found.result.complete = false;
        return;
    }
    found.result.differences.push_back({std::move(key), static_cast<RowKind>(number_in(row, 0))});
}

Comparison Comparer::compare(sql::Session& session, const mysql::KeyRange& range) const {
    const Area area = area_of(subject_, range);
    Collection found;
    found.max = differences_max_;
    std::uint64_t missing = 0;
    std::uint64_t shadow_rows = 0;
    const auto rows = session.query(counted_statement(subject_, area, found.max + 1));
    for (const sql::Row& row : rows.rows) {
        switch (static_cast<RowKind>(number_in(row, 0))) {
            case RowKind::source_rows:
                found.result.rows = number_in(row, 1);
                break;
            case RowKind::shadow_rows:
                shadow_rows = number_in(row, 1);
                break;
            case RowKind::missing:
                ++missing;
                add(row, found);
                break;
            case RowKind::different:
            case RowKind::extra:
                add(row, found);
                break;
        }
    }
    // Each row of the source that is not missing has exactly one in the shadow.
    if (!found.result.complete || shadow_rows + missing != found.result.rows) {
        add_extra(session, area, found);
    }
    add_converted(session, area, found);
    return std::move(found.result);
}

Comparison Comparer::compare(sql::Session& session, std::span<const mysql::Key> keys) const {
    const Area area = area_of(subject_, keys);
    Collection found;
    found.max = 3 * keys.size();  // a key may be spelt in three ways
    for (const auto& row : session.query(differing_statement(subject_, area, keys.size())).rows) {
        add(row, found);
    }
    add_extra(session, area, found);
    add_converted(session, area, found);
    return std::move(found.result);
}

void Comparer::add_extra(sql::Session& session, const Area& area, Collection& found) const {
    for (const auto& row : session.query(extra_statement(subject_, area, found.max + 1)).rows) {
        add(row, found);
    }
}

void Comparer::add_converted(sql::Session& session, const Area& area, Collection& found) const {
    if (!subject_.converts()) {
        return;
    }
    // Made anew each time: so it is right whatever happened to the session before.
    session.execute(drop_scratch_statement(subject_));
    session.execute(create_scratch_statement(subject_));
    session.execute(convert_statement(subject_, area));
    for (const auto& row : session.query(converted_statement(subject_, found.max + 1)).rows) {
        add(row, found);
    }
    session.execute(drop_scratch_statement(subject_));
}

bool Comparer::is_among(
    sql::Session& session, const mysql::Key& key, std::span<const mysql::Key> others
) const {
    const auto rows = session.query(among_statement(subject_, key, others));
    const sql::Row& row = rows.rows.at(0);
    return number_in(row, 0) == 0 || number_in(row, 1) != 0;
}

std::optional<mysql::Key> Comparer::boundary(
    sql::Session& session, const std::string& statement, const mysql::KeyShape& shape
) const {
    const auto rows = session.query(statement);
    if (rows.empty()) {
        return std::nullopt;
    }
    return key_in(rows.rows.front(), 0, shape);
}

mysql::KeyRange Comparer::first_part(
    sql::Session& session, const mysql::KeyRange& range, std::size_t rows
) const {
    mysql::KeyRange part = range;
    if (auto upper = boundary(
            session, source_boundary_statement(subject_, part, rows), subject_.tables.shape
        )) {
        part.upper = std::move(upper);
    }
    // Rows that only the shadow has may be many.
    if (auto upper = boundary(
            session, shadow_boundary_statement(subject_, part, 2 * rows), subject_.shadow_shape
        )) {
        part.upper = std::move(upper);
    }
    return part;
}

}  // namespace doppel::verify
