// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"

#include <utility>  // Boost 1.74's awaitable.hpp needs std::exchange before it

#include <boost/asio/ssl/context.hpp>

namespace doppel::feed {

/// A client context for the ssl_* and tls_version options: TLS 1.2 and newer; the server's
/// certificate is checked for verify_ca and verify_identity, and whenever a CA is given, as
/// libmysqlclient does. Reads the named files. Throws Error(usage) when a file or a name is no good
/// or a verifying mode lacks a CA; never asks for the passphrase of a key.
[[nodiscard]] boost::asio::ssl::context make_tls_context(const ConnectionOptions& options);

}  // namespace doppel::feed
