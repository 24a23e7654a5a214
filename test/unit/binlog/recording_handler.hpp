// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_reader.hpp"
#include "binlog/event_handler.hpp"
#include "binlog/transaction_reader.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace doppel::binlog::test {

/// A table that the handler wants the keys of: its shape and the positions of the key columns.
struct WantedKey {
    mysql::KeyShape shape;
    std::vector<std::size_t> ordinals;
    std::vector<std::optional<std::string>> defaults;
};

/// Writes down every call as a line, e.g. "rows t update (1) (2)".
class RecordingHandler final : public EventHandler {
public:
    std::map<std::string, WantedKey> wanted;  ///< by table name
    std::string marker_table;
    std::vector<std::string> lines;
    std::size_t tables_asked = 0;
    bool full = false;

    void on_transaction_begin(const TransactionBegin& begin) override {
        lines.push_back("begin" + (begin.gtid ? " " + begin.gtid->tag : std::string()));
    }
    TableInterest on_table_map(const TableMap& table) override {
        ++tables_asked;
        tables_.push_back(table.table);
        if (table.table == marker_table) {
            return TableInterest::marker(tables_.size() - 1);
        }
        const auto entry = wanted.find(table.table);
        if (entry == wanted.end()) {
            return TableInterest::skip();
        }
        shapes_[tables_.size() - 1] = &entry->second.shape;
        return TableInterest::keys(
            tables_.size() - 1, entry->second.shape, entry->second.ordinals, entry->second.defaults
        );
    }
    void on_rows(const RowsView& rows) override {
        std::string line = fmt::format("rows {} {}", tables_[rows.tag], to_string(rows.change));
        for (std::size_t i = 0; i < rows.keys.size(); ++i) {
            const mysql::Key key{std::string(rows.keys[i])};
            line += " " + shapes_[rows.tag]->describe(key);
            keys[tables_[rows.tag]].push_back(key);
        }
        lines.push_back(line);
    }
    void on_marker(std::size_t tag, std::int64_t id, std::uint64_t seq) override {
        lines.push_back(fmt::format("marker {} {} {}", tables_[tag], id, seq));
    }
    bool is_full() override { return full; }
    void on_query(const QueryView& query) override {
        lines.push_back(fmt::format("query {} {}", query.schema, query.text.substr(0, 40)));
    }
    void on_xa_prepare(std::string_view xid) override {
        lines.push_back(fmt::format("xa prepare {}", xid));
    }
    void on_xa_commit(std::string_view xid) override {
        lines.push_back(fmt::format("xa commit {}", xid));
    }
    void on_xa_rollback(std::string_view xid) override {
        lines.push_back(fmt::format("xa rollback {}", xid));
    }
    void on_transaction_end(const StreamPosition& position) override {
        lines.emplace_back("end");
        ends.push_back(position.file.offset);
    }
    void on_restart(const StreamPosition&) override { lines.emplace_back("restart"); }
    void on_heartbeat(const mysql::FileOffset& position) override {
        lines.push_back("heartbeat " + position.str());
    }
    void on_rotate(const mysql::FileOffset& next) override {
        lines.push_back("rotate " + next.str());
    }
    void on_incident(std::string_view message) override {
        lines.push_back(fmt::format("incident {}", message));
    }
    void on_statement_sign(EventType type) override {
        lines.push_back(fmt::format("sign {}", to_string(type)));
    }
    void on_unknown(EventType type, bool ignorable) override {
        lines.push_back(
            fmt::format("unknown {}{}", static_cast<unsigned>(type), ignorable ? " ignorable" : "")
        );
    }

    std::vector<std::uint64_t> ends;  ///< offsets behind the transactions
    std::map<std::string, std::vector<mysql::Key>> keys;

private:
    std::vector<std::string> tables_;
    std::map<std::size_t, const mysql::KeyShape*> shapes_;
};

/// A sample of test/data/binlog, without the magic number of the file.
inline std::string read_sample(const std::string& name) {
    std::ifstream file(std::string(DOPPEL_TEST_DATA) + "/binlog/" + name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return bytes.size() < 4 ? std::string() : bytes.substr(4);
}

/// The events of a file one behind the other; the last may be cut off.
inline std::vector<std::string_view> split_events(std::string_view bytes) {
    std::vector<std::string_view> events;
    while (!bytes.empty()) {
        const auto header = parse_header(bytes);
        const std::size_t size = header ? header->size : bytes.size();
        events.push_back(bytes.substr(0, size));
        bytes.remove_prefix(events.back().size());
    }
    return events;
}

std::vector<std::string_view> split_events(std::string&&) = delete;  // the views would dangle

/// Feeds all events; the failure of the first that has one.
inline std::optional<base::Failure> feed_all(TransactionReader& reader, std::string_view bytes) {
    for (const auto event : split_events(bytes)) {
        if (auto failure = reader.feed(event)) {
            return failure;
        }
    }
    return std::nullopt;
}

}  // namespace doppel::binlog::test
