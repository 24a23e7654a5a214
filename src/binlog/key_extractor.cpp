// SPDX-License-Identifier: Apache-2.0
#include "binlog/key_extractor.hpp"

#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

namespace doppel::binlog {
namespace {

using mysql::KeyKind;

std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) {
        value = (value << 8) | static_cast<unsigned char>(byte);
    }
    return value;
}

std::int64_t sign_extended(std::uint64_t value, std::size_t bytes) {
    const unsigned shift = 64 - 8 * static_cast<unsigned>(bytes);
    return static_cast<std::int64_t>(value << shift) >> shift;
}

/// A small text made without allocation.
class Text final {
public:
    void character(char c) { buffer_[size_++] = c; }
    /// At least `width` digits.
    void number(std::uint64_t value, std::size_t width) {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        const auto count = static_cast<std::size_t>(end - digits.data());
        for (std::size_t i = count; i < width; ++i) {
            character('0');
        }
        for (std::size_t i = 0; i < count; ++i) {
            character(digits[i]);
        }
    }
    [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }

private:
    std::array<char, 128> buffer_{};
    std::size_t size_ = 0;
};

void append_date(Text& text, std::uint64_t year, std::uint64_t month, std::uint64_t day) {
    text.number(year, 4);
    text.character('-');
    text.number(month, 2);
    text.character('-');
    text.number(day, 2);
}

void append_time(Text& text, std::uint64_t hour, std::uint64_t minute, std::uint64_t second) {
    text.number(hour, 2);
    text.character(':');
    text.number(minute, 2);
    text.character(':');
    text.number(second, 2);
}

/// ".123" with `digits` digits of `microseconds`.
void append_fraction(Text& text, std::uint64_t microseconds, std::uint16_t digits) {
    if (digits == 0) {
        return;
    }
    for (std::uint16_t i = digits; i < 6; ++i) {
        microseconds /= 10;
    }
    text.character('.');
    text.number(microseconds, digits);
}

/// The fraction behind a temporal value: 1 byte of hundredths, 2 of ten-thousandths, 3 of
/// millionths (mysys/my_time.cc: my_datetime_packed_from_binary and its like).
std::uint64_t fraction_scale(std::size_t bytes) {
    switch (bytes) {
        case 1:
            return 10'000;
        case 2:
            return 100;
        default:
            return 1;
    }
}

bool print_date(std::string_view bytes, Text& text) {
    const std::uint64_t value = little_endian(bytes);
    append_date(text, value >> 9, (value >> 5) & 15, value & 31);
    return true;
}

bool print_datetime2(std::string_view bytes, std::uint16_t digits, Text& text) {
    constexpr std::uint64_t kOffset = 0x8000000000ULL;
    const std::uint64_t packed = big_endian(bytes.substr(0, 5));
    if (packed < kOffset) {
        return false;
    }
    const std::uint64_t value = packed - kOffset;
    const std::uint64_t months = value >> 22;
    append_date(text, months / 13, months % 13, (value >> 17) & 31);
    text.character(' ');
    append_time(text, (value >> 12) & 31, (value >> 6) & 63, value & 63);
    const auto fraction = bytes.substr(5);
    append_fraction(text, big_endian(fraction) * fraction_scale(fraction.size()), digits);
    return true;
}

bool print_datetime_old(std::string_view bytes, Text& text) {
    const std::uint64_t value = little_endian(bytes);
    const std::uint64_t date = value / 1'000'000;
    const std::uint64_t time = value % 1'000'000;
    if (date > 99'991'231) {
        return false;
    }
    append_date(text, date / 10'000, date / 100 % 100, date % 100);
    text.character(' ');
    append_time(text, time / 10'000, time / 100 % 100, time % 100);
    return true;
}

/// Seconds since 1970 as UTC; 0 is the zero date. The calendar is computed from 0000-03-01 on, so
/// that the leap day is the last of its year.
void print_epoch(std::uint64_t seconds, Text& text) {
    if (seconds == 0) {
        append_date(text, 0, 0, 0);
        text.character(' ');
        append_time(text, 0, 0, 0);
        return;
    }
    constexpr std::uint64_t kDay = 86'400;
    constexpr std::uint64_t kDaysTo1970 = 719'468;
    const std::uint64_t days = seconds / kDay + kDaysTo1970;
    const std::uint64_t era = days / 146'097;
    const std::uint64_t day_of_era = days % 146'097;
    const std::uint64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::uint64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::uint64_t march_month = (5 * day_of_year + 2) / 153;
    const std::uint64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const std::uint64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    append_date(text, era * 400 + year_of_era + (month <= 2 ? 1 : 0), month, day);
    text.character(' ');
    const std::uint64_t rest = seconds % kDay;
    append_time(text, rest / 3'600, rest / 60 % 60, rest % 60);
}

bool print_timestamp2(std::string_view bytes, std::uint16_t digits, Text& text) {
    print_epoch(big_endian(bytes.substr(0, 4)), text);
    const auto fraction = bytes.substr(4);
    append_fraction(text, big_endian(fraction) * fraction_scale(fraction.size()), digits);
    return true;
}

/// Whole part and fraction are one offset number: a negative time is the complement of both.
bool print_time2(std::string_view bytes, std::uint16_t digits, Text& text) {
    const std::size_t fraction_bytes = bytes.size() - 3;
    const std::int64_t offset = std::int64_t{0x800000} << (8 * fraction_bytes);
    const std::int64_t packed = static_cast<std::int64_t>(big_endian(bytes)) - offset;
    const auto magnitude = static_cast<std::uint64_t>(std::abs(packed));
    const std::uint64_t whole = magnitude >> (8 * fraction_bytes);
    const std::uint64_t fraction = magnitude & ((std::uint64_t{1} << (8 * fraction_bytes)) - 1);
    if (packed < 0) {
        text.character('-');
    }
    append_time(text, (whole >> 12) & 1023, (whole >> 6) & 63, whole & 63);
    append_fraction(text, fraction * fraction_scale(fraction_bytes), digits);
    return true;
}

bool print_time_old(std::string_view bytes, Text& text) {
    const std::int64_t packed = sign_extended(little_endian(bytes), 3);
    const auto magnitude = static_cast<std::uint64_t>(std::abs(packed));
    if (packed < 0) {
        text.character('-');
    }
    append_time(text, magnitude / 10'000, magnitude / 100 % 100, magnitude % 100);
    return true;
}

/// Reads the groups of up to 9 digits of a packed decimal (strings/decimal.cc: bin2decimal): big
/// endian, the first bit inverted, all bits inverted when negative.
class DecimalGroups final {
public:
    explicit DecimalGroups(std::string_view bytes)
        : bytes_(bytes), negative_((static_cast<unsigned char>(bytes[0]) & 0x80) == 0) {}

    [[nodiscard]] bool negative() const { return negative_; }
    [[nodiscard]] bool ok() const { return ok_; }

    std::uint64_t next(std::size_t digits) {
        constexpr std::array<std::size_t, 10> kBytes{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
        std::uint64_t value = 0;
        std::uint64_t limit = 1;
        for (std::size_t i = 0; i < kBytes[digits]; ++i, ++at_) {
            auto byte = static_cast<unsigned char>(bytes_[at_]);
            byte = static_cast<unsigned char>(at_ == 0 ? byte ^ 0x80 : byte);
            value = (value << 8) | static_cast<unsigned char>(negative_ ? ~byte : byte);
        }
        for (std::size_t i = 0; i < digits; ++i) {
            limit *= 10;
        }
        ok_ = ok_ && value < limit;
        return value;
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool negative_ = false;
    bool ok_ = true;
};

bool print_decimal(std::string_view bytes, std::size_t precision, std::size_t scale, Text& text) {
    DecimalGroups groups(bytes);
    if (groups.negative()) {
        text.character('-');
    }
    const std::size_t whole = precision - scale;
    bool leading = true;
    const auto print_whole = [&](std::size_t digits) {
        const std::uint64_t value = groups.next(digits);
        if (!groups.ok() || (leading && value == 0)) {
            return;
        }
        text.number(value, leading ? 1 : digits);
        leading = false;
    };
    if (whole % 9 > 0) {
        print_whole(whole % 9);
    }
    for (std::size_t i = 0; i < whole / 9; ++i) {
        print_whole(9);
    }
    if (leading) {
        text.character('0');
    }
    if (scale > 0) {
        text.character('.');
    }
    for (std::size_t rest = scale; rest > 0 && groups.ok();) {
        const std::size_t digits = rest < 9 ? rest : 9;
        const std::uint64_t value = groups.next(digits);
        if (groups.ok()) {
            text.number(value, digits);
        }
        rest -= digits;
    }
    return groups.ok();
}

bool is_integer_type(ColumnType type) {
    return type == ColumnType::tiny || type == ColumnType::short_integer ||
           type == ColumnType::int24 || type == ColumnType::long_integer ||
           type == ColumnType::longlong;
}

bool can_hold(const Column& column, KeyKind kind) {
    const auto type = column.type;
    switch (kind) {
        case KeyKind::signed_integer:
            return is_integer_type(type) && !column.is_unsigned.value_or(false);
        case KeyKind::unsigned_integer:
            return is_integer_type(type) && column.is_unsigned.value_or(true);
        case KeyKind::binary_string:
        case KeyKind::text:
            return type == ColumnType::varchar || type == ColumnType::var_string ||
                   type == ColumnType::string;
        case KeyKind::decimal:
            return type == ColumnType::newdecimal;
        case KeyKind::date:
            return type == ColumnType::date || type == ColumnType::newdate;
        case KeyKind::time:
            return type == ColumnType::time2 || type == ColumnType::time_old;
        case KeyKind::datetime:
            return type == ColumnType::datetime2 || type == ColumnType::datetime_old;
        case KeyKind::timestamp:
            return type == ColumnType::timestamp2 || type == ColumnType::timestamp_old;
        case KeyKind::year:
            return type == ColumnType::year;
        case KeyKind::enumeration:
            return type == ColumnType::enumeration;
        case KeyKind::set:
            return type == ColumnType::set;
        case KeyKind::bits:
            return type == ColumnType::bit;
    }
    return false;
}

/// Prints a value whose text is the key. False: no value of its type.
bool print(
    ColumnType type, std::uint16_t length, std::uint8_t scale, std::string_view bytes, Text& text
) {
    switch (type) {
        case ColumnType::date:
        case ColumnType::newdate:
            return print_date(bytes, text);
        case ColumnType::datetime2:
            return print_datetime2(bytes, length, text);
        case ColumnType::datetime_old:
            return print_datetime_old(bytes, text);
        case ColumnType::timestamp2:
            return print_timestamp2(bytes, length, text);
        case ColumnType::timestamp_old:
            print_epoch(little_endian(bytes), text);
            return true;
        case ColumnType::time2:
            return print_time2(bytes, length, text);
        case ColumnType::time_old:
            return print_time_old(bytes, text);
        case ColumnType::newdecimal:
            return print_decimal(bytes, length, scale, text);
        default:
            return false;
    }
}

}  // namespace

base::Result<KeyExtractor> KeyExtractor::make(
    const TableMap& table, const TableInterest& interest
) {
    const auto& key_columns = interest.shape->columns();
    const auto& ordinals = interest.ordinals;
    const auto& defaults = interest.defaults;
    if (ordinals.size() != key_columns.size() ||
        (!defaults.empty() && defaults.size() != key_columns.size())) {
        return base::Failure{"the key has another number of columns than positions or defaults"};
    }
    KeyExtractor extractor;
    for (std::size_t i = 0; i < ordinals.size(); ++i) {
        const auto& wanted = key_columns[i];
        if (ordinals[i] >= table.columns.size()) {
            return base::Failure{fmt::format(
                "key column {} of {}.{} is not in its row events",
                wanted.name,
                table.schema,
                table.table
            )};
        }
        const auto& column = table.columns[ordinals[i]];
        if (!can_hold(column, wanted.kind)) {
            return base::Failure{fmt::format(
                "key column {} of {}.{} has type {} in the binlog, which was not planned",
                wanted.name,
                table.schema,
                table.table,
                to_string(column.type)
            )};
        }
        extractor.parts_.push_back(
            {column.type,
             column.length,
             column.scale,
             wanted.kind,
             wanted.fixed_length_bytes,
             defaults.empty() ? std::nullopt : defaults[i]}
        );
    }
    return extractor;
}

const char* KeyExtractor::append_part(const Part& part, std::string_view bytes, std::string& out) {
    switch (part.kind) {
        case KeyKind::signed_integer:
            mysql::KeyShape::append_signed(out, sign_extended(little_endian(bytes), bytes.size()));
            break;
        case KeyKind::unsigned_integer:
        case KeyKind::enumeration:
        case KeyKind::set:
            mysql::KeyShape::append_unsigned(out, little_endian(bytes));
            break;
        case KeyKind::bits:
            mysql::KeyShape::append_unsigned(out, big_endian(bytes));
            break;
        case KeyKind::year: {
            const std::uint64_t year = little_endian(bytes);
            mysql::KeyShape::append_unsigned(out, year == 0 ? 0 : year + 1900);
            break;
        }
        case KeyKind::binary_string:
            if (part.fixed_length_bytes > 0 && bytes.size() > part.fixed_length_bytes) {
                return "a BINARY key value is longer than its column";
            }
            mysql::KeyShape::append_binary(out, bytes, part.fixed_length_bytes);
            break;
        case KeyKind::text:
            mysql::KeyShape::append_opaque(out, bytes);
            break;
        case KeyKind::decimal:
        case KeyKind::date:
        case KeyKind::time:
        case KeyKind::datetime:
        case KeyKind::timestamp: {
            Text text;
            if (!print(part.type, part.length, part.scale, bytes, text)) {
                return "a key value is malformed";
            }
            mysql::KeyShape::append_opaque(out, text.view());
            break;
        }
    }
    return nullptr;
}

const char* KeyExtractor::append(
    const std::vector<PickedValue>& values, bool use_defaults, std::string& out
) const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Part& part = parts_[i];
        switch (values[i].state) {
            case PickedValue::State::present:
                if (const char* failure = append_part(part, values[i].bytes, out)) {
                    return failure;
                }
                break;
            case PickedValue::State::null:
                return "a key column is NULL";
            case PickedValue::State::absent:
                if (!use_defaults || !part.encoded_default) {
                    return "a key column is not in the row image (binlog_row_image is not FULL)";
                }
                out.append(*part.encoded_default);
                break;
        }
    }
    return nullptr;
}

}  // namespace doppel::binlog
