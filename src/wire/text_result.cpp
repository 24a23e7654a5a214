// SPDX-License-Identifier: Apache-2.0
#include "wire/text_result.hpp"

#include "base/byte_reader.hpp"
#include "wire/capabilities.hpp"
#include "wire/packet.hpp"

#include <utility>

namespace doppel::wire {

namespace {

constexpr std::uint8_t kNullValue = 0xfb;

// MAX_FIELDS of the server's sql/sql_const.h.
constexpr std::size_t kMaxColumns = 4096;

}  // namespace

TextResult::TextResult(std::uint32_t capabilities, std::size_t max_bytes)
    : deprecate_eof_((capabilities & capability::kDeprecateEof) != 0), bytes_left_(max_bytes) {}

base::Result<TextResult::Step> TextResult::on_packet(std::string_view payload) {
    if (is_err(payload) && state_ != State::finished) {
        auto err = parse_err(payload);
        if (!err) {
            return err.failure();
        }
        error_ = std::move(err).value();
        state_ = State::finished;
        return Step::error;
    }
    switch (state_) {
        case State::first:
            return on_first(payload);
        case State::columns:
            return on_column(payload);
        case State::columns_end:
            if (!parse_eof(payload)) {
                return base::Failure{"no EOF packet behind the columns of a result", 0};
            }
            state_ = State::rows;
            return Step::read;
        case State::rows:
            return on_row(payload);
        case State::finished:
            break;
    }
    return base::Failure{"a packet behind the end of a result", 0};
}

base::Result<TextResult::Step> TextResult::on_first(std::string_view payload) {
    if (is_ok(payload)) {
        const auto ok = parse_ok(payload);
        if (!ok) {
            return ok.failure();
        }
        return finish(ok->status);
    }
    base::ByteReader reader(payload);
    const std::uint64_t count = reader.length_encoded();
    if (!reader.ok() || !reader.at_end() || count == 0 || count > kMaxColumns) {
        return base::Failure{"a result starts with no valid number of columns", 0};
    }
    column_count_ = static_cast<std::size_t>(count);
    state_ = State::columns;
    return Step::read;
}

base::Result<TextResult::Step> TextResult::on_column(std::string_view payload) {
    base::ByteReader reader(payload);
    for (int i = 0; i < 4; ++i) {
        (void)reader.length_encoded_string();  // catalog, schema, table, original table
    }
    const auto name = reader.length_encoded_string();
    (void)reader.length_encoded_string();  // original name
    const std::uint64_t fixed_part_bytes = reader.length_encoded();
    constexpr std::size_t kFixedPartBytes = 12;
    reader.skip(kFixedPartBytes);
    if (!reader.ok() || fixed_part_bytes != kFixedPartBytes) {
        return base::Failure{"malformed column of a result", reader.position()};
    }
    names_.emplace_back(name);
    if (names_.size() == column_count_) {
        state_ = deprecate_eof_ ? State::rows : State::columns_end;
    }
    return Step::read;
}

bool TextResult::ends_rows(std::string_view payload) const noexcept {
    if (!deprecate_eof_) {
        return is_eof(payload);
    }
    // A row starts with this byte only if its first value takes more than a whole frame.
    return !payload.empty() && static_cast<std::uint8_t>(payload.front()) == kEofHeader &&
           payload.size() < kMaxFramePayloadBytes;
}

base::Result<TextResult::Step> TextResult::on_row(std::string_view payload) {
    if (ends_rows(payload)) {
        if (deprecate_eof_) {
            const auto ok = parse_ok(payload);
            return ok ? finish(ok->status) : base::Result<Step>(ok.failure());
        }
        const auto eof = parse_eof(payload);
        return eof ? finish(eof->status) : base::Result<Step>(eof.failure());
    }
    const std::size_t cost =
        payload.size() + sizeof(TextRow) + column_count_ * sizeof(TextRow::value_type);
    if (cost > bytes_left_) {
        return base::Failure{"the result is larger than the limit", 0};
    }
    bytes_left_ -= cost;
    base::ByteReader reader(payload);
    TextRow row;
    row.reserve(column_count_);
    for (std::size_t i = 0; i < column_count_ && reader.ok(); ++i) {
        const std::string_view next = payload.substr(reader.position(), 1);
        if (!next.empty() && static_cast<std::uint8_t>(next.front()) == kNullValue) {
            reader.skip(1);
            row.emplace_back();
        } else {
            row.emplace_back(reader.length_encoded_string());
        }
    }
    if (!reader.ok() || !reader.at_end()) {
        return base::Failure{"malformed row of a result", reader.position()};
    }
    rows_.push_back(std::move(row));
    return Step::read;
}

base::Result<TextResult::Step> TextResult::finish(std::uint16_t status) {
    state_ = State::finished;
    if ((status & kStatusMoreResults) != 0) {
        return base::Failure{"the server announces a second result, which was not asked for", 0};
    }
    return Step::done;
}

}  // namespace doppel::wire
