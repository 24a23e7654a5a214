// SPDX-License-Identifier: Apache-2.0
//
// Linked into a doppel for tests. When it passes a fault point for the Nth time,
// DOPPEL_TEST_FAULT=POINT:N ends the process as kill -9 does; with DOPPEL_TEST_FAULT_STOPS it stops
// there until SIGCONT, so that the test can do something to the server in between.
#include "base/fault_point.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace {

struct Fault {
    std::string point;
    unsigned long pass = 0;
};

Fault wanted_fault() {
    const char* const text = std::getenv("DOPPEL_TEST_FAULT");
    const std::string fault = text == nullptr ? "" : text;
    const auto colon = fault.find(':');
    if (colon == std::string::npos) {
        return {};
    }
    return {fault.substr(0, colon), std::strtoul(fault.c_str() + colon + 1, nullptr, 10)};
}

void pass(const char* point) {
    static const Fault fault = wanted_fault();
    static std::atomic<unsigned long> passes = 0;
    if (fault.point == point && ++passes == fault.pass) {
        // A stop must take this thread before it goes on.
        std::raise(std::getenv("DOPPEL_TEST_FAULT_STOPS") == nullptr ? SIGKILL : SIGSTOP);
    }
}

[[maybe_unused]] const bool hooked = (doppel::base::set_fault_hook(&pass), true);

}  // namespace
