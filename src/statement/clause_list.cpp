// SPDX-License-Identifier: Apache-2.0
#include "statement/clause_list.hpp"

#include "base/text.hpp"
#include "statement/source_text.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace doppel::statement {
namespace {

/// More than this around whole clauses, in a statement with ALGORITHM or LOCK, is refused, since
/// each is tried as skipped.
constexpr std::size_t kListCommentsMax = 64;

class Remover final {
public:
    Remover(const TokenList& list, const std::vector<ListItem>& items)
        : list_(list), items_(items), removed_(items.size(), false) {}

    base::Result<std::string> run();

private:
    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
    };

    void mark();
    [[nodiscard]] std::uint32_t comment_of(std::size_t item) const {
        return list_.tokens[items_[item].begin].comment;
    }
    [[nodiscard]] bool is_comma_beside(std::size_t item, std::size_t removed) const {
        return items_[item].comma && comment_of(item) == comment_of(removed);
    }
    [[nodiscard]] std::optional<base::Failure> check() const;
    template <class IsSkipped>
    [[nodiscard]] bool keeps_form(IsSkipped is_skipped) const;
    template <class IsPresent>
    [[nodiscard]] bool is_list(IsPresent is_present) const;
    [[nodiscard]] std::vector<Range> removed_ranges() const;
    [[nodiscard]] std::string build() const;

    const TokenList& list_;
    const std::vector<ListItem>& items_;
    std::vector<bool> removed_;
};

base::Result<std::string> Remover::run() {
    mark();
    if (std::find(removed_.begin(), removed_.end(), true) != removed_.end()) {
        if (std::optional<base::Failure> failure = check()) {
            return std::move(*failure);
        }
    }
    return build();
}

/// With each clause goes a comma at its side, the one on the same side of executable comments
/// first.
void Remover::mark() {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (removed_[i]) {
            continue;
        }
        const bool goes = !items_[i].comma && (items_[i].kind == ClauseKind::algorithm ||
                                               items_[i].kind == ClauseKind::lock);
        if (!goes) {
            kept.push_back(i);
            continue;
        }
        removed_[i] = true;
        const bool next = i + 1 < items_.size() && items_[i + 1].comma;
        const bool previous = !kept.empty() && items_[kept.back()].comma;
        const bool next_first = next && is_comma_beside(i + 1, i);
        if (previous && !next_first && (!next || is_comma_beside(kept.back(), i))) {
            removed_[kept.back()] = true;
            kept.pop_back();
        } else if (next) {
            removed_[i + 1] = true;
        }
    }
}

std::optional<base::Failure> Remover::check() const {
    std::vector<std::uint32_t> comments;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const std::uint32_t comment = comment_of(i);
        if (comment != kNoComment && (comments.empty() || comments.back() != comment)) {
            comments.push_back(comment);
        }
    }
    bool good = comments.size() <= kListCommentsMax &&
                keeps_form([](std::uint32_t) { return false; }) &&
                keeps_form([](std::uint32_t comment) { return comment != kNoComment; });
    for (std::size_t i = 0; good && i < comments.size(); ++i) {
        good = keeps_form([&](std::uint32_t comment) { return comment == comments[i]; });
    }
    if (good) {
        return std::nullopt;
    }
    const std::size_t token =
        items_[static_cast<std::size_t>(
                   std::find(removed_.begin(), removed_.end(), true) - removed_.begin()
               )]
            .begin;
    return failure_at(
        list_.text,
        list_.tokens[token].begin,
        "ALGORITHM or LOCK cannot be taken out from between executable comments",
        "leave it out"
    );
}

/// True unless a well-formed list becomes a malformed one where the server skips these comments.
template <class IsSkipped>
bool Remover::keeps_form(IsSkipped is_skipped) const {
    const auto before = [&](std::size_t item) { return !is_skipped(comment_of(item)); };
    const auto after = [&](std::size_t item) { return before(item) && !removed_[item]; };
    return !is_list(before) || is_list(after);
}

template <class IsPresent>
bool Remover::is_list(IsPresent is_present) const {
    bool behind_clause = false;
    bool behind_comma = false;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (!is_present(i)) {
            continue;
        }
        const bool fits =
            items_[i].comma ? behind_clause : !behind_clause || !items_[i].needs_comma;
        if (!fits) {
            return false;
        }
        behind_comma = items_[i].comma;
        behind_clause = !items_[i].comma;
    }
    return !behind_comma;
}

/// Removed items and the executable comments that hold nothing else, in order.
std::vector<Remover::Range> Remover::removed_ranges() const {
    std::vector<bool> needed(list_.comments.size() + 1, false);
    std::vector<bool> touched(list_.comments.size() + 1, false);
    std::vector<Range> ranges;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        for (std::size_t token = items_[i].begin; token < items_[i].end; ++token) {
            (removed_[i] ? touched : needed)[list_.tokens[token].comment] = true;
        }
        if (removed_[i]) {
            ranges.push_back(
                {list_.tokens[items_[i].begin].begin, list_.tokens[items_[i].end - 1].end}
            );
        }
    }
    for (std::size_t comment = 1; comment < needed.size(); ++comment) {
        if (touched[comment] && !needed[comment]) {
            ranges.push_back({list_.comments[comment - 1].begin, list_.comments[comment - 1].end});
        }
    }
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
        return a.begin < b.begin;
    });
    return ranges;
}

std::string Remover::build() const {
    std::optional<std::size_t> first;
    std::size_t last = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (!removed_[i]) {
            first = first.value_or(items_[i].begin);
            last = items_[i].end - 1;
        }
    }
    if (!first) {
        return std::string();
    }
    const Token& first_token = list_.tokens[*first];
    const Token& last_token = list_.tokens[last];
    std::size_t at = first_token.comment == kNoComment
                         ? first_token.begin
                         : list_.comments[first_token.comment - 1].begin;
    const std::size_t end = last_token.comment == kNoComment
                                ? last_token.end
                                : list_.comments[last_token.comment - 1].end;
    std::string text;
    for (const Range& range : removed_ranges()) {
        if (range.end <= at || range.begin >= end) {
            continue;
        }
        text += list_.text.substr(at, range.begin - at);
        at = range.end;
        // What stood on both sides stays apart by whitespace, and by no more than there was.
        if (!text.empty() && is_space(text.back())) {
            while (at < end && is_space(list_.text[at])) {
                ++at;
            }
        } else if (at < end && !is_space(list_.text[at])) {
            text += ' ';
        }
    }
    return text += list_.text.substr(at, end - at);
}

}  // namespace

base::Result<std::string> text_without_algorithm_and_lock(
    const TokenList& list, const std::vector<ListItem>& items
) {
    return Remover(list, items).run();
}

}  // namespace doppel::statement
