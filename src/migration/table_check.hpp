// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/progress.hpp"
#include "doppel/verify.hpp"
#include "protocol/chunk_sizer.hpp"
#include "sql/session.hpp"
#include "verify/comparer.hpp"
#include "verify/subject.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace doppel::migration {

/// Compares two tables that nobody keeps equal: range after range, then those rows again that
/// differed, in case somebody was writing to both.
class TableCheck final {
public:
    TableCheck(
        const verify::Subject& subject,
        const VerifyOptions& options,
        sql::Session& session,
        Observer& observer
    );

    /// Shows what it finds. Throws what the session throws.
    [[nodiscard]] Verified run();

private:
    /// Compares the first part of a range; that part, and what was found.
    using CompareFirst =
        std::function<std::pair<mysql::KeyRange, verify::Comparison>(const mysql::KeyRange& rest)>;
    void compare_all();
    void compare_along(const CompareFirst& compare_first);
    [[nodiscard]] std::size_t differences() const {
        return differences_.size() + impossible_.size();
    }
    void look_again();
    void show_progress();
    void report() const;

    const verify::Subject& subject_;
    const VerifyOptions& options_;
    sql::Session& session_;
    Observer& observer_;
    verify::Comparer comparer_;
    protocol::ChunkSizer pace_;
    std::vector<verify::Difference> differences_;
    std::vector<std::string> impossible_;  ///< Comparison::impossible; no second look helps
    std::uint64_t rows_ = 0;
    bool complete_ = true;
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point next_progress_;
};

}  // namespace doppel::migration
