// SPDX-License-Identifier: Apache-2.0
#include "misfit/complaint.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace doppel::misfit {
namespace {

using Subject = Complaint::Subject;

/// What stands in quotes behind the last `words`, up to the first of `tails` or the last quote.
std::optional<std::string> quoted_after(
    std::string_view message, std::string_view words, std::initializer_list<const char*> tails = {}
) {
    const auto at = message.rfind(words);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = message.substr(at + words.size());
    auto close = rest.rfind('\'');
    for (const char* const tail : tails) {
        close = std::min(close, rest.find(tail));
    }
    if (close == std::string_view::npos || close == 0) {
        return std::nullopt;
    }
    return std::string(rest.substr(0, close));
}

/// `name` without "_t_new." before it.
Complaint of(Subject subject, std::optional<std::string> name, std::string_view table = {}) {
    if (!name) {
        return {};
    }
    const std::string prefix = std::string(table) + ".";
    return {subject, name->starts_with(prefix) ? name->substr(prefix.size()) : *name};
}

Complaint of_column(std::string_view message) {
    for (const std::string_view words : {"or column '", "Column '", "Field '"}) {
        auto name = quoted_after(
            message, words, {"' at row ", "' cannot be null", "' doesn't have a default"}
        );
        if (name) {
            return {Subject::column, *std::move(name)};
        }
    }
    return {};
}

}  // namespace

Complaint read_complaint(const Error& error, std::string_view table) {
    const std::string_view message = error.what();
    switch (error.server_errno()) {
        case 1022:
        case 1062:
        case 1586:
            return of(Subject::unique_index, quoted_after(message, "' for key '"), table);
        case 3140:  // "at position 1 in value for column '_t_new.j'."
            return of(Subject::column, quoted_after(message, "for column '"), table);
        case 3643:
            return of(Subject::column, quoted_after(message, "of the column '"));
        case 3751:
        case 3752:
        case 3903:
        case 3904:
            return of(Subject::index, quoted_after(message, " index '", {"' at row "}));
        case 3905:
        case 3906:
            return of(Subject::index, quoted_after(message, " index '", {"' by "}));
        case 3819:
        case 4025:
            return of(Subject::check, quoted_after(message, "onstraint '"));
        case 1526:
            return {Subject::partition, {}};
        default:
            return of_column(message);
    }
}

}  // namespace doppel::misfit
