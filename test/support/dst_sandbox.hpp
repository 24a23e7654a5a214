// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/sandbox.hpp"

#include <cstdlib>
#include <memory>

namespace doppel::test {

/// Servers whose time zone is that of central Europe: on 2024-10-27 the hour from 02:00 to 03:00
/// comes twice there, from 00:00 to 02:00 UTC. By a rule of POSIX, so that no tables of zones are
/// needed.
inline std::unique_ptr<Sandbox> make_dst_sandbox() {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    auto sandbox = std::make_unique<Sandbox>();
    unsetenv("TZ");
    return sandbox;
}

}  // namespace doppel::test
