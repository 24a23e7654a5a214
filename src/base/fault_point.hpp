// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace doppel::base {

/// What is called at each fault point with its name, e.g. "cutover.renamed".
using FaultHook = void (*)(const char* point);

/// For test programs, which end the process at a chosen step. Before other threads exist.
void set_fault_hook(FaultHook hook) noexcept;

/// A step at which a run may be ended without harm; nothing happens here unless a test set a hook.
void fault_point(const char* point);

}  // namespace doppel::base
