// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"

#include <string>
#include <string_view>

namespace doppel::misfit {

/// What a server's error about a row complains of, read out of its English message.
struct Complaint {
    enum class Subject {
        unique_index,  ///< `name` is an index of the shadow
        index,         ///< a functional index refuses a value
        column,        ///< `name` is a column of the shadow
        check,         ///< `name` is a CHECK constraint of the shadow
        partition,     ///< no partition takes the row
        unknown,       ///< the message names nothing
    };
    Subject subject = Subject::unknown;
    std::string name;
    bool operator==(const Complaint&) const = default;
};

/// By error number and message (MySQL manual, "Server Error Message Reference"). Values in the
/// message may hold anything, so what is wanted is looked for from its end. `table`: the shadow's
/// name, which the server puts before some names.
[[nodiscard]] Complaint read_complaint(const Error& error, std::string_view table);

}  // namespace doppel::misfit
