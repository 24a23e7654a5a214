// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "plan/checks/checks_list.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

using statement::Clause;
using statement::ClauseKind;

// Partition clauses that say how an empty table is to be divided. The others are about the rows of
// this table's partitions, or throw them away.
constexpr std::array<std::string_view, 5> kDefiningWords{
    "PARTITION", "REMOVE", "ADD", "COALESCE", "REORGANIZE"};

bool manages_partitions(const Clause& clause) {
    if (clause.kind != ClauseKind::partitioning) {
        return false;
    }
    const auto list = statement::tokenize(clause.text);
    return !list || std::none_of(kDefiningWords.begin(), kDefiningWords.end(), [&](auto word) {
        return list->is_word(0, word);
    });
}

void refuse_server_business(Findings& findings, std::string id, const Clause& clause) {
    findings.push_back(
        {std::move(id),
         Finding::Level::refusal,
         fmt::format("'{}' cannot be carried out on a copy of the table", clause.text),
         "run it on the server directly"}
    );
}

}  // namespace

void statement_is_online_change(
    const Facts& facts, const AlterStatement& statement, Findings& findings
) {
    if (!statement.mariadb_word.empty() && !facts.server.version.is_mariadb()) {
        findings.push_back(
            {"mariadb-syntax",
             Finding::Level::refusal,
             fmt::format(
                 "'{}' in front of the clauses is MariaDB's; MySQL takes it for a syntax error",
                 statement.mariadb_word
             ),
             "leave it out: the change is made online in any case"}
        );
    }
    for (const Clause& clause : statement.clauses) {
        if (clause.kind == ClauseKind::rename_table) {
            findings.push_back(
                {"rename-table",
                 Finding::Level::refusal,
                 fmt::format("'{}' renames the table", clause.text),
                 "make the other changes first, then use RENAME TABLE, which takes no time"}
            );
        } else if (clause.kind == ClauseKind::tablespace) {
            refuse_server_business(findings, "tablespace", clause);
        } else if (manages_partitions(clause)) {
            refuse_server_business(findings, "partition-management", clause);
        }
    }
}

void statement_keeps_innodb(const Facts&, const AlterStatement& statement, Findings& findings) {
    for (const Clause& clause : statement.clauses) {
        if (clause.kind != ClauseKind::table_option || clause.option != "ENGINE") {
            continue;
        }
        const auto list = statement::tokenize(clause.text);
        const bool innodb = list && !list->tokens.empty() &&
                            base::equals_ignore_case(list->name_of(list->tokens.back()), "InnoDB");
        if (!innodb) {
            findings.push_back(
                {"engine-change",
                 Finding::Level::refusal,
                 fmt::format("'{}' leaves InnoDB", clause.text),
                 "run it on the server directly"}
            );
        }
    }
}

void statement_modifiers(const Facts&, const AlterStatement& statement, Findings& findings) {
    if (statement.has(ClauseKind::algorithm) || statement.has(ClauseKind::lock)) {
        findings.push_back(
            {"modifiers-dropped",
             Finding::Level::warning,
             "ALGORITHM and LOCK clauses are left out: the change is made natively where that "
             "needs no "
             "copy, and else by a copy without locks",
             ""}
        );
    }
}

}  // namespace doppel::plan::checks
