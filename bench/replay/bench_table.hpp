// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace doppel::bench {

/// A source of sysbench's shape, its shadow, and a state table, in a schema of their own.
class BenchTable final {
public:
    /// `indexes`: secondary ones, 0..4.
    BenchTable(const ConnectionOptions& connection, std::uint64_t rows, unsigned indexes);

    [[nodiscard]] const mysql::TablePair& tables() const noexcept { return tables_; }
    [[nodiscard]] const misfit::NewSchema& schema() const noexcept { return schema_; }
    /// All keys, in an order that has nothing to do with theirs.
    [[nodiscard]] const std::vector<mysql::Key>& keys() const noexcept { return keys_; }

    /// Changes every row of the source, so that its row of the shadow is stale.
    void change_all();
    /// Rows of the source that the shadow has not, or has otherwise.
    [[nodiscard]] std::uint64_t differences();

private:
    void create(std::uint64_t rows, unsigned indexes);

    std::unique_ptr<sql::Session> session_;
    mysql::TablePair tables_;
    misfit::NewSchema schema_;
    std::vector<mysql::Key> keys_;
};

}  // namespace doppel::bench
