// SPDX-License-Identifier: Apache-2.0
#include "base/fault_point.hpp"

namespace doppel::base {
namespace {

FaultHook hook_of_the_test = nullptr;  // NOLINT: the one place where a test gets in

}  // namespace

void set_fault_hook(FaultHook hook) noexcept {
    hook_of_the_test = hook;
}

void fault_point(const char* point) {
    if (hook_of_the_test != nullptr) {
        hook_of_the_test(point);
    }
}

}  // namespace doppel::base
