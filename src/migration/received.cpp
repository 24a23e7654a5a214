// SPDX-License-Identifier: Apache-2.0
#include "migration/received.hpp"

#include "doppel/error.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

Finding not_promoted(const std::string& source) {
    return {
        "earlier-run",
        Finding::Level::refusal,
        fmt::format(
            "an earlier run went on at another server, and this one is a replica of {}", source
        ),
        "go on there, or, when that server is gone, promote this one first (STOP REPLICA; RESET "
        "REPLICA ALL)"};
}

Finding not_applied(const std::string& transactions) {
    return {
        "earlier-run",
        Finding::Level::refusal,
        fmt::format(
            "the server has received transactions from another one that it has not applied yet "
            "({}), and they may be of an earlier run",
            transactions
        ),
        "let it apply them first (START REPLICA SQL_THREAD), or give them up (RESET REPLICA ALL), "
        "then run again"};
}

Finding not_shown() {
    return {
        "earlier-run",
        Finding::Level::refusal,
        "an earlier run went on at another server, and the account may not see whether this one "
        "has applied all that it has received from there",
        "GRANT SELECT ON performance_schema.replication_connection_status, and REPLICATION CLIENT"};
}

}  // namespace

Received read_received(sql::Session& session) {
    Received received;
    auto unapplied = sql::unapplied_transactions(session);
    received.is_known = unapplied.has_value();
    if (unapplied) {
        received.unapplied = *std::move(unapplied);
    }
    received.by_group = sql::read_role(session).group.has_value();
    try {
        received.source = sql::replicates_from(session);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        received.is_known = false;
    }
    return received;
}

bool ran_elsewhere(const Remains& remains) {
    const Standing standing = judge_standing(remains);
    return standing.point && standing.point->server.uuid != remains.server_uuid;
}

std::optional<Finding> received_problem(
    const Received& received, bool finds_earlier, bool elsewhere
) {
    if (elsewhere && received.source) {
        return not_promoted(received.source->address);
    }
    if (elsewhere && !received.is_known) {
        return not_shown();
    }
    if (!received.unapplied.empty() && (received.by_group || finds_earlier)) {
        return not_applied(received.unapplied.front());
    }
    return std::nullopt;
}

}  // namespace doppel::migration
