// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"
#include "sql/session.hpp"
#include "tools/load/commands.hpp"
#include "tools/load/differences.hpp"
#include "tools/load/table_reader.hpp"

#include <cstdint>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace doppel::load {
namespace {

/// A server without any chunk in common would be read row by row to no use.
constexpr std::size_t kChunksRead = 20;

std::vector<ChunkHash> hash_all(TableReader& table, const std::vector<mysql::KeyRange>& ranges) {
    std::vector<ChunkHash> hashes;
    hashes.reserve(ranges.size());
    for (const mysql::KeyRange& range : ranges) {
        hashes.push_back(table.chunk_hash(range));
    }
    return hashes;
}

std::uint64_t count_rows(const std::vector<ChunkHash>& hashes) {
    std::uint64_t rows = 0;
    for (const ChunkHash& chunk : hashes) {
        rows += chunk.rows;
    }
    return rows;
}

/// The two tables and the sessions that read them: one for each, so that they are hashed at the
/// same time, or a single one with a snapshot.
class Comparison final {
public:
    Comparison(const ConnectionOptions& connection, const CompareOptions& options)
        : options_(options),
          first_session_(sql::connect(connection, compare_settings())),
          second_session_(
              options.snapshot ? nullptr : sql::connect(options.with_connection, compare_settings())
          ),
          first_(*first_session_, connection.default_schema, options.table),
          second_(
              options.snapshot ? *first_session_ : *second_session_,
              options.with_connection.default_schema,
              options.with_table
          ) {}

    bool perform() {
        bool equal = true;
        if (!options_.rows_only && first_.shape().definition != second_.shape().definition) {
            std::cout << fmt::format(
                "the definitions differ:\n{}\n-- and --\n{}\n",
                first_.shape().definition,
                second_.shape().definition
            );
            equal = false;
        }
        if (first_.shape().columns != second_.shape().columns ||
            first_.shape().key != second_.shape().key) {
            std::cout << "the columns or the primary keys differ: the rows cannot be compared\n";
            return false;
        }
        return compare_rows() && equal;
    }

private:
    bool compare_rows() {
        if (options_.snapshot) {
            first_session_->execute("START TRANSACTION WITH CONSISTENT SNAPSHOT");
        }
        const auto ranges = first_.chunks(options_.chunk_rows);
        const auto policy = options_.snapshot ? std::launch::deferred : std::launch::async;
        auto second_hashes = std::async(policy, [&] { return hash_all(second_, ranges); });
        const std::vector<ChunkHash> a = hash_all(first_, ranges);
        const std::vector<ChunkHash> b = second_hashes.get();
        const bool equal = a == b;
        std::cout << fmt::format("{} and {} rows\n", count_rows(a), count_rows(b));
        if (!equal) {
            print_differences(ranges, a, b);
        }
        return equal;
    }

    void print_differences(
        const std::vector<mysql::KeyRange>& ranges,
        const std::vector<ChunkHash>& a,
        const std::vector<ChunkHash>& b
    ) {
        Differences differences;
        std::size_t differing = 0;
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            if (a[i] != b[i] && ++differing <= kChunksRead) {
                find_differences(first_, second_, ranges[i], differences);
            }
        }
        for (const std::string& line : differences.described) {
            std::cout << line << "\n";
        }
        const bool all_read = differing <= kChunksRead;
        std::cout << fmt::format(
            "{}{} rows differ, in {} of {} chunks\n",
            all_read ? "" : "at least ",
            differences.rows,
            differing,
            ranges.size()
        );
    }

    const CompareOptions& options_;
    std::unique_ptr<sql::Session> first_session_;
    std::unique_ptr<sql::Session> second_session_;
    TableReader first_;
    TableReader second_;
};

}  // namespace

bool compare(const ConnectionOptions& connection, const CompareOptions& options) {
    const bool equal = Comparison(connection, options).perform();
    std::cout << (equal ? "equal\n" : "different\n");
    return equal;
}

}  // namespace doppel::load
