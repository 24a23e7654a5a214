// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

namespace doppel {

/// Which kind of end a failure means for a migration. One value per exit code of the command.
enum class Errc {
    failed,       ///< failed; the source table is untouched (exit 1)
    usage,        ///< the command line or the statement is wrong (exit 2)
    refused,      ///< a check refused before anything was changed (exit 3)
    interrupted,  ///< a server or connection was lost (exit 4)
    data_misfit,  ///< the data does not fit the new schema (exit 5)
    stopped,      ///< a signal or the operator stopped the run (exit 130)
};

/// What a server said: error number and SQLSTATE of an ERR packet (MySQL manual, "Error Message
/// Elements"). The number is 0 when the error is the client's own.
struct ServerError {
    unsigned number = 0;
    std::string sqlstate;
};

/// The one exception type of the library. `what()` is a sentence for the operator; it never holds
/// a password. Thrown for lost servers, refused work and broken invariants; malformed bytes and
/// statements are `Result` values instead.
class Error : public std::runtime_error {
public:
    Error(Errc code, const std::string& message);
    Error(Errc code, const std::string& message, ServerError server);

    [[nodiscard]] Errc code() const noexcept { return code_; }
    [[nodiscard]] const std::optional<ServerError>& server() const noexcept { return server_; }
    /// The server's error number, or 0.
    [[nodiscard]] unsigned server_errno() const noexcept { return server_ ? server_->number : 0; }

private:
    Errc code_;
    std::optional<ServerError> server_;
};

}  // namespace doppel
