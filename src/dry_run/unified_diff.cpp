// SPDX-License-Identifier: Apache-2.0
#include "dry_run/definitions.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

constexpr std::size_t kContext = 3;
/// Beyond, no common lines are looked for: a table has 1017 columns at most.
constexpr std::size_t kLinesMax = 4'000;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return lines;
}

struct Edit {
    char sign;  ///< ' ', '-' or '+'
    std::string_view line;
};

/// By the longest common subsequence.
std::vector<Edit> edits_of(
    const std::vector<std::string_view>& before, const std::vector<std::string_view>& after
) {
    const std::size_t rows = before.size();
    const std::size_t columns = after.size();
    std::vector<std::vector<unsigned>> common(rows + 1, std::vector<unsigned>(columns + 1, 0));
    for (std::size_t i = rows; i-- > 0;) {
        for (std::size_t j = columns; j-- > 0;) {
            common[i][j] = before[i] == after[j] ? common[i + 1][j + 1] + 1
                                                 : std::max(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::vector<Edit> edits;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < rows || j < columns) {
        if (i < rows && j < columns && before[i] == after[j]) {
            edits.push_back({' ', before[i++]});
            ++j;
        } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
            edits.push_back({'-', before[i++]});
        } else {
            edits.push_back({'+', after[j++]});
        }
    }
    return edits;
}

std::string hunk_text(const std::vector<Edit>& edits, std::size_t begin, std::size_t end) {
    std::size_t before_first = 1;
    std::size_t after_first = 1;
    for (std::size_t i = 0; i < begin; ++i) {
        before_first += edits[i].sign != '+' ? 1U : 0U;
        after_first += edits[i].sign != '-' ? 1U : 0U;
    }
    std::size_t before = 0;
    std::size_t after = 0;
    std::string lines;
    for (std::size_t i = begin; i < end; ++i) {
        before += edits[i].sign != '+' ? 1U : 0U;
        after += edits[i].sign != '-' ? 1U : 0U;
        lines += fmt::format("{}{}\n", edits[i].sign, edits[i].line);
    }
    return fmt::format("@@ -{},{} +{},{} @@\n{}", before_first, before, after_first, after, lines);
}

}  // namespace

std::string unified_diff(
    std::string_view before,
    std::string_view after,
    std::string_view name_before,
    std::string_view name_after
) {
    if (before == after) {
        return {};
    }
    const auto old_lines = lines_of(before);
    const auto new_lines = lines_of(after);
    if (old_lines.size() > kLinesMax || new_lines.size() > kLinesMax) {
        return "the definitions are too long to be compared line by line\n";
    }
    const std::vector<Edit> edits = edits_of(old_lines, new_lines);
    std::string text = fmt::format("--- {}\n+++ {}\n", name_before, name_after);
    std::size_t at = 0;
    while (at < edits.size()) {
        if (edits[at].sign == ' ') {
            ++at;
            continue;
        }
        const std::size_t begin = at > kContext ? at - kContext : 0;
        std::size_t end = at;
        // Changes with no more than twice the context between them are one hunk.
        for (std::size_t i = at; i < edits.size() && i <= end + 2 * kContext; ++i) {
            end = edits[i].sign == ' ' ? end : i;
        }
        end = std::min(edits.size(), end + kContext + 1);
        text += hunk_text(edits, begin, end);
        at = end;
    }
    return text;
}

}  // namespace doppel::dry_run
