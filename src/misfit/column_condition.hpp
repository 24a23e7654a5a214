// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/table_definition.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace doppel::misfit {

[[nodiscard]] bool type_is(
    const schema::Column& column, std::initializer_list<std::string_view> types
);

/// A condition over the source's column that holds for values which the shadow's column refuses
/// with the given server error; empty where there is no plain one. Pure.
[[nodiscard]] std::string column_condition(
    const schema::Column& source, const schema::Column& shadow, unsigned server_errno
);

}  // namespace doppel::misfit
