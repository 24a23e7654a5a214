// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace doppel::differential {

/// What was exercised by cases that both sides carried out alike: types, keys, indexes, changes,
/// writes. A feature is its class and what it is, e.g. "type json".
class Coverage final {
public:
    void count(const std::set<std::string>& features);
    /// Of the features that a long run must have exercised, those that it has not.
    [[nodiscard]] std::vector<std::string> missing() const;
    /// One line for each class.
    [[nodiscard]] std::string describe() const;

private:
    std::map<std::string, unsigned> counts_;
};

}  // namespace doppel::differential
