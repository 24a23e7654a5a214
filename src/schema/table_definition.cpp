// SPDX-License-Identifier: Apache-2.0
#include "schema/table_definition.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace doppel::schema {
namespace {

struct CaseRange {
    unsigned first;
    unsigned last;
    int distance;  ///< 0: upper and lower case alternate, beginning with `first`
};

// The two-byte part of UTF-8 as far as letters have a case in utf8mb3_general_ci, the collation of
// identifiers (strings/ctype-utf8.cc, my_unicase_default).
constexpr std::array<CaseRange, 18> kCaseRanges{{
    {0x00C0, 0x00D6, 32},
    {0x00D8, 0x00DE, 32},
    {0x0100, 0x012F, 0},
    {0x0132, 0x0137, 0},
    {0x0139, 0x0148, 0},
    {0x014A, 0x0177, 0},
    {0x0179, 0x017E, 0},
    {0x0386, 0x0386, 38},
    {0x0388, 0x038A, 37},
    {0x038C, 0x038C, 64},
    {0x038E, 0x038F, 63},
    {0x0391, 0x03A1, 32},
    {0x03A3, 0x03AB, 32},
    {0x0400, 0x040F, 80},
    {0x0410, 0x042F, 32},
    {0x0460, 0x0481, 0},
    {0x048A, 0x04BF, 0},
    {0x0178, 0x0178, -121},
}};

unsigned fold(unsigned code_point) {
    for (const CaseRange& range : kCaseRanges) {
        if (code_point < range.first || code_point > range.last) {
            continue;
        }
        if (range.distance != 0) {
            return static_cast<unsigned>(static_cast<int>(code_point) + range.distance);
        }
        return (code_point - range.first) % 2 == 0 ? code_point + 1 : code_point;
    }
    return code_point;
}

std::string fold_identifier(std::string_view name) {
    std::string folded = base::to_lower_ascii(name);
    for (std::size_t i = 0; i + 1 < folded.size(); ++i) {
        const auto lead = static_cast<unsigned char>(folded[i]);
        const auto trail = static_cast<unsigned char>(folded[i + 1]);
        if ((lead & 0xE0U) != 0xC0U || (trail & 0xC0U) != 0x80U) {
            continue;
        }
        const unsigned code_point = fold(((lead & 0x1FU) << 6U) | (trail & 0x3FU));
        folded[i] = static_cast<char>(0xC0U | (code_point >> 6U));
        folded[i + 1] = static_cast<char>(0x80U | (code_point & 0x3FU));
        ++i;
    }
    return folded;
}

}  // namespace

bool same_identifier(std::string_view a, std::string_view b) {
    return fold_identifier(a) == fold_identifier(b);
}

bool Column::is_integer() const {
    return data_type == "tinyint" || data_type == "smallint" || data_type == "mediumint" ||
           data_type == "int" || data_type == "bigint";
}

bool Column::is_unsigned() const {
    return type.find(" unsigned") != std::string::npos;
}

const Column* TableDefinition::column(std::string_view column_name) const {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& candidate) {
        return same_identifier(candidate.name, column_name);
    });
    return found == columns.end() ? nullptr : &*found;
}

const Index* TableDefinition::index(std::string_view index_name) const {
    const auto found = std::find_if(indexes.begin(), indexes.end(), [&](const Index& candidate) {
        return same_identifier(candidate.name, index_name);
    });
    return found == indexes.end() ? nullptr : &*found;
}

const Column* TableDefinition::auto_increment_column() const {
    const auto found = std::find_if(columns.begin(), columns.end(), [](const Column& candidate) {
        return candidate.auto_increment;
    });
    return found == columns.end() ? nullptr : &*found;
}

}  // namespace doppel::schema
