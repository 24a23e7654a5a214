// SPDX-License-Identifier: Apache-2.0
#include "cutover/attempt_policy.hpp"

#include <gtest/gtest.h>

namespace doppel::cutover {
namespace {

using std::chrono::milliseconds;

TEST(AttemptPolicy, PausesDoubleUpToTheLimit) {
    AttemptPolicy policy(10, milliseconds(3'000));
    EXPECT_EQ(policy.failed(), milliseconds(500));
    EXPECT_EQ(policy.failed(), milliseconds(1'000));
    EXPECT_EQ(policy.failed(), milliseconds(2'000));
    EXPECT_EQ(policy.failed(), milliseconds(3'000));
    EXPECT_EQ(policy.failed(), milliseconds(3'000));
    EXPECT_EQ(policy.attempts(), 5U);
}

TEST(AttemptPolicy, EndsAfterTheLastAttempt) {
    AttemptPolicy policy(2, milliseconds(3'000));
    EXPECT_TRUE(policy.failed());
    EXPECT_FALSE(policy.failed());
}

}  // namespace
}  // namespace doppel::cutover
