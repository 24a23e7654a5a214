// SPDX-License-Identifier: Apache-2.0
#include "schema/key_choice.hpp"

#include "schema/key_types.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace doppel::schema {
namespace {

using Reason = std::optional<std::string>;

// Only for ordering candidates; variable lengths count as their maximum.
std::uint64_t width_bytes(const Column& column) {
    static const std::vector<std::pair<std::string_view, std::uint64_t>> widths{
        {"tinyint", 1},
        {"smallint", 2},
        {"mediumint", 3},
        {"int", 4},
        {"bigint", 8},
        {"year", 1},
        {"date", 3},
        {"time", 6},
        {"datetime", 8},
        {"timestamp", 7},
        {"enum", 2},
        {"set", 8},
        {"bit", 8}};
    for (const auto& [name, width] : widths) {
        if (name == column.data_type) {
            return width;
        }
    }
    return column.data_type == "decimal" ? column.numeric_precision / 2 + 1 : column.length_bytes;
}

Reason unusable_part(const TableDefinition& table, const IndexPart& part) {
    if (part.column.empty()) {
        return "it indexes an expression";
    }
    if (part.prefix_length != 0) {
        return fmt::format("it indexes only a prefix of column `{}`", part.column);
    }
    const Column* column = table.column(part.column);
    if (column == nullptr) {
        return fmt::format("column `{}` cannot be seen", part.column);
    }
    return unusable_as_key(*column);
}

Reason unusable_index(const TableDefinition& table, const Index& index) {
    if (!index.visible) {
        return "it is invisible, so that the server does not read by it";
    }
    if (index.type != "BTREE" || index.parts.empty()) {
        return fmt::format("it is of type {}, not BTREE", index.type);
    }
    for (const IndexPart& part : index.parts) {
        if (Reason reason = unusable_part(table, part)) {
            return reason;
        }
        if (part.descending != index.parts.front().descending) {
            return "it mixes ascending and descending columns";
        }
    }
    return std::nullopt;
}

auto rank(const TableDefinition& table, const Index& index) {
    bool all_integers = true;
    std::uint64_t bytes = 0;
    for (const IndexPart& part : index.parts) {
        const Column& column = *table.column(part.column);
        all_integers = all_integers && column.is_integer();
        bytes += width_bytes(column);
    }
    return std::make_tuple(
        !index.is_primary(), !all_integers, bytes, index.parts.size(), std::string_view(index.name)
    );
}

// Where the key's columns are in the shadow, or why their values are not found there.
base::Result<mysql::KeyPlaces> places_in_shadow(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const ColumnMap& columns,
    const Index& index
) {
    mysql::KeyPlaces places;
    for (const IndexPart& part : index.parts) {
        const std::string* name = columns.shadow_of(part.column);
        if (name == nullptr) {
            return base::Failure{
                fmt::format("column `{}` is not copied to the new table", part.column)};
        }
        auto place = place_in_shadow(*source.column(part.column), *shadow.column(*name));
        if (!place) {
            return base::Failure{
                fmt::format("column `{}`: {}", part.column, place.failure().message)};
        }
        places.push_back(*std::move(place));
    }
    return places;
}

// Finds the rows of a key: its first parts are the key's columns, in whatever order.
bool leads_to(const Index& index, const mysql::KeyPlaces& places) {
    if (!index.visible || index.type != "BTREE" || index.parts.size() < places.size()) {
        return false;
    }
    const auto parts = std::span(index.parts).first(places.size());
    return std::all_of(places.begin(), places.end(), [&](const mysql::KeyPlace& place) {
        return std::any_of(parts.begin(), parts.end(), [&](const IndexPart& part) {
            return !part.column.empty() && part.prefix_length == 0 &&
                   same_identifier(part.column, place.name);
        });
    });
}

// It need not be unique: what the shadow holds is a copy of rows whose keys are. The shortest one,
// unique ones before others, PRIMARY first.
const Index* find_shadow_index(const TableDefinition& shadow, const mysql::KeyPlaces& places) {
    const Index* best = nullptr;
    for (const Index& index : shadow.indexes) {
        const bool better =
            best == nullptr || index.parts.size() < best->parts.size() ||
            (index.parts.size() == best->parts.size() && index.unique && !best->unique);
        if (better && leads_to(index, places)) {
            best = &index;
        }
    }
    return best;
}

KeyChoice make_choice(
    const TableDefinition& source,
    const Index& index,
    const Index& shadow_index,
    mysql::KeyPlaces shadow_places
) {
    std::vector<mysql::KeyColumn> shape;
    std::vector<std::size_t> ordinals;
    mysql::KeyPlaces source_places;
    for (std::size_t i = 0; i < index.parts.size(); ++i) {
        const Column& column = *source.column(index.parts[i].column);
        shape.push_back(key_column(column));
        ordinals.push_back(column.ordinal);
        source_places.push_back(place_in_source(column, shadow_places[i]));
    }
    return KeyChoice{
        index.name,
        shadow_index.name,
        mysql::KeyShape(std::move(shape)),
        std::move(source_places),
        std::move(shadow_places),
        std::move(ordinals),
        index.parts.front().descending};
}

// Whether INFORMATION_SCHEMA shows a DEFAULT as the key's encoding has it: not bytes, numbers of
// members, or the hour of another time zone.
bool is_shown_exactly(mysql::KeyKind kind) {
    switch (kind) {
        case mysql::KeyKind::signed_integer:
        case mysql::KeyKind::unsigned_integer:
        case mysql::KeyKind::decimal:
        case mysql::KeyKind::date:
        case mysql::KeyKind::time:
        case mysql::KeyKind::datetime:
        case mysql::KeyKind::year:
            return true;
        case mysql::KeyKind::binary_string:
        case mysql::KeyKind::text:
        case mysql::KeyKind::timestamp:
        case mysql::KeyKind::enumeration:
        case mysql::KeyKind::set:
        case mysql::KeyKind::bits:
            return false;
    }
    return false;
}

}  // namespace

KeyCandidates key_candidates(const TableDefinition& source) {
    KeyCandidates candidates;
    for (const Index& index : source.indexes) {
        if (!index.unique) {
            continue;
        }
        if (Reason reason = unusable_index(source, index)) {
            candidates.rejected.push_back({index.name, *reason});
        } else {
            candidates.indexes.push_back(&index);
        }
    }
    std::sort(
        candidates.indexes.begin(),
        candidates.indexes.end(),
        [&](const Index* a, const Index* b) { return rank(source, *a) < rank(source, *b); }
    );
    return candidates;
}

KeyDecision choose_key(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const ColumnMap& columns,
    const std::optional<std::string>& why_not_utc
) {
    KeyCandidates candidates = key_candidates(source);
    KeyDecision decision{std::nullopt, std::move(candidates.rejected)};
    for (const Index* index : candidates.indexes) {
        base::Result<mysql::KeyPlaces> places = places_in_shadow(source, shadow, columns, *index);
        if (!places) {
            decision.rejected.push_back({index->name, places.failure().message});
            continue;
        }
        const Index* counterpart = find_shadow_index(shadow, *places);
        if (counterpart == nullptr) {
            decision.rejected.push_back(
                {index->name, "no index of the new table begins with its columns"}
            );
            continue;
        }
        KeyChoice choice = make_choice(source, *index, *counterpart, *std::move(places));
        if (why_not_utc && choice.shape.needs_utc()) {
            decision.rejected.push_back(
                {index->name,
                 fmt::format(
                     "a TIMESTAMP key is followed in UTC, since an hour comes twice in other time "
                     "zones, but {}, which depends on the server's time zone",
                     *why_not_utc
                 )}
            );
            continue;
        }
        decision.choice = std::move(choice);
        break;
    }
    return decision;
}

std::vector<std::optional<std::string>> key_defaults(
    const TableDefinition& source, const mysql::KeyShape& shape
) {
    std::vector<std::optional<std::string>> defaults;
    for (const mysql::KeyColumn& key : shape.columns()) {
        std::optional<std::string> encoded;
        const Column* column = source.column(key.name);
        if (is_shown_exactly(key.kind) && column != nullptr && column->default_value &&
            column->extra.find("DEFAULT_GENERATED") == std::string::npos) {
            if (auto value = mysql::KeyShape({key}).encode_text({column->default_value})) {
                encoded = std::move(value->bytes);
            }
        }
        defaults.push_back(std::move(encoded));
    }
    return defaults;
}

}  // namespace doppel::schema
