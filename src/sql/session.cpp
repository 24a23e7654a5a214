// SPDX-License-Identifier: Apache-2.0
#include "sql/session.hpp"

namespace doppel::sql {

Value Rows::scalar() const {
    if (rows.empty() || rows.front().empty()) {
        return std::nullopt;
    }
    return rows.front().front();
}

}  // namespace doppel::sql
