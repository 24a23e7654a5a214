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
        {"utf8mb4", "utf8mb4_0900_as_cs"},
        {"latin1", "latin1_swedish_ci"},
        {"latin1", "latin1_bin"},
        {"utf8mb3", "utf8mb3_general_ci"},
        {"ascii", "ascii_general_ci"},
        {"utf16", "utf16_general_ci"},
        {"gbk", "gbk_chinese_ci"}};
    return list;
}

void choose_charset(Type& type, Random& random) {
    const auto& [charset, collation] = random.pick(collations());
    type.charset = charset;
    type.collation = collation;
}

Type choose_elements(Kind kind, Random& random) {
    static const std::vector<std::string> words{
        "a", "b", "c", "small", "LARGE", "\xC3\xB6", "x y", "0", "1", "2", "q''q", ""};
    Type type;
    type.kind = kind;
    type.name = kind == Kind::set ? "set" : "enum";
    type.charset = random.chance(70) ? "utf8mb4" : "latin1";
    type.collation = type.charset == "utf8mb4" ? "utf8mb4_0900_ai_ci" : "latin1_swedish_ci";
    const unsigned count = 2 + random.below(7);
    for (unsigned i = 0; i < count; ++i) {
        const std::string& word = random.pick(words);
        const bool known =
            std::find(type.elements.begin(), type.elements.end(), word) != type.elements.end();
        if (!known && !(kind == Kind::set && word.empty())) {
            type.elements.push_back(word);
        }
    }
    return type;
}

Type simple(Kind kind, std::string name, unsigned length = 0, unsigned scale = 0) {
    Type type;
    type.kind = kind;
    type.name = std::move(name);
    type.length = length;
    type.scale = scale;
    return type;
}

Type random_temporal(Random& random) {
    static const std::vector<unsigned> digits{0, 0, 1, 3, 6};
    switch (random.below(5)) {
        case 0:
            return simple(Kind::date, "date");
        case 1:
            return simple(Kind::time, "time", 0, random.pick(digits));
        case 2:
            return simple(Kind::datetime, "datetime", 0, random.pick(digits));
        case 3:
            return simple(Kind::datetime, "timestamp", 0, random.pick(digits));
        default:
            return simple(Kind::year, "year");
    }
}

Type random_binary(Random& random) {
    static const std::vector<std::string> names{"binary", "varbinary", "tinyblob", "blob"};
    Type type = simple(Kind::binary, random.pick(names));
    type.length = type.name.ends_with("binary") ? 1 + random.below(30) : 0;
    return type;
}

Type random_number(Random& random) {
    if (random.chance(50)) {
        return random_integer_type(random);
    }
    if (random.chance(60)) {
        const unsigned precision = 1 + random.below(random.chance(50) ? 65 : 12);
        return simple(
            Kind::decimal, "decimal", precision, random.below(std::min(precision, 30U) + 1)
        );
    }
    return simple(Kind::approximate, random.chance(50) ? "float" : "double");
}

}  // namespace

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
    return text;
}

bool Type::large() const {
    return name.ends_with("text") || name.ends_with("blob") || kind == Kind::json ||
           kind == Kind::point || kind == Kind::vector;
}

bool Type::temporal_with_day() const {
    return kind == Kind::date || kind == Kind::datetime;
}

Type random_integer_type(Random& random) {
    static const std::vector<std::string> names{
        "tinyint", "smallint", "mediumint", "int", "bigint"};
    Type type = simple(Kind::integer, random.pick(names));
    type.is_unsigned = random.chance(35);
    type.tame = random.chance(60);
    return type;
}

Type random_text_type(Random& random) {
    static const std::vector<std::string> names{
        "char", "varchar", "varchar", "varchar", "tinytext", "text", "mediumtext"};
    Type type = simple(Kind::text, random.pick(names));
    type.length = type.name.ends_with("char") ? 6 + random.below(60) : 0;
    type.tame = random.chance(50);
    choose_charset(type, random);
    return type;
}

Type random_type(Random& random) {
    Type type;
    const unsigned choice = random.below(20);
    if (choice < 6) {
        type = random_number(random);
    } else if (choice < 11) {
        type = random_text_type(random);
    } else if (choice < 13) {
        type = random_binary(random);
    } else if (choice < 16) {
        type = random_temporal(random);
    } else if (choice == 16) {
        type = choose_elements(random.chance(60) ? Kind::enumeration : Kind::set, random);
    } else if (choice == 17) {
        type = simple(Kind::json, "json");
    } else if (choice == 18) {
        type = simple(Kind::bit, "bit", 1 + random.below(64));
    } else if (random.chance(50)) {
        type = simple(Kind::point, "point");
    } else {
        type = simple(Kind::vector, "vector", 1 + random.below(5));
    }
    type.tame = type.tame || random.chance(50);
    return type;
}

Type changed_type(const Type& from, Random& random) {
    Type to = from;
    if (random.chance(12)) {
        to = random_type(random);
        to.tame = from.tame;
        return to;
    }
    switch (from.kind) {
        case Kind::integer:
            to = random.chance(70) ? random_integer_type(random) : random_number(random);
            break;
        case Kind::decimal:
            to.length = std::min(65U, from.length + random.below(10));
            to.scale = std::min(30U, std::min(to.length, from.scale + random.below(5)));
            break;
        case Kind::approximate:
            to = random_number(random);
            break;
        case Kind::bit:
            to.length = 1 + random.below(64);
            break;
        case Kind::text:
            if (random.chance(50)) {
                choose_charset(to, random);
            }
            if (random.chance(50)) {
                to.name = random_text_type(random).name;
                to.length = to.name.ends_with("char") ? 6 + random.below(90) : 0;
            }
            break;
        case Kind::binary:
            to = random_binary(random);
            break;
        case Kind::enumeration:
        case Kind::set:
            // Reordered, and sometimes with one more or one less.
            std::rotate(to.elements.begin(), to.elements.begin() + 1, to.elements.end());
            if (random.chance(40)) {
                to.elements.emplace_back("more");
            } else if (random.chance(20) && to.elements.size() > 1) {
                to.elements.pop_back();
            }
            break;
        case Kind::date:
        case Kind::time:
        case Kind::datetime:
        case Kind::year:
            to = random_temporal(random);
            break;
        case Kind::json:
            to = random.chance(50) ? to : random_text_type(random);
            break;
        case Kind::point:
        case Kind::vector:
            break;
    }
    to.tame = from.tame;
    return to;
}

}  // namespace doppel::differential
