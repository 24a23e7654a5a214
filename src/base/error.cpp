// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"

#include <utility>

namespace doppel {

Error::Error(Errc code, const std::string& message) : std::runtime_error(message), code_(code) {}

Error::Error(Errc code, const std::string& message, ServerError server)
    : std::runtime_error(message), code_(code), server_(std::move(server)) {}

}  // namespace doppel
