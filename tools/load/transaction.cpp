// SPDX-License-Identifier: Apache-2.0
#include "tools/load/transaction.hpp"

#include <array>

#include <fmt/format.h>

namespace doppel::load {

std::uint64_t RandomSequence::next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

std::string RandomSequence::digit_groups(unsigned count) {
    constexpr unsigned kDigits = 11;
    std::string text;
    text.reserve(std::size_t{count} * (kDigits + 1));
    for (unsigned group = 0; group < count; ++group) {
        if (group > 0) {
            text.push_back('-');
        }
        std::uint64_t number = next();
        for (unsigned digit = 0; digit < kDigits; ++digit) {
            text.push_back(static_cast<char>('0' + number % 10));
            number /= 10;
        }
    }
    return text;
}

namespace {

constexpr unsigned kGroupsOfC = 10;
constexpr unsigned kGroupsOfPad = 5;

RowValues random_row(RandomSequence& random, std::uint64_t rows) {
    RowValues values;
    values.k = random.up_to(rows);
    values.c = random.digit_groups(kGroupsOfC);
    values.pad = random.digit_groups(kGroupsOfPad);
    return values;
}

}  // namespace

RowValues initial_row(std::uint64_t id, std::uint64_t rows) {
    // One step of the sequence spreads neighbouring ids, whose states would overlap otherwise.
    RandomSequence random(RandomSequence(id).next());
    return random_row(random, rows);
}

std::string values_tuple(std::uint64_t id, const RowValues& values) {
    return fmt::format("({},{},'{}','{}')", id, values.k, values.c, values.pad);
}

Transaction random_transaction(RandomSequence& random, std::uint64_t largest_id) {
    Transaction transaction;
    transaction.increment_id = random.up_to(largest_id);
    transaction.update_id = random.up_to(largest_id);
    transaction.update_c = random.digit_groups(kGroupsOfC);
    transaction.replace_id = random.up_to(largest_id);
    transaction.replacement = random_row(random, largest_id);
    return transaction;
}

std::string_view statement_name(std::size_t index) {
    constexpr std::array<std::string_view, kStatements> kNames = {
        "UPDATE of k", "UPDATE of c", "DELETE", "INSERT"};
    return kNames.at(index);
}

std::vector<std::string> statements_for(const Transaction& transaction, const std::string& table) {
    return {
        fmt::format("UPDATE {} SET k = k + 1 WHERE id = {}", table, transaction.increment_id),
        fmt::format(
            "UPDATE {} SET c = '{}' WHERE id = {}",
            table,
            transaction.update_c,
            transaction.update_id
        ),
        fmt::format("DELETE FROM {} WHERE id = {}", table, transaction.replace_id),
        fmt::format(
            "INSERT INTO {} (id, k, c, pad) VALUES {}",
            table,
            values_tuple(transaction.replace_id, transaction.replacement)
        ),
    };
}

}  // namespace doppel::load
