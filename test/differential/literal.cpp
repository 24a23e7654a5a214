// SPDX-License-Identifier: Apache-2.0
#include "differential/type.hpp"

#include <cstdio>
#include <string_view>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        text += fmt::format("{:02X}", static_cast<unsigned char>(byte));
    }
    return text;
}

unsigned bits_of(const Type& type) {
    if (type.name == "tinyint") {
        return 8;
    }
    if (type.name == "smallint") {
        return 16;
    }
    if (type.name == "mediumint") {
        return 24;
    }
    return type.name == "int" ? 32 : 64;
}

std::string integer_literal(const Type& type, Random& random) {
    if (type.tame) {
        return std::to_string(random.below(100));
    }
    const unsigned bits = bits_of(type);
    const std::uint64_t top = std::uint64_t{1} << (bits - 1);
    switch (random.below(6)) {
        case 0:
            return type.is_unsigned ? std::to_string(top - 1 + top) : std::to_string(top - 1);
        case 1:
            return type.is_unsigned ? std::to_string(top) : fmt::format("-{}", top);
        case 2:
            return "0";
        default:
            return fmt::format(
                "{}{}", !type.is_unsigned && random.chance(40) ? "-" : "", random.next() % top
            );
    }
}

std::string digits(unsigned count, Random& random) {
    std::string text;
    for (unsigned i = 0; i < count; ++i) {
        text += static_cast<char>('0' + random.below(10));
    }
    return text;
}

std::string decimal_literal(const Type& type, Random& random) {
    const unsigned whole = type.length - type.scale;
    if (type.tame) {
        return whole == 0 ? "0" : digits(1, random);
    }
    const std::string sign = !type.is_unsigned && random.chance(40) ? "-" : "";
    const std::string left = random.chance(20) ? std::string(whole, '9') : digits(whole, random);
    const std::string right =
        random.chance(20) ? std::string(type.scale, '9') : digits(type.scale, random);
    return fmt::format("{}{}.{}", sign, left.empty() ? "0" : left, right.empty() ? "0" : right);
}

std::string approximate_literal(const Type& type, Random& random) {
    if (type.tame) {
        return fmt::format("{}.5e0", random.below(50));
    }
    static const std::vector<std::string> floats{
        "-0e0", "0.1e0", "3.4028234e38", "-3.4028234e38", "1.17549435e-38", "16777217e0", "1e-45"};
    static const std::vector<std::string> doubles{
        "-0e0",
        "0.1e0",
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "2.2250738585072014e-308",
        "5e-324",
        "9007199254740993e0"};
    if (random.chance(40)) {
        return random.pick(type.name == "float" ? floats : doubles);
    }
    return fmt::format(
        "{}{}.{}e{}",
        random.chance(40) ? "-" : "",
        random.below(10),
        digits(16, random),
        static_cast<int>(random.below(40)) - 20
    );
}

std::string cut(const std::string& text, unsigned characters) {
    std::size_t at = 0;
    for (unsigned count = 0; at < text.size(); ++at) {
        const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
        if (starts && count++ == characters) {
            break;
        }
    }
    return text.substr(0, at);
}

const std::string& random_character(const Repertoire& repertoire, Random& random) {
    static const std::vector<std::string> plain{
        " ", "a", "A", "z", "quote'\"`\\", "100%_", "0", "-1", "NULL", "line\nline\t", "\r"};
    static const std::vector<std::string> western{
        "\xC3\xA1",
        "\xC3\x81 ",
        "Stra\xC3\x9F"
        "e",
        "\xC3\xBF"};
    static const std::vector<std::string> cyrillic{"\xD0\x96", "\xD0\xB6\xD1\x8A"};
    static const std::vector<std::string> chinese{"\xE6\xBC\xA2\xE5\xAD\x97", "\xE4\xBA\x9C"};
    static const std::vector<std::string> bmp{
        "\xCE\xA3\xCF\x82", "\xE2\x82\xAC", "e\xCC\x81", "\xC5\xBF", "\xEF\xBF\xBD"};
    static const std::vector<std::string> all{"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80 "};
    std::vector<const std::vector<std::string>*> choice{&plain};
    const auto add = [&](bool has, const std::vector<std::string>& list) {
        if (has) {
            choice.push_back(&list);
        }
    };
    add(repertoire.western, western);
    add(repertoire.cyrillic, cyrillic);
    add(repertoire.chinese, chinese);
    add(repertoire.all_of_bmp, bmp);
    add(repertoire.all, all);
    return random.pick(*random.pick(choice));
}

std::string random_text(const Repertoire& repertoire, Random& random) {
    const unsigned style = random.below(10);
    if (style == 0) {
        return "";
    }
    if (style == 1) {
        return std::string("nul\0", 4) + digits(1, random);
    }
    if (style < 5) {
        return "r" + digits(5, random) + (random.chance(15) ? "  " : "");
    }
    std::string text;
    const unsigned count = 1 + random.below(4);
    for (unsigned i = 0; i < count; ++i) {
        text += random_character(repertoire, random);
    }
    return text + (random.chance(20) ? " " : "");
}

std::string binary_literal(const Type& type, Random& random) {
    const unsigned limit = type.length > 0 ? type.length : 40;
    std::string bytes;
    if (type.tame) {
        bytes = digits(1, random);
    } else {
        static const std::vector<unsigned char> nasty{0x00, 0xFF, 0x80, 0x20, 0x27, 0x5C};
        const unsigned count = random.below(limit + 1);
        for (unsigned i = 0; i < count; ++i) {
            const unsigned char byte = random.chance(40)
                                           ? random.pick(nasty)
                                           : static_cast<unsigned char>(random.below(256));
            bytes += static_cast<char>(byte);
        }
    }
    return bytes_literal(bytes);
}

std::string fraction(unsigned count, Random& random) {
    return count == 0 ? ""
                      : "." + (random.chance(20) ? std::string(count, '9') : digits(count, random));
}

std::string day_literal(const Type& type, const ValueRules& rules, Random& random) {
    const bool stamp = type.name == "timestamp";
    if (rules.zero_dates && !type.tame && random.chance(15)) {
        const bool partial = !stamp && random.chance(50);
        const char* day = partial ? "2001-00-00" : "0000-00-00";
        return type.kind == Kind::date ? fmt::format("'{}'", day)
                                       : fmt::format("'{} 00:00:00'", day);
    }
    const bool wild = !type.tame && !stamp && random.chance(30);
    const unsigned year = wild ? (random.chance(50) ? 1000 : 9999) : 1971 + random.below(60);
    std::string text =
        fmt::format("{:04}-{:02}-{:02}", year, 1 + random.below(12), 1 + random.below(28));
    if (type.kind == Kind::datetime) {
        // Hours that a change to daylight saving skips are left out: TIMESTAMP refuses them.
        text += fmt::format(
            " {:02}:{:02}:{:02}{}",
            4 + random.below(20),
            random.below(60),
            random.below(60),
            fraction(type.scale, random)
        );
    }
    return "'" + text + "'";
}

std::string time_literal(const Type& type, Random& random) {
    if (!type.tame && random.chance(15)) {
        return random.chance(50) ? "'838:59:59'" : "'-838:59:59'";
    }
    return fmt::format(
        "'{}{:02}:{:02}:{:02}{}'",
        !type.tame && random.chance(30) ? "-" : "",
        random.below(24),
        random.below(60),
        random.below(60),
        fraction(type.scale, random)
    );
}

std::string json_literal(const Type& type, Random& random) {
    if (type.tame) {
        return fmt::format("'{{\"a\": {}}}'", random.below(100));
    }
    static const std::vector<std::string> values{
        "'18446744073709551615'",
        "'-9223372036854775808'",
        "'[1, 1.0, 1e0, \"1\", null, true]'",
        "'{\"a\": 123456789012345678901234567890, \"b\": [1.10, {}]}'",
        "'{\"b\": \"\xF0\x9F\x98\x80\", \"a\": \"\xC3\xA1 \"}'",
        "'null'",
        "'\"\"'",
        "'[]'",
        "'{\"a\": {\"b\": [0.1, -0.0, 1e300]}}'",
        "JSON_OBJECT('a', CAST(12345678901234567890.123456789 AS DECIMAL(65,9)), 'b', 0.1e0)",
        "JSON_ARRAY(CAST('2024-02-29 01:02:03.456789' AS DATETIME(6)), CAST('10:11:12' AS TIME))",
        "JSON_OBJECT('a', CAST(X'00FF' AS JSON), 'b', CAST('2024-01-01' AS DATE))",
        "JSON_ARRAY(1.7976931348623157e308, -0e0, CAST(1.10 AS DECIMAL(10,2)))"};
    return random.pick(values);
}

std::string geometry_literal(const Type& type, Random& random) {
    const unsigned srid = type.has_srid || random.chance(30) ? 4326 : 0;
    const unsigned x = random.below(80);
    const unsigned y = random.below(80);
    const std::string point = fmt::format("POINT({} -{}.25)", x, y);
    const std::string line = fmt::format("LINESTRING({0} {1}, {2} {1}.5)", x, y, x + 3);
    const std::string polygon =
        fmt::format("POLYGON(({0} {1}, {2} {1}, {2} {3}, {0} {1}))", x, y, x + 2, y + 2);
    std::string text = point;
    if (type.name == "linestring") {
        text = line;
    } else if (type.name == "polygon") {
        text = polygon;
    } else if (type.name == "geometrycollection") {
        text = fmt::format("GEOMETRYCOLLECTION({}, {})", point, line);
    } else if (type.name == "geometry") {
        const std::vector<std::string> any{point, line, polygon};
        text = random.pick(any);
    }
    return fmt::format("ST_GeomFromText('{}', {})", text, srid);
}

std::string vector_literal(const Type& type, Random& random) {
    std::string bytes;
    for (unsigned i = 0; i < type.length; ++i) {
        bytes += std::string("\x00\x00", 2) + static_cast<char>(random.below(128)) +
                 static_cast<char>(random.chance(50) ? 0x3F : 0xBF);
    }
    return bytes_literal(bytes);
}

std::string bit_literal(const Type& type, Random& random) {
    const std::uint64_t all = ~std::uint64_t{0} >> (64 - type.length);
    if (type.tame) {
        return std::to_string(random.below(8) & all);
    }
    return std::to_string(random.chance(20) ? all : random.next() & all);
}

std::string element_literal(const Type& type, Random& random) {
    if (type.kind == Kind::enumeration) {
        return "'" + random.pick(type.elements) + "'";
    }
    std::string list;
    for (const std::string& element : type.elements) {
        if (random.chance(40)) {
            list += (list.empty() ? "" : ",") + element;
        }
    }
    return "'" + list + "'";
}

}  // namespace

std::string bytes_literal(const std::string& bytes) {
    return "X'" + hex(bytes) + "'";
}

std::string text_literal(const Repertoire& repertoire, unsigned length, bool tame, Random& random) {
    std::string text = tame ? std::to_string(random.below(100)) : random_text(repertoire, random);
    if (length > 0) {
        text = cut(text, length);
    }
    return text.empty() ? "''" : "_utf8mb4 " + bytes_literal(text);
}

std::string random_literal(const Type& type, const ValueRules& rules, Random& random) {
    const bool long_one = type.name.starts_with("medium") || type.name.starts_with("long");
    if (type.large() && long_one && !type.tame && random.chance(3)) {
        return fmt::format("REPEAT({}, 30000)", random.chance(50) ? "X'61'" : "'long '");
    }
    switch (type.kind) {
        case Kind::integer:
            return integer_literal(type, random);
        case Kind::decimal:
            return decimal_literal(type, random);
        case Kind::approximate:
            return approximate_literal(type, random);
        case Kind::bit:
            return bit_literal(type, random);
        case Kind::text:
            return text_literal(repertoire_of(type.charset), type.length, type.tame, random);
        case Kind::binary:
            return binary_literal(type, random);
        case Kind::enumeration:
        case Kind::set:
            return element_literal(type, random);
        case Kind::date:
        case Kind::datetime:
            return day_literal(type, rules, random);
        case Kind::time:
            return time_literal(type, random);
        case Kind::year:
            return !type.tame && random.chance(15) ? "0" : std::to_string(1901 + random.below(255));
        case Kind::json:
            return json_literal(type, random);
        case Kind::geometry:
            return geometry_literal(type, random);
        case Kind::vector:
            return vector_literal(type, random);
    }
    return "NULL";
}

std::string random_default(const Type& type, Random& random) {
    switch (type.kind) {
        case Kind::json:
            return "(JSON_ARRAY(1, 2.50, NULL))";
        case Kind::geometry:
            return fmt::format("({})", geometry_literal(type, random));
        case Kind::vector:
            return "(X'" + hex(std::string(4 * std::size_t{type.length}, '\0')) + "')";
        case Kind::text:
            if (type.large()) {
                return "('d')";
            }
            return random.chance(50) ? "'d '" : "(CONCAT('x', 'y'))";
        case Kind::binary:
            return type.large() ? "(X'00')" : "'b'";
        case Kind::integer:
            return random.chance(70) ? "'7'" : "(3 + 4)";
        case Kind::decimal:
            return "'0'";
        case Kind::approximate:
            return "'1.5'";
        case Kind::bit:
            return "b'1'";
        case Kind::enumeration:
        case Kind::set:
            return "'" + type.elements.front() + "'";
        case Kind::date:
            return random.chance(70) ? "'2020-02-29'" : "(DATE '2020-01-01')";
        case Kind::datetime:
            return "'2020-02-29 12:00:00'";
        case Kind::time:
            return "'-01:00:00'";
        case Kind::year:
            return "'2020'";
    }
    return "NULL";
}

}  // namespace doppel::differential
