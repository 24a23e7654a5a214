// SPDX-License-Identifier: Apache-2.0
#include "sql/errors.hpp"

#include "sql/conflict_count.hpp"
#include "sql/session.hpp"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::sql {
namespace {

TEST(SqlErrors, KnowLostConnections) {
    for (const unsigned number : {1053U, 1927U, 2002U, 2003U, 2006U, 2013U, 2055U, 3169U}) {
        EXPECT_TRUE(is_connection_loss(number)) << number;
        EXPECT_EQ(Errc::interrupted, classify_statement_error(number)) << number;
    }
    for (const unsigned number : {0U, 1062U, 1205U, 1213U, 1317U}) {
        EXPECT_FALSE(is_connection_loss(number)) << number;
        EXPECT_EQ(Errc::failed, classify_statement_error(number)) << number;
    }
}

TEST(SqlErrors, AreTemporaryWhereAnotherAttemptMayConnect) {
    for (const unsigned number : {1040U, 1053U, 1203U, 2002U, 2003U, 2005U, 2013U}) {
        EXPECT_EQ(Errc::interrupted, classify_connect_error(number, "")) << number;
    }
    for (const unsigned number : {0U, 1044U, 1045U, 1049U, 1130U, 2026U, 2059U, 2061U}) {
        EXPECT_EQ(Errc::refused, classify_connect_error(number, "")) << number;
    }
}

TEST(SqlErrors, TellATlsHandshakeThatIsRefusedFromOneThatTheNetworkBroke) {
    for (const char* text :
         {"TLS/SSL error: Connection reset by peer (104)",
          "TLS/SSL error: Connection timed out (110)",
          "TLS/SSL error: unexpected eof while reading"}) {
        EXPECT_EQ(Errc::interrupted, classify_connect_error(2026, text)) << text;
    }
    for (const char* text :
         {"TLS/SSL error: certificate verify failed",
          "TLS/SSL error: self-signed certificate in certificate chain",
          "SSL is required, but the server does not support it",
          "TLS/SSL error: tlsv1 alert (unknown ca)",
          "TLS/SSL error: No such file or directory (2)"}) {
        EXPECT_EQ(Errc::refused, classify_connect_error(2026, text)) << text;
    }
}

TEST(SqlErrors, AreDescribedWithNumberAndState) {
    EXPECT_EQ("no (error 1146, SQLSTATE 42S02)", describe_error("no", {1146, "42S02"}));
    EXPECT_EQ("closed", describe_error("closed", {0, ""}));
}

TEST(ConflictCount, SpeaksWhenNothingElseIsMetForLong) {
    using std::chrono::seconds;
    ConflictCount conflicts;
    const ConflictCount::Clock::time_point start{};
    std::vector<int> said;
    for (int second = 0; second <= 50; second += 5) {
        if (conflicts.met(start + seconds(second))) {
            said.push_back(second);
        }
    }
    EXPECT_EQ(said, (std::vector<int>{10, 20, 40}));
    EXPECT_EQ(conflicts.count(), 11U);
    conflicts.over();
    EXPECT_FALSE(conflicts.met(start + seconds(55)));
}

TEST(SqlRows, GiveAScalarOnlyWhereThereIsOne) {
    EXPECT_EQ(std::nullopt, Rows{}.scalar());
    EXPECT_EQ("x", (Rows{{"a"}, {{Value("x")}}}.scalar()));
    EXPECT_EQ(std::nullopt, (Rows{{"a"}, {{std::nullopt}}}.scalar()));
}

}  // namespace
}  // namespace doppel::sql
