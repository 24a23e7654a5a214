// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::load {

/// A small, fast random sequence (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014): the same on every platform, unlike the distributions of <random>.
class RandomSequence final {
public:
    explicit RandomSequence(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    /// 1..limit; the tiny bias of the remainder does not matter here.
    std::uint64_t up_to(std::uint64_t limit) { return 1 + next() % limit; }
    /// `count` groups of eleven digits with dashes between them, as sysbench fills its columns.
    std::string digit_groups(unsigned count);

private:
    std::uint64_t state_;
};

/// The columns of a row of sysbench's sbtest table beside its id.
struct RowValues {
    std::uint64_t k = 0;
    std::string c;    ///< 119 characters
    std::string pad;  ///< 59 characters
};

/// The values that `prepare` gives the row `id` of a table with `rows` rows.
[[nodiscard]] RowValues initial_row(std::uint64_t id, std::uint64_t rows);
/// "(id,k,'c','pad')"; the values need no quoting.
[[nodiscard]] std::string values_tuple(std::uint64_t id, const RowValues& values);

/// One transaction of sysbench's oltp_write_only with all values chosen by the client, so that it
/// can be applied to two tables, or again after a deadlock, with the same outcome. Rows are chosen
/// by id only.
struct Transaction {
    std::uint64_t increment_id = 0;  ///< k = k + 1: changes the secondary index
    std::uint64_t update_id = 0;     ///< c = update_c
    std::string update_c;
    std::uint64_t replace_id = 0;  ///< deleted and inserted again as `replacement`
    RowValues replacement;
};

[[nodiscard]] Transaction random_transaction(RandomSequence& random, std::uint64_t largest_id);

/// Number of statements of a transaction between BEGIN and COMMIT, for one table.
inline constexpr std::size_t kStatements = 4;
/// What each of them is, for messages.
[[nodiscard]] std::string_view statement_name(std::size_t index);
/// The statements in order; `table` is a quoted name.
[[nodiscard]] std::vector<std::string> statements_for(
    const Transaction& transaction, const std::string& table
);

}  // namespace doppel::load
