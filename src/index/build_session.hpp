// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

namespace doppel::index {

/// Lets a session build indexes with so many threads, and memory for them.
void prepare_build(sql::Session& session, unsigned threads);

}  // namespace doppel::index
