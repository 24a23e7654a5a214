// SPDX-License-Identifier: Apache-2.0
#include "native/native.hpp"

#include "doppel/error.hpp"
#include "native/metadata_only.hpp"
#include "schema/alter_sql.hpp"
#include "schema/reader.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace doppel::native {
namespace {

using std::chrono::milliseconds;

// MySQL manual, "Server Error Message Reference".
constexpr unsigned kErrLockWaitTimeout = 1205;
constexpr unsigned kErrDeadlock = 1213;
constexpr std::array<unsigned, 4> kErrAccess{1044, 1142, 1143, 1227};
// What no algorithm would accept: unknown and duplicate names, syntax, types and defaults that do
// not go together. Any other refusal may be one of this algorithm only.
constexpr std::array<unsigned, 40> kErrStatement{
    1054, 1059, 1060, 1061, 1063, 1064, 1067, 1068, 1069, 1070, 1071, 1072, 1073, 1074,
    1075, 1089, 1090, 1091, 1101, 1115, 1117, 1118, 1146, 1166, 1171, 1176, 1253, 1273,
    1280, 1286, 1294, 1391, 1427, 1439, 3105, 3106, 3107, 3109, 3821, 3822};
constexpr milliseconds kLookInterval{200};

template <std::size_t N>
bool contains(const std::array<unsigned, N>& numbers, unsigned number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

enum class Verdict {
    done,
    refused,  ///< the server does not make this change in this way
    locked,   ///< the table lock did not come in time; nothing was changed
    lost,     ///< the connection was lost and nothing was changed
};

struct Attempt {
    Verdict verdict = Verdict::refused;
    std::string reason;
};

Attempt judge(const Error& error) {
    const unsigned number = error.server_errno();
    if (number == kErrLockWaitTimeout || number == kErrDeadlock) {
        return {Verdict::locked, error.what()};
    }
    if (contains(kErrAccess, number)) {
        throw Error(Errc::refused, error.what(), *error.server());
    }
    if (contains(kErrStatement, number)) {
        throw Error(
            Errc::usage,
            fmt::format("the server refuses the statement: {}", error.what()),
            *error.server()
        );
    }
    if (!error.server()) {
        throw Error(error);
    }
    return {Verdict::refused, error.what()};
}

/// Characters beyond ASCII may come back as something else.
std::string ascii_part(std::string_view text) {
    std::string part;
    std::copy_if(text.begin(), text.end(), std::back_inserter(part), [](char c) {
        return static_cast<unsigned char>(c) < 0x80;
    });
    return part;
}

// INFORMATION_SCHEMA.PROCESSLIST cannot be read while any session runs a statement with a character
// of four bytes (error 3854), performance_schema may be off.
bool is_running(sql::Session& session, std::string_view sql, std::uint64_t connection) {
    const sql::Rows list = session.query("SHOW FULL PROCESSLIST");
    const std::string id = std::to_string(connection);
    return std::any_of(list.rows.begin(), list.rows.end(), [&](const sql::Row& row) {
        constexpr std::size_t kInfo = 7;
        return row.at(0).value_or("") == id &&
               ascii_part(row.at(kInfo).value_or("")) == ascii_part(sql);
    });
}

/// One run of `attempt`: the session may be replaced after a loss.
class Runner final {
public:
    Runner(
        sql::Session& session,
        const schema::TableDefinition& source,
        const statement::AlterStatement& statement,
        const mysql::ServerVersion& version,
        const Options& options,
        const Environment& environment
    )
        : session_(&session),
          source_(source),
          statement_(statement),
          version_(version),
          options_(options),
          environment_(environment) {}

    Outcome run();

private:
    std::optional<Outcome> try_algorithm(
        std::string_view modifiers, Method method, Outcome& failed
    );
    Attempt try_once(const std::string& sql);
    Attempt look_after_loss(const std::string& sql);
    bool wait_until_ended(const std::string& sql, std::uint64_t connection);
    void set_lock_wait();
    void pause(milliseconds duration);

    sql::Session* session_;
    std::unique_ptr<sql::Session> replacement_;
    const schema::TableDefinition& source_;
    const statement::AlterStatement& statement_;
    const mysql::ServerVersion& version_;
    const Options& options_;
    const Environment& environment_;
};

void Runner::set_lock_wait() {
    session_->execute(fmt::format(
        "SET SESSION lock_wait_timeout = {}",
        std::clamp<std::int64_t>(options_.lock_wait_timeout.count(), 1, 3600)
    ));
}

void Runner::pause(milliseconds duration) {
    if (environment_.pause && !environment_.pause(duration)) {
        throw Error(Errc::stopped, "stopped before anything was changed");
    }
}

// True when the lost connection's statement is over. The connection id alone does not say so: a
// server that was restarted gives the same ids again.
bool Runner::wait_until_ended(const std::string& sql, std::uint64_t connection) {
    const auto looks =
        static_cast<unsigned>(std::max<std::int64_t>(options_.look_limit / kLookInterval, 1));
    for (unsigned i = 0; i < looks; ++i) {
        if (!is_running(*session_, sql, connection)) {
            return true;
        }
        // Whoever asks to stop here still needs to know whether the change was made.
        if (environment_.pause) {
            (void)environment_.pause(kLookInterval);
        }
    }
    return false;
}

Attempt Runner::look_after_loss(const std::string& sql) {
    const std::uint64_t lost_connection = session_->connection_id();
    environment_.logger.warning("connection lost during {}; looking whether it was done", sql);
    const std::string unknown = fmt::format(
        "the connection was lost during '{}', and it cannot be told whether it was done: ", sql
    );
    try {
        replacement_ = environment_.connect();
        session_ = replacement_.get();
        if (!wait_until_ended(sql, lost_connection)) {
            throw Error(Errc::interrupted, unknown + "it is still running");
        }
        const auto now = schema::read_table(*session_, source_.name, version_);
        if (!now || now->create_text.empty() || source_.create_text.empty()) {
            throw Error(Errc::interrupted, unknown + "the table cannot be seen");
        }
        const bool unchanged = schema::without_auto_increment(now->create_text) ==
                               schema::without_auto_increment(source_.create_text);
        set_lock_wait();
        return {unchanged ? Verdict::lost : Verdict::done, "the connection was lost"};
    } catch (const Error& error) {
        if (sql::is_connection_loss(error.server_errno())) {
            throw Error(Errc::interrupted, unknown + error.what());
        }
        throw;
    }
}

Attempt Runner::try_once(const std::string& sql) {
    try {
        session_->execute(sql);
        return {Verdict::done, {}};
    } catch (const Error& error) {
        const bool lost =
            error.code() == Errc::interrupted || sql::is_connection_loss(error.server_errno());
        return lost ? look_after_loss(sql) : judge(error);
    }
}

std::optional<Outcome> Runner::try_algorithm(
    std::string_view modifiers, Method method, Outcome& failed
) {
    const std::string sql = schema::alter_sql(source_.name, modifiers, statement_);
    milliseconds backoff = options_.backoff_initial;
    for (unsigned i = 0; i < std::max(options_.attempts, 1U); ++i) {
        if (i > 0) {
            pause(backoff);
            backoff = std::min(backoff * 2, options_.backoff_max);
        }
        const Attempt attempt = try_once(sql);
        failed.reason = attempt.reason;
        if (attempt.verdict == Verdict::done) {
            return Outcome{method, fmt::format("done by the server itself with {}", modifiers)};
        }
        if (attempt.verdict == Verdict::refused) {
            return std::nullopt;
        }
        environment_.logger.info("{} did not get through: {}", modifiers, attempt.reason);
    }
    failed.reason = fmt::format("{} in each of {} attempts", failed.reason, options_.attempts);
    return failed;
}

Outcome Runner::run() {
    set_lock_wait();
    Outcome failed;
    if (const auto outcome = try_algorithm("ALGORITHM=INSTANT", Method::instant, failed)) {
        return *outcome;
    }
    if (const auto reason = needs_more_than_metadata(source_, statement_)) {
        return {Method::not_possible, fmt::format("{}; {}", failed.reason, *reason)};
    }
    if (const auto outcome =
            try_algorithm("ALGORITHM=INPLACE, LOCK=NONE", Method::inplace, failed)) {
        return *outcome;
    }
    return failed;
}

}  // namespace

Outcome attempt(
    sql::Session& session,
    const schema::TableDefinition& source,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version,
    const Options& options,
    const Environment& environment
) {
    return Runner(session, source, statement, version, options, environment).run();
}

}  // namespace doppel::native
