// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"

#include <utility>

namespace doppel {

Error::Error(Errc code, const std::string& message) : std::runtime_error(message), code_(code) {}

Error::Error(Errc code, const std::string& message, ServerError server)
    : std::runtime_error(message), code_(code), server_(std::move(server)) {}

Error::Error(const Error& cause, const std::string& message)
    : std::runtime_error(message),
      code_(cause.code_),
      server_(cause.server_),
      misfit_(cause.misfit_) {}

Error::Error(const std::string& message, ServerError server, DataMisfit misfit)
    : std::runtime_error(message),
      code_(Errc::data_misfit),
      server_(std::move(server)),
      misfit_(std::make_shared<const DataMisfit>(std::move(misfit))) {}

}  // namespace doppel
