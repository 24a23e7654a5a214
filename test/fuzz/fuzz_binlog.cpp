// SPDX-License-Identifier: Apache-2.0
// A binlog file without its magic number, as test/data/binlog has them. Sizes of events are taken
// from the input; wrong ones end the input.
#include "binlog/event.hpp"
#include "binlog/transaction_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace doppel;  // NOLINT: a small program

/// Wants a key of the first column of every table that could have one.
class Handler final : public binlog::EventHandler {
public:
    binlog::TableInterest on_table_map(const binlog::TableMap& table) override {
        if (table.columns.empty()) {
            return binlog::TableInterest::skip();
        }
        switch (table.columns[0].type) {
            case binlog::ColumnType::newdecimal:
                return keys(decimal_);
            case binlog::ColumnType::date:
                return keys(date_);
            case binlog::ColumnType::time2:
                return keys(time_);
            case binlog::ColumnType::datetime2:
            case binlog::ColumnType::timestamp2:
                return keys(datetime_);
            case binlog::ColumnType::string:
            case binlog::ColumnType::varchar:
                return keys(text_);
            case binlog::ColumnType::long_integer:
                return keys(integer_);
            default:
                return binlog::TableInterest::count(0);
        }
    }
    void on_rows(const binlog::RowsView& rows) override {
        for (std::size_t i = 0; i < rows.keys.size(); ++i) {
            bytes_ += rows.keys[i].size();
        }
    }
    void on_query(const binlog::QueryView& query) override { bytes_ += query.text.size(); }
    void on_transaction_end(const binlog::StreamPosition&) override {}
    void on_unknown(binlog::EventType, bool) override {}

private:
    static binlog::TableInterest keys(const mysql::KeyShape& shape) {
        return binlog::TableInterest::keys(0, shape, {0});
    }
    static mysql::KeyShape shape(mysql::KeyKind kind) {
        return mysql::KeyShape({mysql::KeyColumn{"k", kind, 0, "", ""}});
    }

    mysql::KeyShape decimal_ = shape(mysql::KeyKind::decimal);
    mysql::KeyShape date_ = shape(mysql::KeyKind::date);
    mysql::KeyShape time_ = shape(mysql::KeyKind::time);
    mysql::KeyShape datetime_ = shape(mysql::KeyKind::datetime);
    mysql::KeyShape text_ = shape(mysql::KeyKind::text);
    mysql::KeyShape integer_ = shape(mysql::KeyKind::signed_integer);
    std::size_t bytes_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Handler handler;
    binlog::TransactionReader reader(handler, mysql::GtidSet());
    while (!bytes.empty()) {
        const auto header = binlog::parse_header(bytes);
        if (!header || header->size > bytes.size() || reader.feed(bytes.substr(0, header->size))) {
            break;
        }
        bytes.remove_prefix(header->size);
    }
    return 0;
}
