// SPDX-License-Identifier: Apache-2.0
#include "bench/replay/bench_table.hpp"

#include "checkpoint/state_table.hpp"
#include "doppel/error.hpp"
#include "schema/reader.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

namespace doppel::bench {
namespace {

constexpr const char* kSchema = "doppel_bench";
constexpr std::array kIndexes{
    "KEY k_1 (k)", "KEY c_2 (c(16))", "KEY pad_3 (pad(16))", "KEY kc_4 (k, c(8))"};

ConnectionOptions in_schema(ConnectionOptions connection) {
    connection.default_schema.clear();
    sql::connect(connection, {})->execute(fmt::format("CREATE DATABASE IF NOT EXISTS {}", kSchema));
    connection.default_schema = kSchema;
    return connection;
}

schema::TableDefinition read(sql::Session& session, const mysql::TableName& table) {
    const auto version = session.query("SELECT VERSION()").scalar().value_or("");
    auto definition =
        schema::read_table(session, table, mysql::ServerVersion::parse(version).value());
    if (!definition) {
        throw Error(Errc::failed, "no table " + table.str());
    }
    return *std::move(definition);
}

mysql::KeyColumn integer_column(const char* name) {
    mysql::KeyColumn column;
    column.name = name;
    return column;
}

}  // namespace

BenchTable::BenchTable(const ConnectionOptions& connection, std::uint64_t rows, unsigned indexes)
    : session_(sql::connect(in_schema(connection), {})),
      tables_{
          {kSchema, "t"},
          {kSchema, "_t_new"},
          {kSchema, "_t_doppel"},
          "PRIMARY",
          mysql::KeyShape({integer_column("id")}),
          {"id"},
          {"id"},
          "`id`, `k`, `c`, `pad`",
          "`id`, `k`, `c`, `pad`"} {
    create(rows, indexes);
    schema_.source = read(*session_, tables_.source);
    schema_.shadow = read(*session_, tables_.shadow);
    for (const char* column : {"id", "k", "c", "pad"}) {
        schema_.columns.pairs.push_back({column, column});
    }
    for (std::uint64_t id = 1; id <= rows; ++id) {
        mysql::Key key;
        mysql::KeyShape::append_signed(key.bytes, static_cast<std::int64_t>(id));
        keys_.push_back(std::move(key));
    }
    std::shuffle(keys_.begin(), keys_.end(), std::mt19937(1));
}

void BenchTable::create(std::uint64_t rows, unsigned indexes) {
    for (const auto* table : {&tables_.source, &tables_.shadow, &tables_.state}) {
        session_->execute("DROP TABLE IF EXISTS " + table->quoted());
    }
    std::string secondary;
    for (unsigned i = 0; i < indexes; ++i) {
        secondary += fmt::format(", {}", kIndexes.at(i));
    }
    session_->execute(fmt::format(
        "CREATE TABLE {} (id INT NOT NULL, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT "
        "NULL, PRIMARY KEY (id){})",
        tables_.source.quoted(),
        secondary
    ));
    session_->execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", rows + 1));
    session_->execute(fmt::format(
        "INSERT INTO {} WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < "
        "{}) SELECT n, FLOOR(RAND(1) * {}), LEFT(REPEAT(SHA2(n, 256), 2), 119), LEFT(SHA2(n + 7, "
        "256), 59) FROM r",
        tables_.source.quoted(),
        rows,
        rows
    ));
    session_->execute(
        "CREATE TABLE " + tables_.shadow.quoted() + " LIKE " + tables_.source.quoted()
    );
    session_->execute(
        "INSERT INTO " + tables_.shadow.quoted() + " SELECT * FROM " + tables_.source.quoted()
    );
    checkpoint::StateTable(tables_.state).create(*session_, "doppel bench", {});
    session_->execute("ANALYZE TABLE " + tables_.source.quoted() + ", " + tables_.shadow.quoted());
}

void BenchTable::change_all() {
    // What sysbench's oltp_write_only changes: c in half of its updates, k in the other.
    session_->execute("UPDATE " + tables_.source.quoted() + " SET c = REVERSE(c), k = k + id % 2");
}

std::uint64_t BenchTable::differences() {
    const auto count = session_->query(fmt::format(
        "SELECT COUNT(*) FROM {} s LEFT JOIN {} g USING (id) WHERE NOT (s.k <=> g.k AND s.c <=> "
        "g.c AND s.pad <=> g.pad)",
        tables_.source.quoted(),
        tables_.shadow.quoted()
    ));
    return std::stoull(count.scalar().value_or("0"));
}

}  // namespace doppel::bench
