// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event.hpp"
#include "mysql/table_pair.hpp"
#include "schema/table_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doppel::bench {

/// A table that is changed: its definition in the binlog and its rows.
class SampleTable final {
public:
    enum class Kind { integer, text, binary16 };  ///< INT, VARCHAR(80) utf8mb4, BINARY(16)

    /// The first `key_columns` columns are the key. Text values have `text_bytes` bytes.
    SampleTable(std::vector<Kind> columns, std::size_t key_columns, std::size_t text_bytes = 24);

    /// id INT, k INT, and two texts of 119 and 59 bytes, like sysbench's.
    static SampleTable sysbench();
    /// (INT), one INT beside it.
    static SampleTable narrow();
    /// (INT), 39 columns of 550 bytes beside it.
    static SampleTable wide();
    /// (INT, VARCHAR).
    static SampleTable composite();
    /// (BINARY(16)).
    static SampleTable binary();

    [[nodiscard]] std::string table_map(std::uint64_t id, std::string_view name) const;
    /// The body of a row event with the rows first .. first + count - 1; updates change what is not
    /// key.
    [[nodiscard]] std::string rows(
        binlog::EventType type, std::uint64_t id, std::uint32_t first, std::size_t count
    ) const;
    [[nodiscard]] std::size_t row_bytes() const { return image(0, 0).size(); }
    /// The encoded key of a row.
    [[nodiscard]] mysql::Key key(std::uint32_t number) const;

    [[nodiscard]] mysql::TablePair pair() const;
    [[nodiscard]] std::vector<schema::Column> columns() const;
    [[nodiscard]] std::vector<std::size_t> ordinals() const;

private:
    [[nodiscard]] std::string image(std::uint32_t number, std::uint32_t version) const;
    [[nodiscard]] std::string text(std::uint32_t number, std::size_t column) const;
    [[nodiscard]] mysql::KeyShape shape() const;

    std::vector<Kind> columns_;
    std::size_t key_columns_;
    std::vector<std::size_t> text_bytes_;
};

}  // namespace doppel::bench
