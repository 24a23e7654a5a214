// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replay/replay_context.hpp"
#include "sql/async_session.hpp"
#include "sql/conflict_count.hpp"

#include <optional>
#include <string>
#include <vector>

namespace doppel::replay {

/// Runs the transactions of batches on one session, one at a time.
class BatchWriter final {
public:
    BatchWriter(const ReplayContext& context, sql::AsyncSession& session)
        : context_(context), session_(session) {}

    /// Makes the shadow's rows of the batch equal to what the source holds now, or, without
    /// `insert`, deletes them; writes `mark`, and commits. Nothing when it was committed; after an
    /// error nothing was, or, where the connection was lost, it is not known.
    async::awaitable<std::optional<Error>> write(
        const protocol::Batch& batch, bool insert, const std::string& mark
    );

    /// Lost connections and conflicts, after which the keys are to be tried again: on return
    /// nothing of the failed transaction can happen any more. Throws all else.
    async::awaitable<void> get_over(const Error& error);

private:
    void run_transaction(
        sql::Session& session, const protocol::Batch& batch, bool insert, const std::string& mark
    ) const;

    /// Makes the rows equal in the form that is allowed for the tables.
    void make_equal(sql::Session& session, const protocol::Batch& batch) const;
    /// Of rows that the source does not hold any more.
    void delete_gone(sql::Session& session, const std::vector<mysql::Key>& keys) const;

    const ReplayContext& context_;
    sql::AsyncSession& session_;
    sql::ConflictCount conflicts_;
};

}  // namespace doppel::replay
