// SPDX-License-Identifier: Apache-2.0
#include "mysql/key.hpp"

#include "base/byte_reader.hpp"
#include "base/hex.hpp"
#include "doppel/error.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace doppel::mysql {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
constexpr std::size_t kDescribedBytesMax = 40;

bool is_integer(KeyKind kind) {
    return kind == KeyKind::signed_integer || kind == KeyKind::unsigned_integer ||
           kind == KeyKind::year || kind == KeyKind::enumeration || kind == KeyKind::set ||
           kind == KeyKind::bits;
}

/// Dates and times of one column have one length, so their text sorts as they do. Not so for TIME,
/// which has a sign and up to three digits of hours.
bool is_exactly_comparable(const KeyColumn& column) {
    switch (column.kind) {
        case KeyKind::signed_integer:
        case KeyKind::unsigned_integer:
        case KeyKind::binary_string:
        case KeyKind::date:
        case KeyKind::datetime:
        case KeyKind::timestamp:
        case KeyKind::year:
        case KeyKind::enumeration:
        case KeyKind::set:
        case KeyKind::bits:
            return true;
        case KeyKind::text:
        case KeyKind::decimal:
        case KeyKind::time:
            return false;
    }
    return false;
}

void append_big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
    for (unsigned shift = bytes * 8; shift > 0; shift -= 8) {
        out.push_back(static_cast<char>((value >> (shift - 8)) & 0xff));
    }
}

/// Undoes the 00 FF escapes of a VARBINARY value up to its 00 00.
std::string read_escaped(base::ByteReader& reader) {
    std::string value;
    while (reader.ok() && !reader.at_end()) {
        const auto byte = reader.u8();
        if (byte != 0) {
            value.push_back(static_cast<char>(byte));
            continue;
        }
        switch (reader.u8()) {
            case 0x00:
                return value;
            case 0xff:
                value.push_back('\0');
                break;
            default:
                reader.fail();
                return value;
        }
    }
    reader.fail();
    return value;
}

/// The value of one column: the digits of an integer, the bytes of a string, the text of the rest.
std::string read_value(base::ByteReader& reader, const KeyColumn& column) {
    switch (column.kind) {
        case KeyKind::signed_integer:
            return std::to_string(static_cast<std::int64_t>(reader.big_endian(8) ^ kSignBit));
        case KeyKind::unsigned_integer:
        case KeyKind::year:
        case KeyKind::enumeration:
        case KeyKind::set:
        case KeyKind::bits:
            return std::to_string(reader.big_endian(8));
        case KeyKind::binary_string:
            return column.fixed_length_bytes > 0
                       ? std::string(reader.bytes(column.fixed_length_bytes))
                       : read_escaped(reader);
        case KeyKind::text:
        case KeyKind::decimal:
        case KeyKind::date:
        case KeyKind::time:
        case KeyKind::datetime:
        case KeyKind::timestamp:
            return std::string(reader.bytes(reader.big_endian(4)));
    }
    reader.fail();
    return {};
}

std::vector<std::string> read_values(const Key& key, const std::vector<KeyColumn>& columns) {
    base::ByteReader reader(key.bytes);
    std::vector<std::string> values;
    values.reserve(columns.size());
    for (const auto& column : columns) {
        values.push_back(read_value(reader, column));
    }
    if (!reader.ok() || !reader.at_end()) {
        throw Error(Errc::failed, "internal error: a key does not have the shape of its table");
    }
    return values;
}

bool consists_of(std::string_view text, std::string_view characters) {
    return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// Whether a value that came as text may be written into a statement as it is.
bool is_plain_value(KeyKind kind, std::string_view text) {
    constexpr std::size_t kLongest = 100;
    if (text.size() > kLongest) {
        return false;
    }
    switch (kind) {
        case KeyKind::decimal:
            return consists_of(text, "0123456789-.");
        case KeyKind::date:
            return text.size() == 10 && consists_of(text, "0123456789-");
        case KeyKind::time:
            return consists_of(text, "0123456789-:.");
        case KeyKind::datetime:
        case KeyKind::timestamp:
            return text.size() >= 19 && consists_of(text, "0123456789-:. ");
        default:
            return true;
    }
}

std::string literal(const KeyColumn& column, const std::string& value) {
    switch (column.kind) {
        case KeyKind::binary_string:
            return "x'" + base::to_hex(value) + "'";
        case KeyKind::text:
            if (!consists_of(column.charset, "abcdefghijklmnopqrstuvwxyz0123456789_")) {
                throw Error(
                    Errc::failed,
                    "internal error: key column " + column.name + " has no known charset"
                );
            }
            return "_" + column.charset + " x'" + base::to_hex(value) + "'";
        case KeyKind::date:
        case KeyKind::time:
        case KeyKind::datetime:
        case KeyKind::timestamp:
        case KeyKind::decimal:
            if (!is_plain_value(column.kind, value)) {
                throw Error(
                    Errc::failed,
                    "internal error: key column " + column.name + " holds a malformed value"
                );
            }
            return column.kind == KeyKind::decimal ? value : "'" + value + "'";
        default:
            return value;
    }
}

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// False when `text` is no value of the column.
bool append_text_value(std::string& out, const KeyColumn& column, const std::string& text) {
    if (column.kind == KeyKind::signed_integer) {
        const auto value = parse_integer<std::int64_t>(text);
        KeyShape::append_signed(out, value.value_or(0));
        return value.has_value();
    }
    if (is_integer(column.kind)) {
        const auto value = parse_integer<std::uint64_t>(text);
        KeyShape::append_unsigned(out, value.value_or(0));
        return value.has_value();
    }
    if (column.kind == KeyKind::binary_string || column.kind == KeyKind::text) {
        const auto bytes = base::from_hex(text);
        if (!bytes) {
            return false;
        }
        if (column.kind == KeyKind::text) {
            KeyShape::append_opaque(out, *bytes);
            return true;
        }
        KeyShape::append_binary(out, *bytes, column.fixed_length_bytes);
        return column.fixed_length_bytes == 0 || bytes->size() <= column.fixed_length_bytes;
    }
    KeyShape::append_opaque(out, text);
    return is_plain_value(column.kind, text);
}

std::string described(const KeyColumn& column, const std::string& value) {
    if (column.kind != KeyKind::binary_string && column.kind != KeyKind::text) {
        return is_integer(column.kind) || column.kind == KeyKind::decimal ? value
                                                                          : "'" + value + "'";
    }
    const std::string shown = value.substr(0, kDescribedBytesMax);
    const std::string dots = shown.size() < value.size() ? ".." : "";
    const bool plain =
        std::all_of(shown.begin(), shown.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (plain && column.kind == KeyKind::text) {
        return "'" + shown + dots + "'";
    }
    return "x'" + base::to_hex(shown) + dots + "'";
}

}  // namespace

KeyShape::KeyShape(std::vector<KeyColumn> columns)
    : columns_(std::move(columns)),
      exactly_comparable_(std::all_of(columns_.begin(), columns_.end(), is_exactly_comparable)) {}

void KeyShape::append_signed(std::string& out, std::int64_t value) {
    append_unsigned(out, static_cast<std::uint64_t>(value) ^ kSignBit);
}

void KeyShape::append_unsigned(std::string& out, std::uint64_t value) {
    append_big_endian(out, value, 8);
}

void KeyShape::append_binary(
    std::string& out, std::string_view value, std::size_t fixed_length_bytes
) {
    if (fixed_length_bytes > 0) {
        value = value.substr(0, fixed_length_bytes);
        out.append(value);
        out.append(fixed_length_bytes - value.size(), '\0');
        return;
    }
    for (const char byte : value) {
        out.push_back(byte);
        if (byte == '\0') {
            out.push_back('\xff');
        }
    }
    out.append(2, '\0');
}

void KeyShape::append_opaque(std::string& out, std::string_view value) {
    append_big_endian(out, value.size(), 4);
    out.append(value);
}

std::vector<std::string> KeyShape::select_expressions(std::string_view qualifier) const {
    std::vector<std::string> expressions;
    expressions.reserve(columns_.size());
    for (const auto& column : columns_) {
        const std::string name = std::string(qualifier) + quote_identifier(column.name);
        switch (column.kind) {
            case KeyKind::binary_string:
            case KeyKind::text:
                expressions.push_back("HEX(" + name + ")");
                break;
            case KeyKind::date:
            case KeyKind::time:
            case KeyKind::datetime:
            case KeyKind::timestamp:
                expressions.push_back("CAST(" + name + " AS CHAR)");
                break;
            case KeyKind::enumeration:
            case KeyKind::set:
            case KeyKind::bits:
                expressions.push_back("CAST(" + name + " AS UNSIGNED)");
                break;
            default:
                expressions.push_back(name);
                break;
        }
    }
    return expressions;
}

base::Result<Key> KeyShape::encode_text(const std::vector<std::optional<std::string>>& values
) const {
    if (values.size() != columns_.size()) {
        return base::Failure{"a key with another number of columns"};
    }
    Key key;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!values[i]) {
            return base::Failure{"key column " + columns_[i].name + " is NULL", i};
        }
        if (!append_text_value(key.bytes, columns_[i], *values[i])) {
            return base::Failure{"key column " + columns_[i].name + " has a malformed value", i};
        }
    }
    return key;
}

bool KeyShape::needs_utc() const noexcept {
    return std::any_of(columns_.begin(), columns_.end(), [](const KeyColumn& column) {
        return column.kind == KeyKind::timestamp;
    });
}

std::vector<std::string> KeyShape::values(const Key& key) const {
    return read_values(key, columns_);
}

std::vector<std::string> KeyShape::literals(const Key& key) const {
    auto values = read_values(key, columns_);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = literal(columns_[i], values[i]);
    }
    return values;
}

std::string KeyShape::describe(const Key& key) const {
    const auto values = read_values(key, columns_);
    std::string text = "(";
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += (i == 0 ? "" : ", ") + described(columns_[i], values[i]);
    }
    return text + ")";
}

}  // namespace doppel::mysql
