// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace doppel {

/// Which kind of end a failure means for a migration. One value per exit code of the command, but
/// three for exit 4.
enum class Errc {
    failed,       ///< failed; the source table is untouched (exit 1)
    usage,        ///< the command line or the statement is wrong (exit 2)
    refused,      ///< a check refused before anything was changed (exit 3)
    interrupted,  ///< a server or connection was lost (exit 4)
    displaced,    ///< the connection leads to another server than before (exit 4)
    overloaded,   ///< a hard limit of the throttle was reached (exit 4)
    data_misfit,  ///< the data does not fit the new schema (exit 5)
    stopped,      ///< a signal or the operator stopped the run (exit 130)
};

/// What a server said: error number and SQLSTATE of an ERR packet (MySQL manual, "Error Message
/// Elements"). The number is 0 when the error is the client's own.
struct ServerError {
    unsigned number = 0;
    std::string sqlstate;
};

/// Rows that do not fit the new schema, for programs; the message says the same.
struct DataMisfit {
    /// What refuses the rows, as the table has it after the change: the name of an index ("PRIMARY"
    /// too) or of a CHECK constraint, else the type of the column ("varchar(5)") or "NOT NULL".
    /// Empty where the server does not tell.
    std::string constraint;
    std::vector<std::string> columns;  ///< of the constraint; empty where the server does not tell
    std::vector<std::string> keys;     ///< up to ten, "(12, 'abc')"; rows of one value side by side
    std::string search;                ///< a query that finds all such rows; empty for none
};

/// The one exception type of the library. `what()` is a sentence for the operator; it never holds
/// a password. Thrown for lost servers, refused work and broken invariants; malformed bytes and
/// statements are `Result` values instead.
class Error : public std::runtime_error {
public:
    Error(Errc code, const std::string& message);
    Error(Errc code, const std::string& message, ServerError server);
    /// The same with another message, e.g. with what was left behind.
    Error(const Error& cause, const std::string& message);
    /// Error(data_misfit).
    Error(const std::string& message, ServerError server, DataMisfit misfit);

    [[nodiscard]] Errc code() const noexcept { return code_; }
    [[nodiscard]] const std::optional<ServerError>& server() const noexcept { return server_; }
    /// The server's error number, or 0.
    [[nodiscard]] unsigned server_errno() const noexcept { return server_ ? server_->number : 0; }
    /// The rows, if they are what the error is about; nullptr otherwise.
    [[nodiscard]] const DataMisfit* misfit() const noexcept { return misfit_.get(); }

private:
    Errc code_;
    std::optional<ServerError> server_;
    std::shared_ptr<const DataMisfit> misfit_;  ///< shared, as copies of exceptions must not throw
};

}  // namespace doppel
