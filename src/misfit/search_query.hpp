// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/complaint.hpp"
#include "misfit/new_schema.hpp"

#include <string>
#include <vector>

namespace doppel::misfit {

/// A query over the source that finds all rows of the kind that the server complained of, in the
/// session of a user; empty where there is no plain one. `key_columns` of the source are selected
/// where rows are listed one by one. For the operator: close to the server's own conversion, while
/// the decision about rows never hangs on it. Pure.
[[nodiscard]] std::string search_query(
    const NewSchema& schema,
    const std::vector<std::string>& key_columns,
    const Complaint& complaint,
    unsigned server_errno
);

/// The columns of the shadow that a complaint is about; empty where they are not known.
[[nodiscard]] std::vector<std::string> columns_of(
    const NewSchema& schema, const Complaint& complaint
);

}  // namespace doppel::misfit
