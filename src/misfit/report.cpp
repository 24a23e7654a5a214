// SPDX-License-Identifier: Apache-2.0
#include "misfit/report.hpp"

#include "misfit/complaint.hpp"
#include "misfit/search_query.hpp"
#include "mysql/identifier.hpp"
#include "mysql/key_condition.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::misfit {
namespace {

using mysql::Key;
using mysql::quote_identifier;
using Subject = Complaint::Subject;

// MySQL manual, "Server Error Message Reference".
constexpr unsigned kBadNull = 1048;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

/// The name a CHECK constraint has for the user; those that the server named follow the table.
std::string check_name(const NewSchema& schema, const std::string& name) {
    for (const auto& [on_shadow, of_user] : schema.check_names) {
        if (schema::same_identifier(on_shadow, name)) {
            return of_user;
        }
    }
    const std::string generated = schema.shadow.name.table + "_chk_";
    return name.starts_with(generated)
               ? schema.source.name.table + "_chk_" + name.substr(generated.size())
               : name;
}

/// The name of a constraint, or what of the column is in the way.
std::string constraint_name(
    const NewSchema& schema, const Complaint& complaint, unsigned server_errno
) {
    switch (complaint.subject) {
        case Subject::unique_index:
        case Subject::index:
            return complaint.name;
        case Subject::check:
            return check_name(schema, complaint.name);
        case Subject::partition:
            return "partitioning";
        case Subject::column:
        case Subject::unknown:
            break;
    }
    const auto columns = columns_of(schema, complaint);
    const auto* column = columns.empty() ? nullptr : schema.shadow.column(columns.front());
    if (column == nullptr) {
        return {};
    }
    return server_errno == kBadNull ? "NOT NULL" : column->type;
}

std::string what_refuses(
    const NewSchema& schema, const Complaint& complaint, const DataMisfit& misfit
) {
    const std::string columns = mysql::quote_identifiers(misfit.columns);
    const std::string in_brackets = columns.empty() ? "" : " (" + columns + ")";
    switch (complaint.subject) {
        case Subject::unique_index: {
            const auto* index = schema.shadow.index(complaint.name);
            if (index != nullptr && index->is_primary()) {
                return "the PRIMARY KEY" + in_brackets + " has duplicates";
            }
            return "the unique index " + quote_identifier(misfit.constraint) + in_brackets +
                   " has duplicates";
        }
        case Subject::index:
            return "the index " + quote_identifier(misfit.constraint) + in_brackets +
                   " refuses values";
        case Subject::check:
            return "the CHECK constraint " + quote_identifier(misfit.constraint) + in_brackets +
                   " is violated";
        case Subject::partition:
            return "no partition takes the rows";
        case Subject::column:
        case Subject::unknown:
            break;
    }
    if (columns.empty()) {
        return "values are refused";
    }
    return fmt::format("the column {}, {}, refuses values", columns, misfit.constraint);
}

/// The server's words, with the names that the user knows.
std::string in_users_words(const NewSchema& schema, const Error& said, const DataMisfit& misfit) {
    const Complaint complaint = read_complaint(said, schema.shadow.name.table);
    const std::string& shadow = schema.shadow.name.table;
    const std::string& source = schema.source.name.table;
    std::string text = replaced(said.what(), "'" + shadow + ".", "'" + source + ".");
    if (complaint.subject == Subject::check) {
        text = replaced(text, "'" + complaint.name + "'", "'" + misfit.constraint + "'");
    }
    return text;
}

struct ToldKeys {
    std::vector<std::string> keys;
    std::string text;
    bool all = true;
};

ToldKeys tell_keys(const mysql::KeyShape& shape, const Groups& rows) {
    ToldKeys told;
    for (const auto& group : rows) {
        std::vector<std::string> names;
        for (const Key& key : group) {
            if (told.keys.size() == kKeysTold) {
                told.all = false;
                break;
            }
            names.push_back(shape.describe(key));
            told.keys.push_back(names.back());
        }
        if (!names.empty()) {
            told.text += told.text.empty() ? "" : group.size() > 1 ? "; " : ", ";
            told.text += fmt::format("{}", fmt::join(names, " and "));
        }
    }
    return told;
}

std::vector<std::string> key_columns(const mysql::KeyShape& shape) {
    std::vector<std::string> names;
    for (const mysql::KeyColumn& column : shape.columns()) {
        names.push_back(column.name);
    }
    return names;
}

Error make_report(
    const NewSchema& schema,
    const mysql::KeyShape& shape,
    const Groups& rows,
    const Error& said,
    std::string_view remark
) {
    const Complaint complaint = read_complaint(said, schema.shadow.name.table);
    const auto columns = key_columns(shape);
    DataMisfit misfit;
    misfit.constraint = constraint_name(schema, complaint, said.server_errno());
    misfit.columns = columns_of(schema, complaint);
    misfit.search = search_query(schema, columns, complaint, said.server_errno());
    const ToldKeys told = tell_keys(shape, rows);
    misfit.keys = told.keys;
    const std::string search = misfit.search.empty()
                                   ? "There may be more such rows: mend these and run again"
                                   : "This finds all such rows: " + misfit.search;
    const std::string message = fmt::format(
        "the data of {} does not fit the new schema: {}: {}. Rows with these keys ({}){}: {}{}. {}",
        schema.source.name.str(),
        what_refuses(schema, complaint, misfit),
        in_users_words(schema, said, misfit),
        mysql::quote_identifiers(columns),
        remark,
        told.text,
        told.all ? "" : " and more",
        search
    );
    return {message, said.server().value_or(ServerError{}), std::move(misfit)};
}

}  // namespace

Groups group_collisions(const Groups& collisions) {
    std::vector<std::set<Key>> groups;
    for (const auto& collision : collisions) {
        std::set<Key> joined(collision.begin(), collision.end());
        std::vector<std::set<Key>> others;
        for (std::set<Key>& group : groups) {
            const bool meets = std::any_of(collision.begin(), collision.end(), [&](const Key& key) {
                return group.contains(key);
            });
            if (meets) {
                joined.merge(group);
            } else {
                others.push_back(std::move(group));
            }
        }
        others.push_back(std::move(joined));
        groups = std::move(others);
    }
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
        return *a.begin() < *b.begin();
    });
    Groups result;
    for (const auto& group : groups) {
        result.emplace_back(group.begin(), group.end());
    }
    return result;
}

Error report(
    const NewSchema& schema, const mysql::KeyShape& shape, const Groups& rows, const Error& said
) {
    return make_report(schema, shape, rows, said, "");
}

Error report_futile(
    const NewSchema& schema, const mysql::KeyShape& shape, const Groups& rows, const Error& said
) {
    return make_report(
        schema,
        shape,
        rows,
        said,
        " were refused at every try, though what stands in their way changes all the time"
    );
}

std::string constraint_of(const NewSchema& schema, const Error& said) {
    const Complaint complaint = read_complaint(said, schema.shadow.name.table);
    return fmt::format("{} {}", static_cast<int>(complaint.subject), complaint.name);
}

}  // namespace doppel::misfit
