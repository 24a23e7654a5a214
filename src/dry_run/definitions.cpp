// SPDX-License-Identifier: Apache-2.0
#include "dry_run/definitions.hpp"

#include "base/text.hpp"
#include "native/metadata_only.hpp"
#include "schema/reader.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::dry_run {
namespace {

using mysql::quote_identifier;
using schema::Column;
using schema::Index;
using schema::same_identifier;
using schema::TableDefinition;
using statement::Clause;
using statement::ClauseKind;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

std::string how_copied(const schema::ColumnPair& pair, const Column& source, const Column& shadow) {
    if (source.type != shadow.type || source.collation != shadow.collation) {
        return "converted";
    }
    return same_identifier(pair.source, pair.shadow) ? "copied" : "renamed";
}

std::string part_text(const schema::IndexPart& part) {
    std::string text =
        part.column.empty() ? "(" + part.expression + ")" : quote_identifier(part.column);
    if (part.prefix_length > 0) {
        text += fmt::format("({})", part.prefix_length);
    }
    return text + (part.descending ? " DESC" : "");
}

std::vector<std::string> part_texts(const Index& index) {
    std::vector<std::string> parts;
    for (const schema::IndexPart& part : index.parts) {
        parts.push_back(base::to_lower_ascii(part_text(part)));
    }
    return parts;
}

std::string definition_text(const Index& index) {
    std::vector<std::string> parts;
    for (const schema::IndexPart& part : index.parts) {
        parts.push_back(part_text(part));
    }
    const std::string kind = index.is_primary()         ? "PRIMARY KEY "
                             : index.unique             ? "UNIQUE "
                             : index.type == "FULLTEXT" ? "FULLTEXT "
                             : index.type == "SPATIAL"  ? "SPATIAL "
                                                        : "";
    return fmt::format("{}({}){}", kind, fmt::join(parts, ", "), index.visible ? "" : " INVISIBLE");
}

/// Another index that does the same, or more.
std::string remark_on(const TableDefinition& table, const Index& index) {
    const auto parts = part_texts(index);
    for (const Index& other : table.indexes) {
        if (other.name == index.name || other.type != index.type) {
            continue;
        }
        const auto others = part_texts(other);
        if (others == parts && (other.unique || !index.unique)) {
            return fmt::format("the same columns as `{}`", other.name);
        }
        const bool begins =
            others.size() > parts.size() && std::equal(parts.begin(), parts.end(), others.begin());
        if (begins && !index.unique) {
            return fmt::format("redundant: `{}` begins with its columns", other.name);
        }
    }
    return {};
}

bool clause_has(const Clause& clause, std::string_view word) {
    return base::to_lower_ascii(clause.text).find(word) != std::string::npos;
}

/// One clause, by the manual.
bool is_instant(const Clause& clause, const mysql::ServerVersion& version) {
    switch (clause.kind) {
        case ClauseKind::add_column:
            return !clause_has(clause, "auto_increment") && !clause_has(clause, "stored") &&
                   !clause_has(clause, "unique") && !clause_has(clause, "primary") &&
                   !clause_has(clause, " check") &&
                   (version.at_least(8, 0, 29) ||
                    (!clause_has(clause, " after ") && !clause_has(clause, " first")));
        case ClauseKind::drop_column:
            return version.at_least(8, 0, 29);
        case ClauseKind::rename_column:
            return version.at_least(8, 0, 28);
        case ClauseKind::alter_column:
        case ClauseKind::algorithm:
        case ClauseKind::lock:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::string as_source(
    const TableDefinition& scratch,
    const std::string& source_table,
    const std::vector<std::pair<std::string, std::string>>& check_names
) {
    std::string text = schema::without_auto_increment(scratch.create_text);
    const std::string own = "CREATE TABLE " + quote_identifier(scratch.name.table);
    if (text.starts_with(own)) {
        text.replace(0, own.size(), "CREATE TABLE " + quote_identifier(source_table));
    }
    for (const auto& [on_scratch, of_user] : check_names) {
        replace_all(
            text,
            "CONSTRAINT " + quote_identifier(on_scratch) + " ",
            "CONSTRAINT " + quote_identifier(of_user) + " "
        );
    }
    const std::string generated = "CONSTRAINT `" + scratch.name.table + "_chk_";
    replace_all(text, generated, "CONSTRAINT `" + source_table + "_chk_");
    return text;
}

std::vector<DryRunColumn> describe_columns(
    const TableDefinition& source, const TableDefinition& shadow, const schema::ColumnMap& columns
) {
    std::vector<DryRunColumn> described;
    for (const Column& column : shadow.columns) {
        DryRunColumn entry;
        entry.target = column.name;
        entry.target_type = column.type;
        entry.how = column.is_generated() ? "generated" : "default";
        for (const schema::ColumnPair& pair : columns.pairs) {
            const Column* from = source.column(pair.source);
            if (same_identifier(pair.shadow, column.name) && from != nullptr) {
                entry.source = from->name;
                entry.source_type = from->type;
                entry.how = how_copied(pair, *from, column);
            }
        }
        described.push_back(std::move(entry));
    }
    for (const std::string& name : columns.dropped) {
        const Column* column = source.column(name);
        described.push_back({name, {}, "dropped", column ? column->type : std::string(), {}});
    }
    return described;
}

std::vector<DryRunIndex> describe_indexes(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const std::vector<std::string>& late
) {
    std::vector<DryRunIndex> described;
    for (const Index& index : shadow.indexes) {
        const Index* before = source.index(index.name);
        DryRunIndex entry;
        entry.name = index.name;
        entry.definition = definition_text(index);
        entry.change = before == nullptr                              ? "added"
                       : definition_text(*before) == entry.definition ? "kept"
                                                                      : "changed";
        const bool is_late = std::find(late.begin(), late.end(), index.name) != late.end();
        entry.built = is_late ? "after the copy" : "with the copy";
        entry.remark = remark_on(shadow, index);
        described.push_back(std::move(entry));
    }
    for (const Index& index : source.indexes) {
        if (shadow.index(index.name) == nullptr) {
            described.push_back({index.name, "dropped", definition_text(index), {}, {}, {}, 0});
        }
    }
    return described;
}

DryRunDecision guess(
    const TableDefinition& source,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version
) {
    const bool instant =
        std::all_of(statement.clauses.begin(), statement.clauses.end(), [&](const Clause& clause) {
            return is_instant(clause, version);
        });
    if (instant) {
        return {"instant", false, "by the server's manual all clauses can be made instantly"};
    }
    if (const auto reason = native::needs_more_than_metadata(source, statement)) {
        return {"shadow", false, *reason};
    }
    return {"inplace", false, "by the server's manual all clauses change metadata only"};
}

}  // namespace doppel::dry_run
