// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"

#include <string>
#include <string_view>

namespace doppel::sql {

/// What an error number means while a connection is being made: `interrupted` where another attempt
/// may succeed without anybody changing anything (no server, too many connections, shutting down),
/// `refused` otherwise (account, schema, TLS, authentication method). Numbers are those of the
/// MySQL manual, "Server Error Message Reference" and "Client Error Message Reference", and of
/// MariaDB's errmsg-utf8.txt. `text` is what the client library says: it has one number for a TLS
/// handshake that the server or the settings do not allow and for one that the network broke off.
[[nodiscard]] Errc classify_connect_error(unsigned error_number, std::string_view text);

/// What an error number of a statement means: `interrupted` for a lost connection, else `failed`.
[[nodiscard]] Errc classify_statement_error(unsigned error_number);

/// "text (error 1146, SQLSTATE 42S02)"; only the text where the number is 0.
[[nodiscard]] std::string describe_error(std::string_view text, const ServerError& server);

}  // namespace doppel::sql
