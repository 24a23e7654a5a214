// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "migration/earlier_run.hpp"
#include "migration/remains.hpp"
#include "schema/reader.hpp"
#include "unit/schema/builders.hpp"

#include <string>

namespace doppel::migration::test {

inline constexpr const char* kServer = "11111111-2222-3333-4444-555555555555";

inline schema::TableDefinition before(const std::string& name) {
    auto table = schema::test::table({schema::test::column("id", "int")});
    table.name = {"s", name};
    table.create_text = "CREATE TABLE `" + name + "` (\n  `id` int,\n  CONSTRAINT `" + name +
                        "_chk_1` CHECK ((`id` > 0))\n) ENGINE=InnoDB AUTO_INCREMENT=5";
    return table;
}

/// After ADD COLUMN note.
inline schema::TableDefinition after(const std::string& name) {
    auto table = schema::test::table(
        {schema::test::column("id", "int"), schema::test::column("note", "text")}
    );
    table.name = {"s", name};
    table.create_text =
        "CREATE TABLE `" + name + "` (\n  `id` int,\n  `note` text\n) ENGINE=InnoDB";
    table.rows_estimated = 40;
    return table;
}

inline schema::TableDefinition state_table() {
    auto table = schema::test::table({schema::test::column("id", "int")});
    table.name = {"s", "_t_doppel"};
    table.comment = shadow::state_comment({"s", "t"});
    return table;
}

inline checkpoint::Record record(checkpoint::Stage stage) {
    checkpoint::Record record;
    record.stage = stage;
    record.statement = "ALTER TABLE s.t ADD note TEXT";
    record.source = "t";
    record.shadow = "_t_new";
    record.old_table = "_t_old";
    record.source_definition = schema::without_auto_increment(before("t").create_text);
    if (stage != checkpoint::Stage::preparing) {
        record.shadow_definition = after("_t_new").create_text;
        record.shadow_columns = describe_columns(after("_t_new"));
    }
    record.run_id = "0123456789abcdef";
    record.host = "admin1";
    record.process_id = 77;
    record.started_at = "2026-01-02T03:04:05Z";
    return record;
}

/// What a table that is not being migrated has around it: nothing.
inline Remains untouched() {
    Remains remains;
    remains.table = {"s", "t"};
    remains.names = shadow::derive_names("t");
    remains.server_uuid = kServer;
    remains.source = before("t");
    return remains;
}

inline void put_record(Remains& remains, const checkpoint::Record& record) {
    remains.state = state_table();
    remains.stored = checkpoint::Stored{};
    remains.stored->record = checkpoint::to_json(record);
}

/// With a state table and its record; `running` also has a shadow and a checkpoint of 2.5 s ago.
inline Remains left_by(checkpoint::Stage stage) {
    Remains remains = untouched();
    put_record(remains, record(stage));
    if (stage == checkpoint::Stage::preparing) {
        return remains;
    }
    checkpoint::Point point;
    point.server.uuid = kServer;
    point.place = mysql::FileOffset{"binlog.000001", 4};
    checkpoint::Show show;
    show.phase = "copying";
    show.rows_copied = 30;
    show.rows_estimated = 120;
    show.keys_pending = 5;
    show.rows_per_second = 1'000;
    show.eta_seconds = 9;
    show.feed_lag_seconds = 0.5;
    remains.stored->point = checkpoint::to_json(point, show, "run");
    remains.stored->age_seconds = 2.5;
    if (stage == checkpoint::Stage::running) {
        remains.shadow = after("_t_new");
        remains.shadow_has_rows = true;
    }
    return remains;
}

/// The tables are swapped, and no record says so yet.
inline Remains swapped(bool drop_old) {
    Remains remains = left_by(checkpoint::Stage::running);
    checkpoint::Record told = record(checkpoint::Stage::running);
    told.drop_old = drop_old;
    remains.stored->record = checkpoint::to_json(told);
    remains.shadow.reset();
    remains.source = after("t");
    remains.old_table = before("_t_old");
    return remains;
}

}  // namespace doppel::migration::test
