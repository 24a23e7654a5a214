// SPDX-License-Identifier: Apache-2.0
#include "differential/coverage.hpp"

#include <string_view>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

// Kinds of keys that Doppel refuses are not among them.
constexpr std::string_view kRequired[]{
    "type tinyint",
    "type smallint",
    "type mediumint",
    "type int",
    "type bigint",
    "type unsigned",
    "type decimal",
    "type float",
    "type double",
    "type bit",
    "type char",
    "type varchar",
    "type tinytext",
    "type text",
    "type mediumtext",
    "type longtext",
    "type binary",
    "type varbinary",
    "type tinyblob",
    "type blob",
    "type mediumblob",
    "type longblob",
    "type enum",
    "type set",
    "type date",
    "type time",
    "type datetime",
    "type timestamp",
    "type with fraction",
    "type year",
    "type json",
    "type point",
    "type geometry",
    "type linestring",
    "type polygon",
    "type vector",
    "charset utf8mb4",
    "charset utf8mb3",
    "charset utf16",
    "charset utf32",
    "charset latin1",
    "charset ascii",
    "charset cp1251",
    "charset sjis",
    "charset gbk",
    "column stored",
    "column virtual",
    "column invisible",
    "column expression default",
    "column DEFAULT CURRENT_TIMESTAMP",
    "constraint CHECK",
    "table partitioned",
    "data zero dates",
    "data empty table",
    "index plain",
    "index unique",
    "index prefix",
    "index descending",
    "index invisible",
    "index functional",
    "index multi-valued",
    "index full-text",
    "index spatial",
    "key integer",
    "key AUTO_INCREMENT",
    "key invisible column",
    "key composite",
    "key text",
    "key unique",
    "key unique descending",
    "key decimal",
    "key datetime",
    "key time",
    "key date",
    "key year",
    "key timestamp",
    "key bit",
    "key set",
    "key enum",
    "key binary",
    "key varbinary",
    "change add column",
    "change add generated column",
    "change drop column",
    "change drop and add of one name",
    "change MODIFY",
    "change CHANGE",
    "change rename",
    "change rename of case only",
    "change rename and add of the old name",
    "change swap of names",
    "change cycle of names",
    "change order of columns",
    "change default or visibility",
    "change NULL to NOT NULL",
    "change charset of a column",
    "change charset of the table",
    "change type of number to text",
    "change type of enum",
    "change type of set",
    "change add index unique",
    "change drop index",
    "change add CHECK",
    "change wider key",
    "change key of another type",
    "change drop PRIMARY KEY",
    "change row format",
    "change partitioning",
    "column quoted name",
    "data under ANSI_QUOTES",
    "write UPDATE of the key",
    "write image MINIMAL",
    "write image NOBLOB",
    "write partial JSON",
    "write compressed",
    "write XA",
    "write SAVEPOINT",
    "write ON DUPLICATE KEY UPDATE",
};

}  // namespace

void Coverage::count(const std::set<std::string>& features) {
    for (const std::string& feature : features) {
        ++counts_[feature];
    }
}

std::vector<std::string> Coverage::missing() const {
    std::vector<std::string> list;
    for (const std::string_view feature : kRequired) {
        if (counts_.count(std::string(feature)) == 0) {
            list.emplace_back(feature);
        }
    }
    return list;
}

std::string Coverage::describe() const {
    std::string text;
    std::string group;
    for (const auto& [feature, count] : counts_) {
        const auto blank = feature.find(' ');
        if (feature.substr(0, blank) != group) {
            group = feature.substr(0, blank);
            text += fmt::format("{}  {}:", text.empty() ? "" : "\n", group);
        }
        text += fmt::format(" {} {},", feature.substr(blank + 1), count);
    }
    return text;
}

}  // namespace doppel::differential
