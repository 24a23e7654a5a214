// SPDX-License-Identifier: Apache-2.0
#include "support/key_case.hpp"

#include "doppel/error.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

constexpr unsigned kWriters = 2;
constexpr unsigned kThreads = 4;
constexpr std::chrono::seconds kPatience{60};
constexpr unsigned kUnknownColumn = 1054;

constexpr unsigned kRows = 300;
constexpr unsigned kNumbers = 400;  ///< of keys in use or not, split between the writers
/// Enough to keep every part of the run busy, and little enough for several runs on two cores.
constexpr std::chrono::milliseconds kPause{3};

std::string list(const std::vector<std::string>& parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::string where(const KeyCase& key, unsigned number, unsigned variant) {
    const std::vector<std::string> values = key.values(number, variant);
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto& by = key.address;
        if (by.empty() || std::find(by.begin(), by.end(), key.columns[i]) != by.end()) {
            parts.push_back(key.columns[i] + " = " + values[i]);
        }
    }
    return list(parts, " AND ");
}

std::string insert(const KeyCase& key, unsigned number, unsigned variant, int value) {
    return fmt::format(
        "INSERT IGNORE INTO {{}} ({}, v) VALUES ({}, {})",
        list(key.columns, ", "),
        list(key.values(number, variant), ", "),
        value
    );
}

std::string move(const KeyCase& key, unsigned from, unsigned to, unsigned variant) {
    std::vector<std::string> parts = key.values(to, variant);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i] = key.columns[i] + " = " + parts[i];
    }
    return fmt::format(
        "UPDATE IGNORE {{}} SET {} WHERE {}", list(parts, ", "), where(key, from, 0)
    );
}

std::string erase(const KeyCase& key, unsigned number) {
    return "DELETE FROM {} WHERE " + where(key, number, 0);
}

TwinTransaction random_change(const KeyCase& key, unsigned writer, std::mt19937& random) {
    const auto number = [&] {
        return static_cast<unsigned>(random() % (kNumbers / kWriters)) * kWriters + writer;
    };
    const auto variant = static_cast<unsigned>(random() % 4);
    const int value = static_cast<int>(random() % 1'000'000);
    const unsigned n = number();
    switch (random() % 6) {
        case 0:
            return {insert(key, n, variant, value)};
        case 1:
            return {fmt::format("UPDATE {{}} SET v = {} WHERE {}", value, where(key, n, variant))};
        case 2:
            return {move(key, n, n, variant), move(key, number(), number(), variant)};
        case 3:
            return {erase(key, n)};
        case 4:
            return {erase(key, n), insert(key, n, variant, value)};
        default:
            return {move(key, n, number(), variant), insert(key, n, variant, value)};
    }
}

TwinTransaction next_change(const KeyCase& key, unsigned writer, std::mt19937& random) {
    std::this_thread::sleep_for(kPause);
    TwinTransaction transaction = key.prologue;
    for (std::string& statement : random_change(key, writer, random)) {
        transaction.push_back(std::move(statement));
    }
    return transaction;
}

void fill(Schema& schema, const KeyCase& key) {
    schema.execute("SET SESSION time_zone = '+00:00'");
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format("CREATE TABLE {} ({}, v INT NOT NULL)", table, key.definition));
    }
    std::vector<std::string> rows;
    for (unsigned n = 0; n < kRows; ++n) {
        rows.push_back(fmt::format("({}, 1)", list(key.values(n, n % 4), ", ")));
    }
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format(
            "INSERT INTO {} ({}, v) VALUES {}", table, list(key.columns, ", "), list(rows, ", ")
        ));
    }
    if (key.definition.find("AUTO_INCREMENT") != std::string::npos) {
        // The counter stays above all that the writers use, and there is no row to read it off.
        for (const char* table : {"t", "twin"}) {
            schema.execute(fmt::format("ALTER TABLE {} AUTO_INCREMENT = 100000", table));
        }
    }
}

void stop(TwinWriters& writers, const KeyCase& key) {
    try {
        writers.stop();
    } catch (const Error& error) {
        if (!key.until_swapped || error.server_errno() != kUnknownColumn) {
            throw;
        }
    }
}

void run(const Sandbox& sandbox, const KeyCase& key) {
    SCOPED_TRACE(key.name + ": " + key.definition + "; " + key.clauses);
    Schema schema(sandbox, "k_" + key.name);
    fill(schema, key);
    TwinWriters writers(
        sandbox,
        schema.name(),
        kWriters,
        [&](unsigned writer, std::mt19937& random) { return next_change(key, writer, random); }
    );
    ASSERT_TRUE(wait_until([&] { return writers.committed() > 10; }, kPatience));
    const unsigned before = writers.committed();
    const auto finished = sandbox.run_doppel(
        fmt::format("ALTER TABLE `{}`.t {}", schema.name(), key.clauses),
        {"--no-native", "--chunk-rows=10"}
    );
    const unsigned during = writers.committed() - before;
    const unsigned after = writers.committed();
    if (finished.code == 0 && !key.until_swapped) {
        EXPECT_TRUE(wait_until([&] { return writers.committed() > after + 10; }, kPatience));
    }
    stop(writers, key);
    ASSERT_EQ(finished.code, 0) << finished.err << finished.out;
    EXPECT_GT(during, 20U);
    expect_like_native(
        schema.session(), key.clauses, key.order_by.empty() ? list(key.columns, ", ") : key.order_by
    );
}

}  // namespace

void run_key_case(const Sandbox& sandbox, const KeyCase& key) {
    KeyCase with_end = key;
    if (key.until_swapped) {
        with_end.definition += ", live INT";
        with_end.clauses += ", DROP COLUMN live";
        with_end.prologue.emplace_back("DO (SELECT MAX(live) FROM {} WHERE FALSE)");
    }
    run(sandbox, with_end);
}

void run_key_cases(const Sandbox& sandbox, const std::vector<KeyCase>& cases) {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            for (std::size_t at = next++; at < cases.size(); at = next++) {
                try {
                    run_key_case(sandbox, cases[at]);
                } catch (const std::exception& error) {
                    ADD_FAILURE() << cases[at].name << ": " << error.what();
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}  // namespace doppel::test
