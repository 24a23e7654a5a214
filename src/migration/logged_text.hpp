// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event_handler.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace doppel::migration {

/// The text of a statement from the binlog, where it stands as the client sent it: in the client's
/// character set and written for the session's sql_mode. Made readable for our lexer, which knows
/// UTF-8 and the default mode: what cannot be translated is made so that names are rather taken for
/// the same than for different ones.
class LoggedText final {
public:
    explicit LoggedText(const binlog::QueryView& query);

    /// For the lexer: UTF-8, and with the meaning of quotes and backslashes that it knows, but for
    /// the double quotes around names (see ansi_quotes).
    [[nodiscard]] const std::string& readable() const noexcept { return readable_; }
    /// "x" is a name.
    [[nodiscard]] bool ansi_quotes() const noexcept { return ansi_quotes_; }
    /// The lexer may find other ends of quoted parts than the server did.
    [[nodiscard]] bool is_ambiguous() const noexcept;

    /// Whether a name in readable() may be `name`, which is in UTF-8.
    [[nodiscard]] bool may_be(std::string_view in_text, std::string_view name) const;
    /// Whether the text may hold `name` anywhere.
    [[nodiscard]] bool may_contain(std::string_view name) const;
    [[nodiscard]] bool begins_with_word(std::initializer_list<std::string_view> words) const;

    /// The beginning for a message: one line of valid UTF-8.
    [[nodiscard]] std::string excerpt() const;

private:
    std::string readable_;
    bool utf8_ = true;  ///< non-ASCII characters stand in readable() as they are
    bool ansi_quotes_ = false;
};

/// Whether two names in UTF-8 may be one for a server that ignores case.
[[nodiscard]] bool may_be_same_name(std::string_view a, std::string_view b);

/// The content of a quoted name whose quotes stand doubled in it.
[[nodiscard]] std::string unquoted(std::string_view content, char quote);

}  // namespace doppel::migration
