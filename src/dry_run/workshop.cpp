// SPDX-License-Identifier: Apache-2.0
#include "dry_run/workshop.hpp"

#include "base/fault_point.hpp"
#include "doppel/error.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

/// Longest silence on a statement that makes, changes or drops an empty table.
constexpr std::chrono::seconds kSilence{60};
constexpr std::chrono::seconds kRemovalLimit{20};
constexpr std::chrono::milliseconds kRemovalPause{250};
constexpr unsigned kLockSeconds = 20;

/// The comment of a table; nothing when there is none that the account may see.
std::optional<std::string> comment_of(sql::Session& session, const mysql::TableName& table) {
    const sql::Rows rows = session.query(fmt::format(
        "SELECT TABLE_COMMENT FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = {} AND "
        "TABLE_NAME = {}",
        mysql::quote_string(table.schema),
        mysql::quote_string(table.table)
    ));
    return rows.empty() ? std::nullopt : std::optional(rows.scalar().value_or(""));
}

}  // namespace

Workshop::Workshop(ConnectionOptions connection, Logger logger, const mysql::TableName& source)
    : connection_(std::move(connection)), logger_(std::move(logger)), source_(source) {
    const shadow::ScratchNames names = shadow::derive_scratch_names(source.table);
    quiet_ = {source.schema, names.quiet};
    probe_ = {source.schema, names.probe};
    session_ = connect();
}

Workshop::~Workshop() {
    try {
        remove_all();
    } catch (const std::exception& error) {
        logger_.error("{}", error.what());
    }
}

std::unique_ptr<sql::Session> Workshop::connect() const {
    sql::SessionSettings settings;
    settings.program_name = "doppel dry run";
    settings.statement_timeout = kSilence;
    settings.statements = {"SET SESSION lock_wait_timeout = 2"};
    return sql::connect(connection_, settings);
}

std::string Workshop::open() {
    try {
        session_->execute("SET SESSION sql_log_bin = 0");
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        return fmt::format(
            "the account may not keep a scratch table out of the binary log (SET sql_log_bin = 0 "
            "needs SESSION_VARIABLES_ADMIN): {}",
            error.what()
        );
    }
    const std::string name = mysql::quote_string(shadow::scratch_lock_name(source_));
    const auto held =
        session_->query(fmt::format("SELECT GET_LOCK({}, {})", name, kLockSeconds)).scalar();
    if (held.value_or("0") != "1") {
        return "another dry run of the table is under way";
    }
    return sweep();
}

/// What a dry run that was killed left is marked, and nobody holds the lock.
std::string Workshop::sweep() {
    for (const bool logged : {false, true}) {
        const mysql::TableName& table = logged ? probe_ : quiet_;
        const auto comment = comment_of(*session_, table);
        if (!comment) {
            continue;
        }
        if (!comment->starts_with(shadow::kScratchCommentPrefix)) {
            return fmt::format(
                "table {} exists and is not marked as a scratch table of a dry run: rename or drop "
                "it",
                table.str()
            );
        }
        logger_.info("removing {}, which an earlier dry run left", table.str());
        drop(*session_, table, logged);
    }
    return {};
}

void Workshop::make(bool logged, const std::function<void()>& work) {
    bool& made = logged ? probe_made_ : quiet_made_;
    made = true;
    try {
        work();
    } catch (const Error& error) {
        // The server has answered, so it is known whether the table is there. Dropping one that is
        // not would wait for the same lock as its making did (FLUSH TABLES WITH READ LOCK).
        if (error.code() != Errc::interrupted) {
            made = comment_of(*session_, logged ? probe_ : quiet_).has_value();
        }
        throw;
    }
}

void Workshop::clone() {
    make(false, [this] {
        session_->execute(fmt::format("CREATE TABLE {} LIKE {}", quiet_.quoted(), source_.quoted())
        );
    });
    mark(*session_, quiet_);
    base::fault_point("dry_run.cloned");
}

void Workshop::mark(sql::Session& session, const mysql::TableName& table) const {
    session.execute(fmt::format(
        "ALTER TABLE {} COMMENT = {}",
        table.quoted(),
        mysql::quote_string(shadow::scratch_comment(source_))
    ));
}

void Workshop::drop_quiet() {
    drop(*session_, quiet_, false);
    quiet_made_ = false;
}

void Workshop::drop(sql::Session& session, const mysql::TableName& table, bool logged) const {
    if (logged) {
        session.execute("SET SESSION sql_log_bin = 1");
    }
    session.execute("DROP TABLE IF EXISTS " + table.quoted());
    if (logged) {
        session.execute("SET SESSION sql_log_bin = 0");
    }
}

void Workshop::remove_over(sql::Session& session) {
    session.execute("SET SESSION sql_log_bin = 0");
    if (quiet_made_) {
        drop(session, quiet_, false);
        quiet_made_ = false;
    }
    if (probe_made_) {
        drop(session, probe_, true);
        probe_made_ = false;
    }
}

void Workshop::remove_all() {
    const auto deadline = std::chrono::steady_clock::now() + kRemovalLimit;
    while (quiet_made_ || probe_made_) {
        try {
            remove_over(*session_);
            return;
        } catch (const Error& error) {
            if (std::chrono::steady_clock::now() > deadline) {
                throw Error(
                    error,
                    fmt::format(
                        "scratch table(s) {}{} could not be removed: {}. The next dry run of {} "
                        "removes them",
                        quiet_made_ ? quiet_.str() + " " : "",
                        probe_made_ ? probe_.str() : "",
                        error.what(),
                        source_.str()
                    )
                );
            }
            logger_.warning("removing the scratch tables: {}", error.what());
        }
        std::this_thread::sleep_for(kRemovalPause);
        try {
            session_ = connect();
        } catch (const Error& error) {
            logger_.debug("{}", error.what());
        }
    }
}

}  // namespace doppel::dry_run
