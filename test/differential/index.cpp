// SPDX-License-Identifier: Apache-2.0
//
// Random indexes of every kind.
#include "differential/program.hpp"

#include <fmt/format.h>

namespace doppel::differential {
namespace {

bool indexable(const Column& column) {
    return column.type.kind != Kind::json && column.type.kind != Kind::geometry &&
           column.type.kind != Kind::vector;
}

std::string part(const Column& column, Random& random, std::string& feature) {
    std::string text = column.name;
    const bool of_bytes = column.type.kind == Kind::text || column.type.kind == Kind::binary;
    if (column.type.large() || (column.type.length > 5 && of_bytes && random.chance(30))) {
        text += "(5)";
        feature = "prefix";
    }
    if (random.chance(20)) {
        feature = "descending";
        text += " DESC";
    }
    return text;
}

/// One that depends on the type of the column: full-text, spatial, multi-valued.
std::string special(
    const Column& column, const std::string& name, Random& random, std::string& feature
) {
    const Kind kind = column.type.kind;
    if (kind == Kind::text && !column.generated() && random.chance(12)) {
        feature = "full-text";
        return fmt::format("FULLTEXT KEY {} ({})", name, column.name);
    }
    if (kind == Kind::geometry && !column.nullable && column.type.has_srid) {
        feature = "spatial";
        return fmt::format("SPATIAL KEY {} ({})", name, column.name);
    }
    if (kind == Kind::json && !column.generated() && random.chance(40)) {
        feature = "multi-valued";
        return fmt::format("KEY {} ((CAST({}->'$.b' AS CHAR(30) ARRAY)))", name, column.name);
    }
    return "";
}

std::string functional(
    const Column& column, const std::string& name, Random& random, std::string& feature
) {
    Type ignored;
    feature = "functional";
    return fmt::format("KEY {} (({}))", name, random_expression(column, random, ignored));
}

std::string plain(
    const Program& program,
    const Column& first,
    const std::string& name,
    Random& random,
    std::string& feature
) {
    const Column& second = random.pick(program.columns);
    feature = "plain";
    std::string parts = part(first, random, feature);
    const bool unique = random.chance(25);
    if (unique && random.chance(75) && first.name != "k0") {
        // With a column of the key most rows are unique.
        parts += ", k0";
    } else if (random.chance(40) && indexable(second) && second.name != first.name) {
        parts += ", " + part(second, random, feature);
    }
    const bool invisible = random.chance(10);
    feature = unique ? "unique" : invisible ? "invisible" : feature;
    return fmt::format(
        "{}KEY {} ({}){}", unique ? "UNIQUE " : "", name, parts, invisible ? " INVISIBLE" : ""
    );
}

}  // namespace

Element random_index(
    const Program& program, const std::string& name, Random& random, std::string& feature
) {
    const Column& first = random.pick(program.columns);
    std::string sql = special(first, name, random, feature);
    if (sql.empty() && random.chance(12) && !first.generated()) {
        sql = functional(first, name, random, feature);
    }
    if (sql.empty() && !indexable(first)) {
        feature = "plain";
        sql = fmt::format("KEY {} (k0)", name);
    }
    if (sql.empty()) {
        sql = plain(program, first, name, random, feature);
    }
    return {name, sql};
}

}  // namespace doppel::differential
