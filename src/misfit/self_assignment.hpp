// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/new_schema.hpp"

#include <string>
#include <string_view>

namespace doppel::misfit {

/// "`a` = IF(effect IS NULL, `a`, `a`)": for an UPDATE of the shadow that evaluates `effect` for
/// each row and cannot fail. The column is of a type that takes every value of its own back. An
/// ENUM does not: it may hold number 0, the mark of a value that was none, which a strict session
/// cannot write. Where there are ENUMs only, such a row gets the first value. Pure.
[[nodiscard]] std::string self_assignment(const NewSchema& schema, std::string_view effect);

}  // namespace doppel::misfit
