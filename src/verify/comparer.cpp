// SPDX-License-Identifier: Apache-2.0
#include "verify/comparer.hpp"

#include "doppel/error.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace doppel::verify {
namespace {

constexpr std::size_t kFirstKeyColumn = 2;

std::uint64_t number_in(const sql::Row& row, std::size_t column) {
    return std::stoull(row.at(column).value_or("0"));
}

using Values = std::vector<std::optional<std::string>>;

Values values_in(const sql::Row& row, std::size_t first, std::size_t count) {
    const auto begin = row.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

mysql::Key key_in(const sql::Row& row, std::size_t first, const mysql::KeyShape& shape) {
    auto key = shape.encode_text(values_in(row, first, shape.columns().size()));
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

void Comparer::add(RowKind kind, mysql::Key key, Collection& found) const {
    if (knows(found.result, key)) {
        return;
    }
    if (found.result.differences.size() >= found.max) {
        found.result.complete = false;
        return;
    }
    found.result.differences.push_back({std::move(key), kind});
}

void Comparer::add(const sql::Row& row, Collection& found) const {
    add(static_cast<RowKind>(number_in(row, 0)),
        key_in(row, kFirstKeyColumn, subject_.tables.shape),
        found);
}

std::optional<mysql::Key> Comparer::key_for_source(const sql::Row& row, std::size_t first) const {
    Values values = values_in(row, first, subject_.key.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = values[i] ? spelled_for_source(subject_.key[i], *values[i]) : std::nullopt;
        if (!values[i]) {
            return std::nullopt;
        }
    }
    auto key = subject_.tables.shape.encode_text(values);
    return key ? std::optional(*std::move(key)) : std::nullopt;
}

void Comparer::add_of_shadow(const sql::Row& row, Collection& found) const {
    auto key = key_for_source(row, kFirstKeyColumn);
    if (key) {
        add(static_cast<RowKind>(number_in(row, 0)), *std::move(key), found);
        return;
    }
    std::vector<mysql::KeyColumn> columns;
    for (const KeyMatch& match : subject_.key) {
        columns.push_back(match.there);
    }
    const mysql::KeyShape there(std::move(columns));
    const Values values =
        values_in(row, kFirstKeyColumn + subject_.key.size(), subject_.key.size());
    const auto key_there = there.encode_text(values);
    found.result.impossible.push_back(
        key_there ? there.describe(*key_there) : "with a NULL in its key"
    );
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
            case RowKind::duplicate:
                add(row, found);
                break;
        }
    }
    if (subject_.extra_rows == ExtraRows::by_range) {
        // Each row of the source that is not missing has exactly one in the shadow.
        if (!found.result.complete || shadow_rows + missing != found.result.rows) {
            add_extra(session, area, found);
        }
        add_null_keys(session, range, found);
    }
    add_converted(session, area, found);
    return std::move(found.result);
}

Comparison Comparer::walk(sql::Session& session, const mysql::KeyRange& range) const {
    Collection found;
    found.max = differences_max_;
    add_extra(session, walk_area_of(subject_, range), found);
    add_null_keys(session, range, found);
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
        add_of_shadow(row, found);
    }
    if (!subject_.may_have_duplicates) {
        return;
    }
    for (const auto& row :
         session.query(duplicates_statement(subject_, area, found.max + 1)).rows) {
        add_of_shadow(row, found);
    }
}

/// No range has them but the one without bounds, so they are looked for once.
void Comparer::add_null_keys(sql::Session& session, const mysql::KeyRange& range, Collection& found)
    const {
    if (!subject_.may_have_null_keys || range.upper) {
        return;
    }
    const auto rows = session.query(null_keys_statement(subject_, found.max));
    const std::uint64_t count = number_in(rows.rows.at(0), 0);
    found.result.impossible.resize(
        std::max<std::size_t>(found.result.impossible.size(), count), "with a NULL in its key"
    );
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

mysql::KeyRange Comparer::first_part(
    sql::Session& session, const mysql::KeyRange& range, std::size_t rows
) const {
    mysql::KeyRange part = range;
    const auto source = session.query(source_boundary_statement(subject_, part, rows));
    if (!source.empty()) {
        part.upper = key_in(source.rows.front(), 0, subject_.tables.shape);
    }
    if (subject_.extra_rows == ExtraRows::by_walk) {
        return part;
    }
    // Rows that only the shadow has may be many.
    const auto shadow = session.query(shadow_boundary_statement(subject_, part, 2 * rows));
    if (!shadow.empty()) {
        if (auto upper = key_for_source(shadow.rows.front(), 0)) {
            part.upper = std::move(upper);
        }
    }
    return part;
}

mysql::KeyRange Comparer::first_step(
    sql::Session& session, const mysql::KeyRange& range, std::size_t rows
) const {
    mysql::KeyRange part = range;
    const auto found = session.query(walk_boundary_statement(subject_, part, rows));
    if (!found.empty()) {
        auto upper = subject_.walk_shape.encode_text(found.rows.front());
        // A key with a NULL is no bound; it is found in the range without bounds.
        if (upper) {
            part.upper = *std::move(upper);
        }
    }
    return part;
}

}  // namespace doppel::verify
