// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "wire/response.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::wire {

using TextRow = std::vector<std::optional<std::string>>;

/// Collects the answer to one COM_QUERY, packet by packet (MySQL Internals, "Text Resultset"):
///
///   answer := OK | ERR | column_count column{n} [ EOF ] row{*} ( EOF | OK | ERR )
///
/// where EOF is used without CLIENT_DEPRECATE_EOF and the last OK has the EOF header. Malformed
/// packets and results above the limit fail; the connection is then of no use. Several results and
/// LOCAL INFILE are malformed here, as no capability of ours allows them.
class TextResult final {
public:
    /// `capabilities`: as agreed. `max_bytes`: limit of the values held, their bookkeeping
    /// included.
    TextResult(std::uint32_t capabilities, std::size_t max_bytes);

    enum class Step {
        read,  ///< the answer goes on
        done,  ///< all of it is here
        error  ///< the server refused: see error()
    };
    /// Must not be called again after done, error or a failure.
    [[nodiscard]] base::Result<Step> on_packet(std::string_view payload);

    [[nodiscard]] const std::vector<std::string>& column_names() const noexcept { return names_; }
    [[nodiscard]] const std::vector<TextRow>& rows() const noexcept { return rows_; }
    [[nodiscard]] std::vector<TextRow> take_rows() noexcept { return std::move(rows_); }
    /// Set after Step::error only.
    [[nodiscard]] const ErrPacket& error() const noexcept { return error_; }

private:
    enum class State { first, columns, columns_end, rows, finished };

    [[nodiscard]] base::Result<Step> on_first(std::string_view payload);
    [[nodiscard]] base::Result<Step> on_column(std::string_view payload);
    [[nodiscard]] base::Result<Step> on_row(std::string_view payload);
    [[nodiscard]] bool ends_rows(std::string_view payload) const noexcept;
    [[nodiscard]] base::Result<Step> finish(std::uint16_t status);

    bool deprecate_eof_;
    std::size_t bytes_left_;
    State state_ = State::first;
    std::size_t column_count_ = 0;
    std::vector<std::string> names_;
    std::vector<TextRow> rows_;
    ErrPacket error_;
};

}  // namespace doppel::wire
