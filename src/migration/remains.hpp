// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint/record.hpp"
#include "checkpoint/state_table.hpp"
#include "mysql/identifier.hpp"
#include "schema/table_definition.hpp"
#include "shadow/names.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel::migration {

/// Everything on a server that tells of the migration of one table.
struct Remains {
    mysql::TableName table;  ///< as the server spells it
    shadow::DerivedNames names;
    std::string server_uuid;
    std::optional<std::uint64_t> lock_holder;  ///< connection with the migration's lock

    std::optional<schema::TableDefinition> source;
    std::optional<schema::TableDefinition> shadow;
    std::optional<schema::TableDefinition> old_table;
    std::optional<schema::TableDefinition> state;
    bool shadow_has_rows = false;
    /// Of the state table, when it bears our mark and has the columns of one.
    std::optional<checkpoint::Stored> stored;

    [[nodiscard]] mysql::TableName sibling(const std::string& name) const {
        return {table.schema, name};
    }
};

/// The state table is marked as ours. Pure.
[[nodiscard]] bool is_marked(const schema::TableDefinition& state);

/// Takes no lock and changes nothing. Throws Error(refused) when the account may not see whether
/// there is something, and what the session throws.
[[nodiscard]] Remains read_remains(sql::Session& session, const mysql::TableName& table);

/// What the remains say. Pure.
struct Standing {
    enum class Stage {
        none,        ///< no state table of ours
        unreadable,  ///< `problem` says why
        begun,       ///< there is a state table without a record: nothing else was made
        preparing,
        running,
        swapped,
    };
    Stage stage = Stage::none;
    std::string problem;
    std::optional<checkpoint::Record> record;  ///< from `preparing` on
    std::optional<checkpoint::Point> point;
    checkpoint::Show show;
    /// When swapped: the record says so, or only the swap can have made the tables what they are.
    bool surely_swapped = false;
};
[[nodiscard]] Standing judge_standing(const Remains& remains);

/// "name type" of each column, for Record::shadow_columns.
[[nodiscard]] std::vector<std::string> describe_columns(const schema::TableDefinition& table);

/// The tables have the definitions that the record has of them.
[[nodiscard]] bool is_recorded_shadow(
    const schema::TableDefinition& table, const checkpoint::Record& record
);
[[nodiscard]] bool is_recorded_source(
    const schema::TableDefinition& table, const checkpoint::Record& record
);
/// `table` is what the shadow was, under the source's name, and not what the source was.
[[nodiscard]] bool is_recorded_swap(
    const schema::TableDefinition& table, const checkpoint::Record& record
);

}  // namespace doppel::migration
