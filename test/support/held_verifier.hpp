// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/sandbox.hpp"

#include <memory>

namespace doppel::test {

/// Keeps the verifier of a running `doppel alter` away from the server for as long as the test
/// wants: its connection is killed, and the server takes no new ones. Make it before the first
/// chunk is closed (HeldRun), and every connection that the test needs before it.
class HeldVerifier final {
public:
    explicit HeldVerifier(const Sandbox& sandbox);
    ~HeldVerifier();
    HeldVerifier(const HeldVerifier&) = delete;
    HeldVerifier& operator=(const HeldVerifier&) = delete;

    void release();

private:
    std::unique_ptr<sql::Session> control_;
};

}  // namespace doppel::test
