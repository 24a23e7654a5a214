// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/identifier.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::plan {

/// One line of SHOW GRANTS that is about privileges on tables.
struct Grant {
    std::vector<std::string> privileges;  ///< upper case; "ALL PRIVILEGES" stays as it is
    std::string schema;                   ///< "*" for global; else a pattern with % and _
    std::string table;                    ///< "*" unless the grant is for one table
    bool revoked = false;  ///< a partial revoke: takes away what a global grant gives
    bool role = false;     ///< grants a role; its privileges only count while it is active
};

/// What an account may do, as SHOW GRANTS tells. Pure; a value.
class Privileges final {
public:
    Privileges() = default;
    /// `account` is CURRENT_USER(), e.g. "app@%". `wildcards` is false where the server reads % and
    /// _ in schema names as they are (partial_revokes=ON).
    Privileges(std::string account, std::vector<Grant> grants, bool wildcards);

    [[nodiscard]] bool has_global(std::string_view privilege) const;
    [[nodiscard]] bool has_on_schema(std::string_view privilege, std::string_view schema) const;
    [[nodiscard]] bool has_on_table(std::string_view privilege, const mysql::TableName& table)
        const;
    /// True when the account has roles, active or not.
    [[nodiscard]] bool has_roles() const;
    /// "`app`", ready to follow GRANT .. ON: wildcards in the name are escaped.
    [[nodiscard]] std::string quoted_schema(std::string_view schema) const;
    /// "'app'@'%'", ready to follow GRANT .. TO.
    [[nodiscard]] std::string quoted_account() const;

private:
    [[nodiscard]] bool revoked_on(std::string_view privilege, std::string_view schema) const;

    std::string account_;
    std::vector<Grant> grants_;
    bool wildcards_ = true;
};

/// Parses one line of SHOW GRANTS. Grants of roles, of PROXY and on routines give a Grant without
/// privileges. Fails on text that is no grant.
[[nodiscard]] base::Result<Grant> parse_grant(std::string_view line);

/// True when `name` matches a schema pattern of a grant: % and _ are wildcards, \ escapes one.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace doppel::plan
