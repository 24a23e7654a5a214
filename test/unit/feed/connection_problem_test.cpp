// SPDX-License-Identifier: Apache-2.0
#include "feed/connection_problem.hpp"

#include <gtest/gtest.h>

namespace doppel::feed {
namespace {

TEST(ConnectionProblem, ThatCannotBeOpenedIsTold) {
    ConnectionOptions nowhere;
    nowhere.host = "127.0.0.1";
    nowhere.port = 1;
    const auto problem = connection_problem(nowhere);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->code(), Errc::interrupted);
}

}  // namespace
}  // namespace doppel::feed
