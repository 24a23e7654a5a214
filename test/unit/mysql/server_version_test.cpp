// SPDX-License-Identifier: Apache-2.0
#include "mysql/server_version.hpp"

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

TEST(ServerVersion, ReadsMysql) {
    for (const char* text : {"8.4.3", "8.4.3-commercial", "8.4.3-0ubuntu0.22.04.1-log"}) {
        const auto version = ServerVersion::parse(text);
        ASSERT_TRUE(version.ok()) << text;
        EXPECT_EQ(*version, (ServerVersion{Flavor::mysql, 8, 4, 3}));
    }
}

TEST(ServerVersion, ReadsMariadbWithAndWithoutItsReplicationPrefix) {
    for (const char* text : {"10.11.14-MariaDB-0+deb12u2", "5.5.5-10.11.14-MariaDB"}) {
        const auto version = ServerVersion::parse(text);
        ASSERT_TRUE(version.ok()) << text;
        EXPECT_TRUE(version->is_mariadb());
        EXPECT_EQ(version->str(), "MariaDB 10.11.14");
    }
}

TEST(ServerVersion, ComparesPartByPart) {
    const ServerVersion version{Flavor::mysql, 8, 0, 26};
    EXPECT_TRUE(version.at_least(8, 0));
    EXPECT_TRUE(version.at_least(8, 0, 26));
    EXPECT_TRUE(version.at_least(5, 7, 99));
    EXPECT_FALSE(version.at_least(8, 0, 27));
    EXPECT_FALSE(version.at_least(9, 0));
}

TEST(ServerVersion, RefusesOtherText) {
    for (const char* text : {"", "9", "9.", "9.7", "9.7.", "x.1.2", "9-7-0", "99999999999.1.2"}) {
        EXPECT_FALSE(ServerVersion::parse(text).ok()) << text;
    }
}

}  // namespace
}  // namespace doppel::mysql
