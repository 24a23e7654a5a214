// SPDX-License-Identifier: Apache-2.0
#include "plan/checks/checks_list.hpp"

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;
/// Sessions of a run beside those that copy: boundaries, load, replay, fences, markers,
/// checkpoints, indexes, verification, cut-over, the lock, checks, the feed, heartbeats, looks at
/// the load, looks for replicas, and one for looking after a lost connection.
constexpr std::uint64_t kConnectionsBesideCopy = 16;

}  // namespace

void disk_space(const Facts& facts, const AlterStatement& /*statement*/, Findings& findings) {
    if (!facts.server.free_disk_bytes || !facts.source) {
        return;
    }
    const std::uint64_t needed = facts.source->data_bytes + facts.source->index_bytes;
    if (*facts.server.free_disk_bytes >= needed) {
        return;
    }
    findings.push_back(
        {"disk-full",
         Finding::Level::refusal,
         fmt::format(
             "a copy of the table needs about {} MiB, and {} MiB are free on the server's disk",
             needed / kMebibyte,
             *facts.server.free_disk_bytes / kMebibyte
         ),
         "make room: the binary log of the copy needs about as much again"}
    );
}

void connection_limit(const Facts& facts, const AlterStatement& /*statement*/, Findings& findings) {
    const std::uint64_t limit = facts.server.max_user_connections;
    const std::uint64_t needed = kConnectionsBesideCopy + facts.copy_sessions;
    if (limit == 0 || limit >= needed) {
        return;
    }
    findings.push_back(
        {"connection-limit",
         Finding::Level::refusal,
         fmt::format(
             "the account may have {} connections at a time, a run needs {}", limit, needed
         ),
         fmt::format(
             "ALTER USER {} WITH MAX_USER_CONNECTIONS {}, or use another account, or fewer "
             "--threads",
             facts.privileges.quoted_account(),
             2 * needed
         )}
    );
}

}  // namespace doppel::plan::checks
