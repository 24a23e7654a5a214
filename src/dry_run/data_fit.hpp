// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "dry_run/sampler.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"
#include "sql/session.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace doppel::dry_run {

/// What of a change can refuse a row. Pure.
struct Demands {
    std::vector<std::string> columns;         ///< whose type, charset or nullability changes
    std::vector<std::string> unique_indexes;  ///< new or changed ones
    bool checks = false;                      ///< new or changed CHECK constraints
    bool others = false;  ///< generated columns, expressions, partitions: the server must say

    [[nodiscard]] bool any() const {
        return !columns.empty() || !unique_indexes.empty() || checks || others;
    }
    /// Something that a row alone shows.
    [[nodiscard]] bool of_rows() const { return !columns.empty() || checks || others; }
};
[[nodiscard]] Demands demands_of(const misfit::NewSchema& schema);

/// Whether the rows fit the new definition: the server says so, by putting them into a scratch
/// table with that definition, strictly, as the copy would.
class DataFit final {
public:
    struct Context {
        const mysql::TablePair& tables;  ///< with the scratch table as the shadow
        const misfit::NewSchema& schema;
        sql::Session& session;  ///< strict, READ COMMITTED, without a binary log
        /// Runs a SELECT that may take long and ends early when the run is to stop; nothing when
        /// its time was up.
        std::function<std::optional<sql::Rows>(const std::string&, std::chrono::milliseconds)>
            long_query;
        std::function<void()> require_running;
        double rows_estimated = 0;
    };

    explicit DataFit(Context context) : context_(std::move(context)) {}

    [[nodiscard]] DryRunFit look_at_sample(const Sample& sample, const DryRunOptions& options);
    [[nodiscard]] DryRunFit look_at_all(const DryRunOptions& options);

private:
    struct Found {
        std::vector<std::vector<mysql::Key>> groups;
        Error said;
    };
    /// Rows of the range that the scratch table takes.
    std::uint64_t try_range(const mysql::KeyRange& range);
    void single_out(const mysql::KeyRange& range);
    void try_keys(const std::vector<mysql::Key>& keys);
    void note(const std::vector<mysql::Key>& keys, const Error& said);
    void note_duplicates(const mysql::Key& key, const Error& said);
    [[nodiscard]] bool enough() const;
    /// Duplicates anywhere in the table. False: its time was up.
    bool look_for_duplicates(const std::string& index, std::chrono::milliseconds limit);
    void look_at_value(const std::string& index, const sql::Row& value, const std::string& query);
    void look_at_indexes(const Demands& demands, std::chrono::milliseconds limit, DryRunFit& fit);
    void empty_scratch();
    void finish(DryRunFit& fit) const;

    Context context_;
    std::map<std::string, Found> found_;  ///< by constraint
    std::vector<DryRunMisfit> values_;    ///< duplicates whose rows were not found
};

}  // namespace doppel::dry_run
