// SPDX-License-Identifier: Apache-2.0
#include "schema/key_choice.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace doppel::schema {
namespace {

using mysql::KeyKind;
using Reason = std::optional<std::string>;

std::optional<KeyKind> key_kind(const Column& column) {
    static const std::vector<std::pair<std::string_view, KeyKind>> kinds{
        {"binary", KeyKind::binary_string},
        {"varbinary", KeyKind::binary_string},
        {"char", KeyKind::text},
        {"varchar", KeyKind::text},
        {"decimal", KeyKind::decimal},
        {"date", KeyKind::date},
        {"time", KeyKind::time},
        {"datetime", KeyKind::datetime},
        {"year", KeyKind::year},
        {"enum", KeyKind::enumeration}};
    if (column.is_integer()) {
        return column.is_unsigned() ? KeyKind::unsigned_integer : KeyKind::signed_integer;
    }
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) {
        return kind.first == column.data_type;
    });
    return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

mysql::KeyColumn key_column(const Column& column) {
    mysql::KeyColumn key;
    key.name = column.name;
    key.kind = *key_kind(column);
    if (column.data_type == "binary") {
        key.fixed_length_bytes = static_cast<std::size_t>(column.length_bytes);
    }
    if (key.kind == KeyKind::text) {
        key.charset = column.charset;
        key.collation = column.collation;
    }
    return key;
}

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
        {"enum", 2}};
    for (const auto& [name, width] : widths) {
        if (name == column.data_type) {
            return width;
        }
    }
    return column.data_type == "decimal" ? column.numeric_precision / 2 + 1 : column.length_bytes;
}

Reason unusable_column(const Column& column) {
    if (column.nullable) {
        return fmt::format("column `{}` allows NULL", column.name);
    }
    if (column.generated == GeneratedKind::virtual_value) {
        return fmt::format("column `{}` is a virtual generated column", column.name);
    }
    if (!key_kind(column)) {
        return fmt::format(
            "column `{}` is of type {}, which cannot be followed as a key", column.name, column.type
        );
    }
    return std::nullopt;
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
    return unusable_column(*column);
}

// For an index of either table.
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

Reason different_text(const Column& source, const Column& shadow) {
    const bool same_type = source.data_type == shadow.data_type ||
                           (source.data_type == "char" && shadow.data_type == "varchar");
    if (!same_type) {
        return "its type changes";
    }
    if (source.charset != shadow.charset || source.collation != shadow.collation) {
        return "its character set or collation changes";
    }
    if (shadow.length_characters < source.length_characters) {
        return "it gets shorter";
    }
    return std::nullopt;
}

Reason different_decimal(const Column& source, const Column& shadow) {
    const bool holds = shadow.numeric_scale >= source.numeric_scale &&
                       shadow.numeric_precision >=
                           source.numeric_precision + shadow.numeric_scale - source.numeric_scale;
    return holds ? std::nullopt : Reason("its precision or scale gets smaller");
}

// Why values of the source's column might not be found again in the shadow's column: the value must
// survive the conversion and the comparison must stay the same.
Reason different_values(const Column& source, const Column& shadow) {
    if (shadow.is_generated()) {
        return "it is a generated column in the new table";
    }
    if (source.is_integer()) {
        return shadow.is_integer() ? std::nullopt : Reason("it is no integer in the new table");
    }
    const KeyKind kind = *key_kind(source);
    if (kind == KeyKind::text) {
        return different_text(source, shadow);
    }
    if (source.data_type != shadow.data_type) {
        return "its type changes";
    }
    if (kind == KeyKind::decimal) {
        return different_decimal(source, shadow);
    }
    if (kind == KeyKind::enumeration) {
        const bool same = source.type == shadow.type && source.collation == shadow.collation;
        return same ? std::nullopt : Reason("its list of values changes");
    }
    if (source.data_type == "binary" && source.length_bytes != shadow.length_bytes) {
        return "its length changes, and with it the padding";
    }
    if (shadow.length_bytes < source.length_bytes) {
        return "it gets shorter";
    }
    if (shadow.fractional_digits < source.fractional_digits) {
        return "it loses fractional digits";
    }
    return std::nullopt;
}

// The names the key's columns have in the shadow, or why the values do not carry over.
base::Result<std::vector<std::string>> shadow_columns(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const ColumnMap& columns,
    const Index& index
) {
    std::vector<std::string> names;
    for (const IndexPart& part : index.parts) {
        const std::string* name = columns.shadow_of(part.column);
        if (name == nullptr) {
            return base::Failure{
                fmt::format("column `{}` is not copied to the new table", part.column)};
        }
        const Column& before = *source.column(part.column);
        if (Reason reason = different_values(before, *shadow.column(*name))) {
            return base::Failure{fmt::format("column `{}`: {}", part.column, *reason)};
        }
        names.push_back(*name);
    }
    return names;
}

const Index* find_shadow_index(
    const TableDefinition& shadow, const std::vector<std::string>& names
) {
    const auto same_columns = [&](const Index& index) {
        return index.unique && !unusable_index(shadow, index) &&
               std::equal(
                   index.parts.begin(),
                   index.parts.end(),
                   names.begin(),
                   names.end(),
                   [](const IndexPart& part, const std::string& name) {
                       return same_identifier(part.column, name);
                   }
               );
    };
    const auto found = std::find_if(shadow.indexes.begin(), shadow.indexes.end(), same_columns);
    return found == shadow.indexes.end() ? nullptr : &*found;
}

KeyChoice make_choice(
    const TableDefinition& source,
    const Index& index,
    const Index& shadow_index,
    std::vector<std::string> shadow_names
) {
    std::vector<mysql::KeyColumn> shape;
    std::vector<std::size_t> ordinals;
    for (const IndexPart& part : index.parts) {
        const Column& column = *source.column(part.column);
        shape.push_back(key_column(column));
        ordinals.push_back(column.ordinal);
    }
    return KeyChoice{
        index.name,
        shadow_index.name,
        mysql::KeyShape(std::move(shape)),
        std::move(shadow_names),
        std::move(ordinals),
        index.parts.front().descending};
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
    const TableDefinition& source, const TableDefinition& shadow, const ColumnMap& columns
) {
    KeyCandidates candidates = key_candidates(source);
    KeyDecision decision{std::nullopt, std::move(candidates.rejected)};
    for (const Index* index : candidates.indexes) {
        base::Result<std::vector<std::string>> names =
            shadow_columns(source, shadow, columns, *index);
        if (!names) {
            decision.rejected.push_back({index->name, names.failure().message});
            continue;
        }
        const Index* counterpart = find_shadow_index(shadow, *names);
        if (counterpart == nullptr) {
            decision.rejected.push_back(
                {index->name, "its columns have no unique, not null key in the new table"}
            );
            continue;
        }
        decision.choice = make_choice(source, *index, *counterpart, *std::move(names));
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
        const bool shown_exactly = key.kind != mysql::KeyKind::text &&
                                   key.kind != mysql::KeyKind::binary_string &&
                                   key.kind != mysql::KeyKind::enumeration;
        if (shown_exactly && column != nullptr && column->default_value &&
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
