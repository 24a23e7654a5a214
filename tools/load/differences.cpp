// SPDX-License-Identifier: Apache-2.0
#include "tools/load/differences.hpp"

#include "mysql/identifier.hpp"

#include <map>
#include <utility>

namespace doppel::load {
namespace {

std::string describe_columns(TableReader& first, TableReader& second, const mysql::Key& key) {
    const auto a = first.row(key);
    const auto b = second.row(key);
    if (!a || !b || a->size() != b->size()) {
        return "changed while it was compared";
    }
    std::string columns;
    for (std::size_t i = 0; i < a->size(); ++i) {
        if ((*a)[i] != (*b)[i]) {
            columns += (columns.empty() ? "" : ", ") +
                       mysql::quote_identifier(first.shape().columns[i].name);
        }
    }
    return columns.empty() ? "changed while it was compared" : "differs in " + columns;
}

void add(Differences& differences, const std::string& text) {
    ++differences.rows;
    if (differences.described.size() < Differences::kDescribed) {
        differences.described.push_back(text);
    }
}

}  // namespace

void find_differences(
    TableReader& first, TableReader& second, const mysql::KeyRange& range, Differences& differences
) {
    std::map<mysql::Key, std::string> missing;
    for (RowHash& row : second.row_hashes(range)) {
        missing.emplace(std::move(row.key), std::move(row.hash));
    }
    for (const RowHash& row : first.row_hashes(range)) {
        const std::string name = first.key_shape().describe(row.key) + ": ";
        const auto found = missing.find(row.key);
        if (found == missing.end()) {
            add(differences, name + "only in the first table");
            continue;
        }
        if (found->second != row.hash) {
            const bool shown = differences.described.size() < Differences::kDescribed;
            add(differences, shown ? name + describe_columns(first, second, row.key) : "");
        }
        missing.erase(found);
    }
    for (const auto& [key, hash] : missing) {
        add(differences, first.key_shape().describe(key) + ": only in the second table");
    }
}

}  // namespace doppel::load
