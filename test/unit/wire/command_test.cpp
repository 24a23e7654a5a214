// SPDX-License-Identifier: Apache-2.0
#include "wire/command.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace doppel::wire {
namespace {

TEST(Command, QuitAndQuery) {
    EXPECT_EQ(com_quit(), "\x01");
    EXPECT_EQ(com_query("SELECT 1"), "\x03SELECT 1");
}

TEST(Command, RegistersAReplicaWithoutAccountData) {
    EXPECT_EQ(
        base::to_hex(com_register_replica({0x01020304, "host", 3307})),
        "15"
        "04030201"
        "04686F7374"
        "00"
        "00"
        "EB0C"
        "00000000"
        "00000000"
    );
}

TEST(Command, CutsALongReplicaHost) {
    const std::string host(1000, 'h');
    EXPECT_EQ(com_register_replica({1, host, 0}).size(), 1u + 4 + 1 + 255 + 1 + 1 + 2 + 4 + 4);
}

TEST(Command, DumpsFromAFilePosition) {
    const auto payload = com_binlog_dump({"binlog.000007", 0x1234}, 77, kDumpNonBlocking);
    ASSERT_TRUE(payload.ok());
    EXPECT_EQ(
        base::to_hex(*payload),
        "12"
        "34120000"
        "0100"
        "4D000000"
        "62696E6C6F672E303030303037"
    );
}

TEST(Command, CannotDumpFromBeyondFourGigabytes) {
    EXPECT_TRUE(com_binlog_dump({"b.1", 0xffffffff}, 1).ok());
    EXPECT_FALSE(com_binlog_dump({"b.1", 0x100000000}, 1).ok());
}

TEST(Command, DumpsByGtidSet) {
    EXPECT_EQ(
        base::to_hex(com_binlog_dump_gtid(std::string(8, '\0'), 77)),
        "1E"
        "0000"
        "4D000000"
        "00000000"
        "0400000000000000"
        "08000000"
        "0000000000000000"
    );
}

}  // namespace
}  // namespace doppel::wire
