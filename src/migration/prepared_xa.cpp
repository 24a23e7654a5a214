// SPDX-License-Identifier: Apache-2.0
#include "migration/prepared_xa.hpp"

#include "binlog/events.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

constexpr std::size_t kTold = 5;

/// A row is the format's number, the bytes of the global and of the branch part, and both as
/// 0x6162.
std::string xid_of(const sql::Row& row) {
    const auto global_digits = 2 * std::stoul(row.at(1).value_or("0"));
    const std::string digits = row.at(3).value_or("0x").substr(2);
    const std::string global = digits.substr(0, global_digits);
    const std::string branch = digits.substr(std::min(global.size(), digits.size()));
    return binlog::normal_xid(fmt::format("X'{}',X'{}',{}", global, branch, row.at(0).value_or("1"))
    );
}

sql::Rows recover(sql::Session& session) {
    try {
        return session.query("XA RECOVER CONVERT XID");
    } catch (const Error& error) {
        const auto kind = sql::classify_write_failure(error);
        if (kind == sql::FailureKind::connection_lost || kind == sql::FailureKind::conflict) {
            throw;
        }
        // Without the privilege we cannot look; the feed then stops at the XA COMMIT of a
        // transaction whose preparation it has not seen.
        return {};
    }
}

}  // namespace

std::vector<std::string> prepared_xids(sql::Session& session) {
    std::vector<std::string> xids;
    const sql::Rows rows = recover(session);
    for (const sql::Row& row : rows.rows) {
        xids.push_back(xid_of(row));
    }
    return xids;
}

std::string xids_told(const std::vector<std::string>& xids) {
    std::string text;
    for (std::size_t i = 0; i < std::min(kTold, xids.size()); ++i) {
        text += (i > 0 ? "; " : "") + xids[i];
    }
    return xids.size() > kTold ? fmt::format("{}; and {} more", text, xids.size() - kTold) : text;
}

}  // namespace doppel::migration
