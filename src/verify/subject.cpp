// SPDX-License-Identifier: Apache-2.0
#include "verify/subject.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::verify {
namespace {

/// A temporary table hides a table of its name, so it must not have the name of one that is read.
mysql::TableName scratch_name(const mysql::TablePair& tables) {
    mysql::TableName name{tables.shadow.schema, "_doppel_compared"};
    while (schema::same_identifier(name.table, tables.source.table) ||
           schema::same_identifier(name.table, tables.shadow.table)) {
        name.table += "_";
    }
    return name;
}

/// Whether the index has the source's order, so that it finds the source's ranges.
bool has_source_order(const schema::Index& index, const std::vector<KeyMatch>& key) {
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool same_place = schema::same_identifier(index.parts[i].column, key[i].place.name) &&
                                index.parts[i].descending == index.parts.front().descending;
        // Ranges of an ENUM are lists of the values that the source knows.
        const bool same_order =
            key[i].form != KeyMatch::Form::bytes && key[i].there.members == key[i].column.members;
        if (!same_place || !same_order) {
            return false;
        }
    }
    return true;
}

/// The place in the key of what the index has at `part`.
std::size_t place_of(
    const schema::Index& index, std::size_t part, const std::vector<KeyMatch>& key
) {
    const auto found = std::find_if(key.begin(), key.end(), [&](const KeyMatch& match) {
        return schema::same_identifier(index.parts[part].column, match.place.name);
    });
    return static_cast<std::size_t>(found - key.begin());
}

bool is_part_of_key(const schema::IndexPart& part, const std::vector<KeyMatch>& key) {
    return !part.column.empty() && std::any_of(key.begin(), key.end(), [&](const KeyMatch& match) {
        return schema::same_identifier(part.column, match.place.name);
    });
}

/// A unique index of nothing but columns of the key.
bool has_unique_key(const schema::TableDefinition& shadow, const std::vector<KeyMatch>& key) {
    return std::any_of(
        shadow.indexes.begin(),
        shadow.indexes.end(),
        [&](const schema::Index& index) {
            return index.unique &&
                   std::all_of(
                       index.parts.begin(),
                       index.parts.end(),
                       [&](const schema::IndexPart& part) { return is_part_of_key(part, key); }
                   );
        }
    );
}

/// "`k1` varchar(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL": the source's column.
std::string scratch_column(const schema::Column& column, std::size_t number) {
    std::string text = fmt::format("`k{}` {}", number, column.type);
    if (!column.collation.empty()) {
        text += " CHARACTER SET " + column.charset + " COLLATE " + column.collation;
    }
    return text + " NOT NULL";
}

/// Where matching rows by the key leaves nothing of the column to be compared: the server compared
/// the values themselves, not the letters of a text.
bool is_matched_exactly(const Subject& subject, const std::string& shadow_column) {
    return std::any_of(subject.key.begin(), subject.key.end(), [&](const KeyMatch& match) {
        return schema::same_identifier(match.place.name, shadow_column) &&
               (match.form != KeyMatch::Form::value || match.column.kind != mysql::KeyKind::text);
    });
}

void describe_key(
    Subject& subject, const schema::TableDefinition& source, const schema::TableDefinition& shadow
) {
    const mysql::TablePair& tables = subject.tables;
    for (std::size_t i = 0; i < tables.source_key.size(); ++i) {
        const schema::Column& before = *source.column(tables.source_key[i].name);
        const schema::Column& after = *shadow.column(tables.shadow_key[i].name);
        subject.key.push_back(match_column(before, after, tables.shadow_key[i]));
        subject.scratch_key.push_back(scratch_column(before, i + 1));
        subject.may_have_null_keys = subject.may_have_null_keys || after.nullable;
    }
    const schema::Index& index = *shadow.index(subject.shadow_index);
    subject.extra_rows =
        has_source_order(index, subject.key) ? ExtraRows::by_range : ExtraRows::by_walk;
    subject.may_have_duplicates = !has_unique_key(shadow, subject.key);
    std::vector<mysql::KeyColumn> walk;
    for (std::size_t part = 0; part < subject.key.size(); ++part) {
        const KeyMatch& match = subject.key[place_of(index, part, subject.key)];
        walk.push_back(match.there);
        mysql::KeyPlace place(match.place.name);
        place.descending = index.parts[part].descending;
        subject.walk_key.push_back(std::move(place));
    }
    subject.walk_shape = mysql::KeyShape(std::move(walk));
}

}  // namespace

bool Subject::converts() const {
    return std::any_of(columns.begin(), columns.end(), [](const ComparedColumn& column) {
        return column.comparison.converted;
    });
}

base::Result<Subject> make_subject(
    mysql::TablePair tables,
    std::string shadow_index,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const std::vector<schema::ColumnPair>& pairs
) {
    mysql::TableName scratch = scratch_name(tables);
    Subject subject{
        std::move(tables),
        std::move(shadow_index),
        {},
        ExtraRows::by_range,
        mysql::KeyShape({}),
        {},
        false,
        false,
        {},
        std::move(scratch),
        {}};
    describe_key(subject, source, shadow);
    for (const schema::ColumnPair& pair : pairs) {
        const schema::Column* before = source.column(pair.source);
        const schema::Column* after = shadow.column(pair.shadow);
        if (before == nullptr || after == nullptr) {
            return base::Failure{
                "there is no column `" + (before == nullptr ? pair.source : pair.shadow) + "`"};
        }
        auto comparison = compare_columns(*before, *after);
        if (!comparison) {
            return comparison.failure();
        }
        if (pair.conversion != schema::Conversion::none) {
            comparison->converted = true;
        }
        if (!comparison->converted || !is_matched_exactly(subject, after->name)) {
            subject.columns.push_back({before->name, after->name, *comparison, pair.conversion});
        }
    }
    return subject;
}

}  // namespace doppel::verify
