// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "sql/session.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doppel::test {

/// Three servers that form a MySQL group in single-primary mode.
class Group final {
public:
    static constexpr std::size_t kSize = 3;

    /// Returns when all are online; member 0 is the primary.
    Group();

    [[nodiscard]] Sandbox& member(std::size_t index) { return *members_.at(index); }
    /// All members; sql::find_primary finds the one.
    [[nodiscard]] ConnectionOptions connection() const;
    /// The member that takes writes; nothing while there is none.
    [[nodiscard]] std::optional<std::size_t> primary() const;
    /// A planned change of the primary.
    void make_primary(std::size_t index);
    /// SIGSTOP or SIGCONT to a member's server.
    void signal(std::size_t index, int number) const;

    /// `doppel alter` with all members as hosts, as JSON lines.
    [[nodiscard]] std::vector<std::string> doppel_command(
        const std::string& statement, const std::vector<std::string>& options
    ) const;
    [[nodiscard]] Process::Environment environment() const { return members_[0]->environment(); }

private:
    void join(std::size_t index);

    std::array<std::unique_ptr<Sandbox>, kSize> members_;
};

}  // namespace doppel::test
