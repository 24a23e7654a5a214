// SPDX-License-Identifier: Apache-2.0
#include "differential/type.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

const std::vector<std::pair<std::string, std::string>>& collations() {
    static const std::vector<std::pair<std::string, std::string>> list{
        {"utf8mb4", "utf8mb4_0900_ai_ci"},
        {"utf8mb4", "utf8mb4_bin"},
        {"utf8mb4", "utf8mb4_0900_bin"},
        {"utf8mb4", "utf8mb4_general_ci"},
        {"utf8mb4", "utf8mb4_unicode_ci"},
        {"utf8mb4", "utf8mb4_0900_as_cs"},
        {"latin1", "latin1_swedish_ci"},
        {"latin1", "latin1_bin"},
        {"latin1", "latin1_german2_ci"},
        {"utf8mb3", "utf8mb3_general_ci"},
        {"ascii", "ascii_general_ci"},
        {"utf16", "utf16_general_ci"},
        {"utf32", "utf32_unicode_ci"},
        {"cp1251", "cp1251_general_ci"},
        {"sjis", "sjis_japanese_ci"},
        {"gbk", "gbk_chinese_ci"}};
    return list;
}

const std::vector<std::string>& words() {
    static const std::vector<std::string> list{
        "a", "b", "c", "small", "LARGE", "\xC3\xB6", "x y", "0", "1", "2", "q''q", ""};
    return list;
}

Type choose_elements(Kind kind, Random& random) {
    Type type = simple_type(kind, kind == Kind::set ? "set" : "enum");
    type.charset = random.chance(70) ? "utf8mb4" : "latin1";
    type.collation = type.charset == "utf8mb4" ? "utf8mb4_0900_ai_ci" : "latin1_swedish_ci";
    const unsigned count = 2 + random.below(7);
    for (unsigned i = 0; i < count; ++i) {
        const std::string& word = random.pick(words());
        const bool known =
            std::find(type.elements.begin(), type.elements.end(), word) != type.elements.end();
        if (!known && !(kind == Kind::set && word.empty())) {
            type.elements.push_back(word);
        }
    }
    return type;
}

unsigned random_fraction(Random& random) {
    static const std::vector<unsigned> digits{0, 0, 1, 3, 6};
    return random.pick(digits);
}

Type random_temporal(Random& random) {
    switch (random.below(5)) {
        case 0:
            return simple_type(Kind::date, "date");
        case 1:
            return simple_type(Kind::time, "time", 0, random_fraction(random));
        case 2:
            return simple_type(Kind::datetime, "datetime", 0, random_fraction(random));
        case 3:
            return simple_type(Kind::datetime, "timestamp", 0, random_fraction(random));
        default:
            return simple_type(Kind::year, "year");
    }
}

Type random_binary(Random& random) {
    static const std::vector<std::string> names{
        "binary", "varbinary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"};
    Type type = simple_type(Kind::binary, random.pick(names));
    type.length = type.name.ends_with("binary") ? 1 + random.below(30) : 0;
    return type;
}

Type random_decimal(Random& random) {
    const unsigned precision = 1 + random.below(random.chance(50) ? 65 : 12);
    Type type = simple_type(
        Kind::decimal, "decimal", precision, random.below(std::min(precision, 30U) + 1)
    );
    type.is_unsigned = random.chance(15);
    return type;
}

Type random_number(Random& random) {
    if (random.chance(50)) {
        return random_integer_type(random);
    }
    if (random.chance(60)) {
        return random_decimal(random);
    }
    return simple_type(Kind::approximate, random.chance(50) ? "float" : "double");
}

Type random_geometry(Random& random) {
    static const std::vector<std::string> names{
        "point", "point", "linestring", "polygon", "geometry", "geometrycollection"};
    Type type = simple_type(Kind::geometry, random.pick(names));
    type.has_srid = random.chance(30);
    return type;
}

// A type that holds text of any kind of value of ours.
Type wide_text(Random& random) {
    Type type = simple_type(Kind::text, random.chance(60) ? "varchar" : "text");
    type.length = type.name == "varchar" ? 250 : 0;
    choose_charset(type, random);
    return type;
}

unsigned changed_length(unsigned from, Random& random) {
    return random.chance(85) ? std::max(from, 6U) + random.below(60) : 6 + random.below(20);
}

Type changed_text(const Type& from, Random& random) {
    Type to = from;
    if (random.chance(12)) {
        switch (random.below(6)) {
            case 0:
                return random_integer_type(random);
            case 1:
                return simple_type(Kind::decimal, "decimal", 12, 2);
            case 2:
                return simple_type(Kind::datetime, "datetime", 0, 3);
            case 3:
                return simple_type(Kind::json, "json");
            case 4:
                return simple_type(Kind::binary, "varbinary", 250);
            default:
                return choose_elements(Kind::enumeration, random);
        }
    }
    if (random.chance(60)) {
        choose_charset(to, random);
    }
    if (random.chance(60)) {
        to.name = random_text_type(random).name;
        to.length = to.name.ends_with("char") ? changed_length(from.length, random) : 0;
    }
    return to;
}

Type changed_binary(const Type& from, Random& random) {
    Type to = random_binary(random);
    if (to.length > 0 && random.chance(85)) {
        to.length = std::max(from.length, 20U) + random.below(20);
    }
    return random.chance(90) ? to : wide_text(random);
}

Type changed_elements(const Type& from, Random& random) {
    Type to = from;
    if (random.chance(15)) {
        return from.kind == Kind::enumeration && random.chance(40)
                   ? simple_type(Kind::integer, "smallint")
                   : wide_text(random);
    }
    std::rotate(to.elements.begin(), to.elements.begin() + 1, to.elements.end());
    if (random.chance(40)) {
        to.elements.emplace_back("more");
    } else if (random.chance(25) && to.elements.size() > 1) {
        to.elements.pop_back();
    }
    return to;
}

// Any kind that is no other kind of nonsense: of TIME and BIT the server makes days and JSON that
// are not the same twice, and of places and vectors nothing.
Type unlike_type(const Type& from, Random& random) {
    Type to = random_type(random);
    const bool odd = from.kind == Kind::time || from.kind == Kind::bit ||
                     from.kind == Kind::geometry || from.kind == Kind::vector;
    while (odd && to.kind != from.kind && to.kind != Kind::text && to.kind != Kind::binary) {
        to = random_type(random);
    }
    return to;
}

// TIME becomes a day by the date of the conversion, so it is not made one here.
Type changed_temporal(const Type& from, Random& random) {
    if (random.chance(15)) {
        return wide_text(random);
    }
    switch (from.kind) {
        case Kind::time:
            return simple_type(Kind::time, "time", 0, random_fraction(random));
        case Kind::year:
            return random.chance(50) ? simple_type(Kind::integer, "smallint") : from;
        case Kind::date:
            return simple_type(
                Kind::datetime,
                random.chance(70) ? "datetime" : "timestamp",
                0,
                random_fraction(random)
            );
        default:
            break;
    }
    Type to = random_temporal(random);
    while (to.kind == Kind::year) {
        to = random_temporal(random);
    }
    return to;
}

}  // namespace

Type simple_type(Kind kind, std::string name, unsigned length, unsigned scale) {
    Type type;
    type.kind = kind;
    type.name = std::move(name);
    type.length = length;
    type.scale = scale;
    return type;
}

void choose_charset(Type& type, Random& random) {
    const auto& [charset, collation] = random.pick(collations());
    type.charset = charset;
    type.collation = collation;
}

Repertoire repertoire_of(const std::string& charset) {
    if (charset == "utf8mb4" || charset == "utf16" || charset == "utf32") {
        return {true, true, true, true, true};
    }
    if (charset == "utf8mb3") {
        return {true, true, true, true, false};
    }
    Repertoire repertoire;
    repertoire.western = charset == "latin1";
    repertoire.cyrillic = charset == "cp1251";
    repertoire.chinese = charset == "gbk" || charset == "sjis";
    return repertoire;
}

Repertoire common(const Repertoire& one, const Repertoire& other) {
    return {
        one.western && other.western,
        one.cyrillic && other.cyrillic,
        one.chinese && other.chinese,
        one.all_of_bmp && other.all_of_bmp,
        one.all && other.all};
}

std::string Type::sql() const {
    std::string text = name;
    if (kind == Kind::decimal) {
        text += fmt::format("({},{})", length, scale);
    } else if (kind == Kind::enumeration || kind == Kind::set) {
        text += fmt::format("('{}')", fmt::join(elements, "','"));
    } else if (kind == Kind::time || kind == Kind::datetime) {
        text += scale > 0 ? fmt::format("({})", scale) : "";
    } else if (length > 0) {
        text += fmt::format("({})", length);
    }
    if (is_unsigned) {
        text += " unsigned";
    }
    if (!charset.empty()) {
        text += fmt::format(" CHARACTER SET {} COLLATE {}", charset, collation);
    }
    return text + (has_srid ? " SRID 4326" : "");
}

bool Type::large() const {
    return name.ends_with("text") || name.ends_with("blob") || kind == Kind::json ||
           kind == Kind::geometry || kind == Kind::vector;
}

bool Type::is_number() const {
    return kind == Kind::integer || kind == Kind::decimal || kind == Kind::approximate ||
           kind == Kind::bit;
}

bool Type::is_temporal() const {
    return kind == Kind::date || kind == Kind::time || kind == Kind::datetime;
}

Type random_integer_type(Random& random) {
    static const std::vector<std::string> names{
        "tinyint", "smallint", "mediumint", "int", "bigint"};
    Type type = simple_type(Kind::integer, random.pick(names));
    type.is_unsigned = random.chance(35);
    return type;
}

Type random_text_type(Random& random) {
    static const std::vector<std::string> names{
        "char", "varchar", "varchar", "varchar", "tinytext", "text", "mediumtext", "longtext"};
    Type type = simple_type(Kind::text, random.pick(names));
    type.length = type.name.ends_with("char") ? 6 + random.below(60) : 0;
    choose_charset(type, random);
    return type;
}

Type random_type(Random& random) {
    const unsigned choice = random.below(24);
    if (choice < 7) {
        return random_number(random);
    }
    if (choice < 12) {
        return random_text_type(random);
    }
    if (choice < 14) {
        return random_binary(random);
    }
    if (choice < 18) {
        return random_temporal(random);
    }
    switch (choice) {
        case 18:
            return choose_elements(Kind::enumeration, random);
        case 19:
            return choose_elements(Kind::set, random);
        case 20:
            return simple_type(Kind::json, "json");
        case 21:
            return simple_type(Kind::bit, "bit", 1 + random.below(64));
        case 22:
            return random_geometry(random);
        default:
            return simple_type(Kind::vector, "vector", 1 + random.below(5));
    }
}

Type changed_type(const Type& from, Random& random) {
    if (random.chance(12)) {
        return unlike_type(from, random);
    }
    Type to = from;
    switch (from.kind) {
        case Kind::integer:
            return random.chance(70)   ? random_integer_type(random)
                   : random.chance(70) ? random_number(random)
                                       : wide_text(random);
        case Kind::decimal:
            to.length = std::min(65U, from.length + random.below(10));
            to.scale = std::min(30U, std::min(to.length, from.scale + random.below(5)));
            return random.chance(60) ? to : random_number(random);
        case Kind::approximate:
            return random_number(random);
        case Kind::bit:
            to.length = random.chance(80) ? from.length + random.below(65 - from.length)
                                          : 1 + random.below(64);
            return random.chance(70) ? to : simple_type(Kind::integer, "int");
        case Kind::text:
            return changed_text(from, random);
        case Kind::binary:
            return changed_binary(from, random);
        case Kind::enumeration:
        case Kind::set:
            return changed_elements(from, random);
        case Kind::date:
        case Kind::time:
        case Kind::datetime:
        case Kind::year:
            return changed_temporal(from, random);
        case Kind::json:
            return random.chance(50) ? to : wide_text(random);
        case Kind::geometry:
            to.name = random.chance(50) ? "geometry" : to.name;
            return to;
        case Kind::vector:
            return to;
    }
    return to;
}

}  // namespace doppel::differential
