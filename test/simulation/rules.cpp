// SPDX-License-Identifier: Apache-2.0
#include "simulation/rules.hpp"

namespace doppel::simulation {

std::optional<LeftOut> find_rule(std::string_view name) {
    for (const RuleName& known : kRuleNames) {
        if (known.name == name) {
            return known.rule;
        }
    }
    return std::nullopt;
}

}  // namespace doppel::simulation
