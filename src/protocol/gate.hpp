// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace doppel::protocol {

/// Says to workers of one kind (copiers, replayers) when they may take up their next piece of work.
/// Used on one thread.
class Gate {
public:
    virtual ~Gate() = default;
    /// Worker `number`, from 0 on, was at work for so long.
    virtual void worked(unsigned number, std::chrono::microseconds time) = 0;
    /// How long it is to wait before it asks again; zero: it may go on. `count`: so many workers of
    /// its kind would work if nothing held them back.
    [[nodiscard]] virtual std::chrono::milliseconds pause(unsigned number, unsigned count) = 0;
};

}  // namespace doppel::protocol
