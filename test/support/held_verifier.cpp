// SPDX-License-Identifier: Apache-2.0
#include "support/held_verifier.hpp"

#include <stdexcept>

namespace doppel::test {

HeldVerifier::HeldVerifier(const Sandbox& sandbox) : control_(sandbox.connect()) {
    const auto id = control_
                        ->query(
                            "SELECT PROCESSLIST_ID FROM performance_schema.session_connect_attrs "
                            "WHERE ATTR_NAME = 'program_name' AND ATTR_VALUE = 'doppel verify'"
                        )
                        .scalar();
    if (!id) {
        throw std::runtime_error("the run has no session that verifies");
    }
    control_->execute("SET GLOBAL max_connections = 1");
    control_->execute("KILL " + *id);
}

HeldVerifier::~HeldVerifier() {
    try {
        release();
    } catch (const std::exception&) {  // NOLINT: the sandbox goes anyway
    }
}

void HeldVerifier::release() {
    control_->execute("SET GLOBAL max_connections = 151");
}

}  // namespace doppel::test
