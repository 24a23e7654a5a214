// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"
#include "mysql/identifier.hpp"
#include "sql/session.hpp"
#include "tools/load/commands.hpp"
#include "tools/load/transaction.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace doppel::load {
namespace {

/// About 200 KB of statement text, far below max_allowed_packet.
constexpr std::uint64_t kRowsPerStatement = 1'000;
constexpr std::uint64_t kStatementsPerTransaction = 10;

constexpr std::array<const char*, 4> kIndexes = {
    "KEY k_1 (k)", "KEY c_2 (c(16))", "KEY pad_3 (pad(16))", "KEY kc_4 (k, c(8))"};

sql::SessionSettings session_settings() {
    sql::SessionSettings settings;
    settings.program_name = "doppel-load";
    return settings;
}

std::vector<std::string> table_names(const PrepareOptions& options) {
    std::vector<std::string> names{mysql::quote_identifier(options.table)};
    if (!options.twin.empty()) {
        names.push_back(mysql::quote_identifier(options.twin));
    }
    return names;
}

void create_schema(ConnectionOptions connection) {
    const std::string schema = mysql::quote_identifier(connection.default_schema);
    connection.default_schema.clear();
    sql::connect(connection, session_settings())
        ->execute("CREATE DATABASE IF NOT EXISTS " + schema);
}

void create_table(sql::Session& session, const std::string& table, const PrepareOptions& options) {
    if (options.replace) {
        session.execute("DROP TABLE IF EXISTS " + table);
    }
    session.execute(fmt::format(
        "CREATE TABLE {} (id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT 0, "
        "c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id)) "
        "ENGINE=InnoDB",
        table
    ));
}

/// Building an index of a full table is faster than keeping it while the table is filled.
void add_indexes(sql::Session& session, const std::string& table, unsigned count) {
    std::string clauses;
    for (unsigned index = 0; index < count; ++index) {
        clauses += fmt::format("{}ADD {}", clauses.empty() ? "" : ", ", kIndexes.at(index));
    }
    if (!clauses.empty()) {
        session.execute("ALTER TABLE " + table + " " + clauses);
    }
}

/// Fills the tables from several threads; each takes the next few thousand rows in turn, so that
/// all insert near the end of the primary key.
class Filler final {
public:
    Filler(const ConnectionOptions& connection, const PrepareOptions& options)
        : connection_(connection), options_(options), tables_(table_names(options)) {}

    void fill() {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < options_.threads; ++i) {
            threads.emplace_back([this] { work(); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

private:
    void work() {
        try {
            const auto session = sql::connect(connection_, session_settings());
            constexpr std::uint64_t kStep = kRowsPerStatement * kStatementsPerTransaction;
            for (;;) {
                const std::uint64_t first = next_.fetch_add(kStep);
                if (first > options_.rows || stopped_) {
                    return;
                }
                fill_transaction(*session, first, std::min(options_.rows, first + kStep - 1));
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            failure_ = std::current_exception();
        }
    }

    void fill_transaction(sql::Session& session, std::uint64_t first, std::uint64_t last) {
        session.execute("BEGIN");
        for (std::uint64_t from = first; from <= last; from += kRowsPerStatement) {
            const std::uint64_t to = std::min(last, from + kRowsPerStatement - 1);
            const std::string values = values_text(from, to);
            for (const std::string& table : tables_) {
                session.execute("INSERT INTO " + table + " (id, k, c, pad) VALUES " + values);
            }
        }
        session.execute("COMMIT");
    }

    [[nodiscard]] std::string values_text(std::uint64_t from, std::uint64_t to) const {
        std::string text;
        for (std::uint64_t id = from; id <= to; ++id) {
            text += (text.empty() ? "" : ",") + values_tuple(id, initial_row(id, options_.rows));
        }
        return text;
    }

    const ConnectionOptions& connection_;
    const PrepareOptions& options_;
    std::vector<std::string> tables_;
    std::atomic<std::uint64_t> next_{1};
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;
    std::exception_ptr failure_;
};

}  // namespace

void prepare(const ConnectionOptions& connection, const PrepareOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    create_schema(connection);
    const auto session = sql::connect(connection, session_settings());
    for (const std::string& table : table_names(options)) {
        create_table(*session, table, options);
    }
    Filler(connection, options).fill();
    for (const std::string& table : table_names(options)) {
        add_indexes(*session, table, options.secondary_indexes);
        session->execute("ANALYZE TABLE " + table);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::cout << fmt::format("{} rows in {:.1f} s\n", options.rows, elapsed.count());
}

}  // namespace doppel::load
