// SPDX-License-Identifier: Apache-2.0
#include "dry_run/sampler.hpp"

#include "copy/chunk_statement.hpp"
#include "doppel/error.hpp"
#include "dry_run/key_spread.hpp"
#include "dry_run/query.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::dry_run {
namespace {

using Clock = std::chrono::steady_clock;

std::string from_source(const mysql::TablePair& tables) {
    return fmt::format(
        "{} FORCE INDEX ({})", tables.source.quoted(), mysql::quote_identifier(tables.source_index)
    );
}

mysql::Key encoded(const mysql::TablePair& tables, const sql::Row& row) {
    auto key = tables.shape.encode_text(row);
    if (!key) {
        throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
    }
    return *std::move(key);
}

std::optional<mysql::Key> one_key(
    sql::Session& session, const mysql::TablePair& tables, const std::string& rest
) {
    const auto rows = session.query(fmt::format(
        "SELECT {} FROM {} {} LIMIT 1",
        fmt::join(tables.shape.select_expressions(), ", "),
        from_source(tables),
        rest
    ));
    return rows.empty() ? std::nullopt : std::optional(encoded(tables, rows.rows.front()));
}

/// "`a` DESC, `b` DESC".
std::string backwards(const mysql::TablePair& tables) {
    std::vector<std::string> parts;
    for (const std::string& name : mysql::column_names(tables.source_key)) {
        parts.push_back(mysql::quote_identifier(name) + " DESC");
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

/// Where pieces begin; nothing: at the table's begin.
std::vector<std::optional<mysql::Key>> begins(
    sql::Session& session,
    const mysql::TablePair& tables,
    std::size_t pieces,
    const std::function<void()>& require_running,
    bool& spread_over_key
) {
    std::vector<std::optional<mysql::Key>> keys{std::nullopt};
    const std::string order = mysql::column_list(tables.source_key);
    const auto first = one_key(session, tables, "ORDER BY " + order);
    const auto last = one_key(session, tables, "ORDER BY " + backwards(tables));
    if (!first || !last) {
        return keys;
    }
    const auto places = spread(tables.shape, *first, *last, pieces);
    spread_over_key = !places.empty();
    const std::string column =
        mysql::quote_identifier(mysql::column_names(tables.source_key).front());
    for (const std::string& place : places) {
        require_running();
        auto key = one_key(
            session, tables, fmt::format("WHERE {} >= {} ORDER BY {}", column, place, order)
        );
        if (key && key != keys.back()) {
            keys.push_back(std::move(key));
        }
    }
    return keys;
}

double bare_read_seconds(
    sql::Session& session, const mysql::TablePair& tables, const mysql::KeyRange& range
) {
    const auto began = Clock::now();
    const auto rows = session.query(fmt::format(
        "SELECT COUNT(*) FROM {} WHERE {}",
        from_source(tables),
        mysql::range_condition(tables.shape, tables.source_key, range)
    ));
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    return seconds / std::max(number(rows.scalar()), 1.0);
}

std::string sums(const estimate::RowExpressions& row) {
    std::vector<std::string> all{row.now, row.record, row.outside, row.logged};
    all.insert(all.end(), row.entries.begin(), row.entries.end());
    std::string text = "COUNT(*)";
    for (const std::string& expression : all) {
        text += fmt::format(", SUM({})", expression);
    }
    return text;
}

void add(const sql::Row& cells, estimate::RowAverages& row) {
    row.rows += static_cast<std::uint64_t>(number(cells.at(0)));
    row.now += number(cells.at(1));
    row.record += number(cells.at(2));
    row.outside += number(cells.at(3));
    row.logged += number(cells.at(4));
    for (std::size_t i = 5; i < cells.size(); ++i) {
        row.entries[i - 5] += number(cells[i]);
    }
}

void divide(estimate::RowAverages& row) {
    const double rows = std::max(static_cast<double>(row.rows), 1.0);
    row.now /= rows;
    row.record /= rows;
    row.outside /= rows;
    row.logged /= rows;
    for (double& entry : row.entries) {
        entry /= rows;
    }
}

estimate::RowAverages averages(
    sql::Session& session,
    const mysql::TablePair& tables,
    const estimate::RowExpressions& expressions,
    const Sample& sample,
    const std::function<void()>& require_running
) {
    estimate::RowAverages row;
    row.entries.resize(expressions.entries.size());
    for (const mysql::KeyRange& range : sample.ranges) {
        require_running();
        const auto rows = session.query(fmt::format(
            "SELECT {} FROM {} WHERE {}",
            sums(expressions),
            from_source(tables),
            mysql::range_condition(tables.shape, tables.source_key, range)
        ));
        add(rows.rows.at(0), row);
    }
    divide(row);
    return row;
}

/// See RowAverages::ascending.
std::vector<double> order_of_entries(
    sql::Session& session,
    const mysql::TablePair& tables,
    const std::vector<std::string>& values,
    const Sample& sample
) {
    std::vector<double> ascending(values.size(), 0.5);
    std::string sum;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sum += fmt::format("{}AVG(c{})", sum.empty() ? "" : ", ", i);
    }
    if (values.empty() || sample.ranges.empty()) {
        return ascending;
    }
    std::string selected;
    for (std::size_t i = 0; i < values.size(); ++i) {
        selected += fmt::format(
            "{}({} >= LAG({}) OVER w) AS c{}", i == 0 ? "" : ", ", values[i], values[i], i
        );
    }
    const mysql::KeyRange& range = sample.ranges[sample.ranges.size() / 2];
    const auto rows = query_if_told(
        session,
        fmt::format(
            "SELECT {} FROM (SELECT {} FROM {} WHERE {} WINDOW w AS (ORDER BY {})) AS piece",
            sum,
            selected,
            from_source(tables),
            mysql::range_condition(tables.shape, tables.source_key, range),
            mysql::column_list(tables.source_key)
        )
    );
    for (std::size_t i = 0; rows && i < values.size(); ++i) {
        ascending[i] = number(rows->rows.at(0).at(i), 0.5);
    }
    return ascending;
}

}  // namespace

std::optional<mysql::Key> end_of_piece(
    sql::Session& session,
    const mysql::TablePair& tables,
    const std::optional<mysql::Key>& lower,
    std::size_t rows
) {
    const auto found = session.query(copy::boundary_statement(tables, lower, rows));
    return found.empty() ? std::nullopt : std::optional(encoded(tables, found.rows.front()));
}

Sample take_sample(
    sql::Session& session,
    const mysql::TablePair& tables,
    std::size_t pieces,
    std::size_t rows_each,
    const std::function<void()>& require_running
) {
    Sample sample;
    const auto lower = begins(session, tables, pieces, require_running, sample.spread);
    for (std::size_t i = 0; i < lower.size(); ++i) {
        require_running();
        mysql::KeyRange range{lower[i], end_of_piece(session, tables, lower[i], rows_each)};
        // In gaps of the key places coincide; where bytes have no order, nothing is known of that.
        const bool overlaps =
            !sample.ranges.empty() && tables.shape.exactly_comparable() &&
            (!sample.ranges.back().upper ||
             (range.lower && range.lower->bytes < sample.ranges.back().upper->bytes));
        if (!overlaps) {
            sample.ranges.push_back(std::move(range));
        }
    }
    sample.whole = sample.ranges.size() == 1 && !sample.ranges.front().upper;
    return sample;
}

Measured measure(
    sql::Session& session,
    const mysql::TablePair& tables,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns,
    const Sample& sample,
    const std::function<void()>& require_running
) {
    Measured measured;
    const auto expressions = estimate::row_expressions(source, shadow, columns);
    for (const mysql::KeyRange& range : sample.ranges) {
        const double seconds = bare_read_seconds(session, tables, range);
        measured.seconds_per_row += seconds / static_cast<double>(sample.ranges.size());
    }
    try {
        measured.row = averages(session, tables, expressions, sample, require_running);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || error.code() == Errc::stopped) {
            throw;
        }
        const auto present = estimate::row_expressions(source);
        measured.row = averages(session, tables, present, sample, require_running);
        measured.row.entries.resize(expressions.entries.size(), 20);
    }
    std::vector<std::string> values;
    for (const schema::Index* index : estimate::secondary_indexes(shadow)) {
        const std::string value = estimate::leading_value(source, shadow, columns, *index);
        values.push_back(value.empty() ? "NULL" : value);
    }
    measured.row.ascending = order_of_entries(session, tables, values, sample);
    return measured;
}

}  // namespace doppel::dry_run
