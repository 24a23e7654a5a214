// SPDX-License-Identifier: Apache-2.0
#include "replay/batch_writer.hpp"

#include "base/fault_point.hpp"
#include "mysql/reconcile_statement.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

namespace doppel::replay {
namespace {

using sql::FailureKind;

constexpr std::chrono::milliseconds kConflictPause{10};

/// Leaves no transaction open; a connection that is lost has none.
void roll_back(sql::Session& session) {
    try {
        session.execute("ROLLBACK");
    } catch (const Error&) {  // NOLINT: the first error is the one to report
    }
}

}  // namespace

void BatchWriter::make_equal(sql::Session& session, const protocol::Batch& batch) const {
    const mysql::TablePair& tables = context_.tables;
    if (context_.assignments.empty()) {
        session.execute(mysql::delete_statement(tables, batch.keys, batch.confined_to));
        session.execute(mysql::insert_statement(tables, batch.keys, batch.confined_to));
        return;
    }
    // Each statement has a read view of its own. What has changed between them was delivered too
    // late for this batch, or will be, and is reconciled then.
    session.execute(mysql::upsert_statement(tables, batch.keys, context_.assignments));
    const auto held = session.query(mysql::count_statement(tables, batch.keys)).scalar();
    if (held != std::to_string(batch.keys.size())) {
        delete_gone(session, batch.keys);
    }
}

void BatchWriter::delete_gone(sql::Session& session, const std::vector<mysql::Key>& keys) const {
    const mysql::TablePair& tables = context_.tables;
    std::set<mysql::Key> held;
    for (const sql::Row& row : session.query(mysql::held_keys_statement(tables, keys)).rows) {
        auto key = tables.shape.encode_text(row);
        if (!key) {
            throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
        }
        held.insert(*std::move(key));
    }
    std::vector<mysql::Key> gone;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(gone), [&](const mysql::Key& key) {
        return !held.contains(key);
    });
    if (!gone.empty()) {
        session.execute(mysql::delete_statement(tables, gone, std::nullopt));
    }
}

void BatchWriter::run_transaction(
    sql::Session& session, const protocol::Batch& batch, bool insert, const std::string& mark
) const {
    try {
        session.execute("START TRANSACTION");
        if (insert) {
            make_equal(session, batch);
        } else {
            session.execute(mysql::delete_statement(context_.tables, batch.keys, batch.confined_to)
            );
        }
        session.execute(mark);
        base::fault_point("replay.before_commit");
        session.execute("COMMIT");
        base::fault_point(insert ? "replay.committed" : "replay.deleted_alone");
    } catch (const Error&) {
        roll_back(session);
        throw;
    }
}

async::awaitable<std::optional<Error>> BatchWriter::write(
    const protocol::Batch& batch, bool insert, const std::string& mark
) {
    try {
        auto work = [this, &batch, insert, &mark](sql::Session& session) {
            run_transaction(session, batch, insert, mark);
        };
        co_await session_.run(work);
    } catch (const Error& error) {
        co_return error;
    }
    conflicts_.over();
    co_return std::nullopt;
}

async::awaitable<void> BatchWriter::get_over(const Error& error) {
    switch (sql::classify_write_failure(error)) {
        case FailureKind::connection_lost:
            context_.logger.warning("replay: lost the connection: {}", error.what());
            // Whether it was committed does not matter: the keys are reconciled again.
            co_await session_.reconnect(context_.reconnect_limit);
            co_return;
        case FailureKind::conflict:
            context_.logger.debug("replay: {}; trying again", error.what());
            if (conflicts_.met(sql::ConflictCount::Clock::now())) {
                context_.logger.warning(
                    "replay waits for a lock of somebody else's on {}, for {} tries now: {}",
                    context_.tables.shadow.str(),
                    conflicts_.count(),
                    error.what()
                );
            }
            co_await async::sleep(kConflictPause);
            co_return;
        default:
            throw Error(error, fmt::format("replay failed: {}", error.what()));
    }
}

}  // namespace doppel::replay
