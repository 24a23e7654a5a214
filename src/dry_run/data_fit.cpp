// SPDX-License-Identifier: Apache-2.0
#include "dry_run/data_fit.hpp"

#include "copy/chunk_statement.hpp"
#include "misfit/bisection.hpp"
#include "misfit/complaint.hpp"
#include "misfit/look.hpp"
#include "misfit/report.hpp"
#include "misfit/search_query.hpp"
#include "mysql/reconcile_statement.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::dry_run {
namespace {

using Clock = std::chrono::steady_clock;
using mysql::Key;
using schema::same_identifier;

constexpr unsigned kDuplicate = 1062;
constexpr std::size_t kOffendersMax = 10;
constexpr std::size_t kConstraintsMax = 8;
constexpr std::size_t kPieceRows = 2'000;
constexpr std::uint64_t kScratchRowsMax = 100'000;
constexpr std::chrono::milliseconds kFullLimit{600'000};
constexpr double kPauseShare = 0.25;  ///< of the time that a piece took

bool is_refusal(const Error& error) {
    const auto kind = sql::classify_write_failure(error);
    return kind == sql::FailureKind::duplicate || kind == sql::FailureKind::misfit;
}

bool same_parts(const schema::Index& a, const schema::Index& b) {
    return std::equal(
        a.parts.begin(),
        a.parts.end(),
        b.parts.begin(),
        b.parts.end(),
        [](const auto& left, const auto& right) {
            return same_identifier(left.column, right.column) &&
                   left.expression == right.expression && left.prefix_length == right.prefix_length;
        }
    );
}

bool is_kept_unique(const misfit::NewSchema& schema, const schema::Index& index) {
    for (const schema::Index& before : schema.source.indexes) {
        if (before.unique && same_parts(before, index)) {
            return true;
        }
    }
    return false;
}

bool is_changed(const schema::Column& before, const schema::Column& after) {
    return before.type != after.type || before.collation != after.collation ||
           (before.nullable && !after.nullable);
}

std::vector<std::string> key_columns(const mysql::KeyShape& shape) {
    std::vector<std::string> names;
    for (const mysql::KeyColumn& column : shape.columns()) {
        names.push_back(column.name);
    }
    return names;
}

/// The rule of three: what was not met among n has a share below 3/n, 19 times out of 20.
std::string confidence_text(std::uint64_t rows, double of, bool spread) {
    return fmt::format(
        "{} rows of about {:.0f} were put into an empty table with the new definition, {}. If none "
        "is refused, with 95 % confidence fewer than {:.3f} % of all rows are; a few such rows are "
        "found by --dry-run=full only",
        rows,
        of,
        spread ? "taken from places all over the key" : "taken from the ends of the key",
        rows == 0 ? 100.0 : std::min(100.0, 300.0 / static_cast<double>(rows))
    );
}

}  // namespace

Demands demands_of(const misfit::NewSchema& schema) {
    Demands demands;
    for (const schema::ColumnPair& pair : schema.columns.pairs) {
        const auto* before = schema.source.column(pair.source);
        const auto* after = schema.shadow.column(pair.shadow);
        if (before != nullptr && after != nullptr && is_changed(*before, *after)) {
            demands.columns.push_back(after->name);
        }
    }
    for (const schema::Index& index : schema.shadow.indexes) {
        const bool over_changed =
            std::any_of(index.parts.begin(), index.parts.end(), [&](const auto& part) {
                const auto* column = schema.shadow.column(part.column);
                return column == nullptr || column->is_generated() ||
                       std::find(demands.columns.begin(), demands.columns.end(), part.column) !=
                           demands.columns.end();
            });
        const bool kept = is_kept_unique(schema, index);
        if (index.unique && (!kept || over_changed)) {
            demands.unique_indexes.push_back(index.name);
        }
        const bool over_expression =
            std::any_of(index.parts.begin(), index.parts.end(), [](const auto& part) {
                return part.column.empty();
            });
        demands.others = demands.others || (over_expression && !kept);
    }
    demands.checks = !schema.shadow.checks.empty();
    for (const schema::Column& column : schema.shadow.columns) {
        const auto* before = schema.source.column(column.name);
        demands.others =
            demands.others || (column.is_generated() &&
                               (before == nullptr || before->type != column.type ||
                                before->generation_expression != column.generation_expression));
    }
    demands.others = demands.others || schema.shadow.partitioned;
    return demands;
}

bool DataFit::enough() const {
    return found_.size() >= kConstraintsMax;
}

void DataFit::note(const std::vector<Key>& keys, const Error& said) {
    const std::string name = misfit::constraint_of(context_.schema, said);
    const auto [entry, is_new] = found_.try_emplace(name, Found{{}, said});
    if (entry->second.groups.size() < kOffendersMax) {
        entry->second.groups.push_back(keys);
    }
}

void DataFit::note_duplicates(const Key& key, const Error& said) {
    const misfit::LookTables look{context_.tables, context_.schema};
    const auto seen = misfit::look_for_duplicates(context_.session, look, std::array{key});
    for (const auto& [one, other] : seen.collisions) {
        note({one, other}, said);
    }
}

void DataFit::try_keys(const std::vector<Key>& keys) {
    misfit::Bisection cut(keys.size(), kOffendersMax);
    const std::span<const Key> all(keys);
    while (const auto piece = cut.next()) {
        context_.require_running();
        const auto part = all.subspan(piece->begin, piece->size());
        std::optional<Error> failure;
        try {
            context_.session.execute(mysql::insert_statement(context_.tables, part, std::nullopt));
        } catch (const Error& error) {
            failure = error;
        }
        if (!failure) {
            cut.taken();
            continue;
        }
        if (!is_refusal(*failure)) {
            throw *failure;
        }
        if (piece->size() == 1) {
            const bool duplicate =
                sql::classify_write_failure(*failure) == sql::FailureKind::duplicate;
            duplicate ? note_duplicates(part.front(), *failure) : note({part.front()}, *failure);
        }
        cut.refused();
    }
}

void DataFit::single_out(const mysql::KeyRange& range) {
    const auto rows = context_.session.query(copy::keys_statement(context_.tables, range));
    std::vector<Key> keys;
    for (const sql::Row& row : rows.rows) {
        auto key = context_.tables.shape.encode_text(row);
        if (!key) {
            throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
        }
        keys.push_back(*std::move(key));
    }
    try_keys(keys);
}

std::uint64_t DataFit::try_range(const mysql::KeyRange& range) {
    context_.require_running();
    try {
        return context_.session.execute(copy::copy_statement(context_.tables, range));
    } catch (const Error& error) {
        if (!is_refusal(error)) {
            throw;
        }
    }
    single_out(range);
    return context_.session.query(copy::keys_statement(context_.tables, range)).rows.size();
}

void DataFit::empty_scratch() {
    context_.session.execute("TRUNCATE TABLE " + context_.tables.shadow.quoted());
}

bool DataFit::look_for_duplicates(const std::string& index, std::chrono::milliseconds limit) {
    const misfit::Complaint complaint{misfit::Complaint::Subject::unique_index, index};
    const std::string query = misfit::search_query(
        context_.schema, key_columns(context_.tables.shape), complaint, kDuplicate
    );
    if (query.empty()) {
        return false;
    }
    const auto values = context_.long_query(query + " LIMIT 3", limit);
    if (!values) {
        return false;
    }
    for (const sql::Row& value : values->rows) {
        look_at_value(index, value, query);
    }
    return true;
}

/// The rows that have the value: by the columns as they are, so not where the ALTER converts them.
void DataFit::look_at_value(
    const std::string& index, const sql::Row& value, const std::string& query
) {
    const schema::Index* unique = context_.schema.shadow.index(index);
    std::vector<std::string> conditions;
    for (std::size_t i = 0; unique != nullptr && i < unique->parts.size(); ++i) {
        const std::string* source = nullptr;
        for (const schema::ColumnPair& pair : context_.schema.columns.pairs) {
            source = same_identifier(pair.shadow, unique->parts[i].column) ? &pair.source : source;
        }
        if (source != nullptr && i < value.size() && value[i]) {
            const std::string name = mysql::quote_identifier(*source);
            const auto prefix = unique->parts[i].prefix_length;
            conditions.push_back(fmt::format(
                "{} = {}",
                prefix > 0 ? fmt::format("LEFT({}, {})", name, prefix) : name,
                mysql::quote_string(*value[i])
            ));
        }
    }
    const Error said(
        Errc::failed,
        fmt::format("Duplicate entry for key '{}' (error 1062, SQLSTATE 23000)", index),
        ServerError{kDuplicate, "23000"}
    );
    std::vector<Key> keys;
    if (!conditions.empty()) {
        const auto rows = context_.long_query(
            fmt::format(
                "SELECT {} FROM {} WHERE {} LIMIT {}",
                fmt::join(context_.tables.shape.select_expressions(), ", "),
                context_.tables.source.quoted(),
                fmt::join(conditions, " AND "),
                kOffendersMax
            ),
            std::chrono::milliseconds(2'000)
        );
        for (std::size_t i = 0; rows && i < rows->rows.size(); ++i) {
            if (auto key = context_.tables.shape.encode_text(rows->rows[i])) {
                keys.push_back(*std::move(key));
            }
        }
    }
    if (keys.size() > 1) {
        // The server itself has the last word on what is a duplicate.
        empty_scratch();
        try_keys(keys);
        return;
    }
    DryRunMisfit misfit;
    misfit.rows.constraint = index;
    misfit.rows.columns =
        misfit::columns_of(context_.schema, {misfit::Complaint::Subject::unique_index, index});
    misfit.rows.search = query;
    misfit.message = fmt::format(
        "the data of {} does not fit the new schema: the unique index `{}` has duplicates. This "
        "finds all such rows: {}",
        context_.schema.source.name.str(),
        index,
        query
    );
    if (values_.size() < kConstraintsMax) {
        values_.push_back(std::move(misfit));
    }
}

void DataFit::look_at_indexes(
    const Demands& demands, std::chrono::milliseconds limit, DryRunFit& fit
) {
    for (const std::string& index : demands.unique_indexes) {
        if (!look_for_duplicates(index, limit)) {
            fit.complete = false;
            fit.unknown.push_back(fmt::format(
                "whether the unique index `{}` has duplicates: looking for them in the whole table "
                "did not end within {} ms; only rows of the sample were compared with each other",
                index,
                limit.count()
            ));
        }
    }
}

void DataFit::finish(DryRunFit& fit) const {
    for (const auto& [name, found] : found_) {
        const auto groups = misfit::group_collisions(found.groups);
        const Error report =
            misfit::report(context_.schema, context_.tables.shape, groups, found.said);
        DryRunMisfit misfit;
        misfit.message = report.what();
        if (report.misfit() != nullptr) {
            misfit.rows = *report.misfit();
        }
        fit.misfits.push_back(std::move(misfit));
    }
    fit.misfits.insert(fit.misfits.end(), values_.begin(), values_.end());
}

DryRunFit DataFit::look_at_sample(const Sample& sample, const DryRunOptions& options) {
    DryRunFit fit;
    fit.looked = true;
    fit.complete = true;
    const Demands demands = demands_of(context_.schema);
    const auto deadline = Clock::now() + options.fit_time;
    for (const mysql::KeyRange& range : sample.ranges) {
        if (enough() || Clock::now() > deadline) {
            break;
        }
        fit.rows_looked_at += try_range(range);
    }
    if (demands.of_rows() && !sample.whole) {
        fit.complete = false;
    }
    look_at_indexes(demands, options.statement_limit, fit);
    if (!demands.any()) {
        fit.confidence = "no part of the new definition can refuse a row that is there now";
    } else if (!demands.of_rows()) {
        fit.confidence = fit.complete
                             ? "all rows were looked at for duplicates; nothing else can be refused"
                             : "not all rows were looked at for duplicates";
    } else if (sample.whole) {
        fit.confidence = "all rows were put into an empty table with the new definition";
    } else {
        fit.confidence =
            confidence_text(fit.rows_looked_at, context_.rows_estimated, sample.spread);
    }
    finish(fit);
    return fit;
}

DryRunFit DataFit::look_at_all(const DryRunOptions& options) {
    DryRunFit fit;
    fit.looked = true;
    fit.complete = true;
    const Demands demands = demands_of(context_.schema);
    std::optional<Key> lower;
    std::uint64_t in_scratch = 0;
    while (demands.of_rows() && !enough()) {
        const auto began = Clock::now();
        const mysql::KeyRange range{
            lower, end_of_piece(context_.session, context_.tables, lower, kPieceRows)};
        const std::uint64_t rows = try_range(range);
        fit.rows_looked_at += rows;
        in_scratch += rows;
        if (in_scratch > kScratchRowsMax) {
            empty_scratch();
            in_scratch = 0;
        }
        if (!range.upper) {
            break;
        }
        lower = range.upper;
        std::this_thread::sleep_for((Clock::now() - began) * kPauseShare);
    }
    if (enough()) {
        fit.complete = false;
        fit.unknown.emplace_back("the rest of the table: enough of it was refused");
    }
    look_at_indexes(demands, std::max(options.statement_limit, kFullLimit), fit);
    fit.confidence = !demands.any()
                         ? "no part of the new definition can refuse a row that is there now"
                     : fit.complete ? "all rows were looked at, as they were at that moment"
                                    : "not all rows were looked at";
    finish(fit);
    return fit;
}

}  // namespace doppel::dry_run
