// SPDX-License-Identifier: Apache-2.0
#include "throttle/roster.hpp"

#include <gmock/gmock.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const Clock::time_point kStart{std::chrono::hours(1)};

FoundReplica found(const std::string& uuid, const std::string& host, std::uint16_t port = 3306) {
    FoundReplica replica;
    replica.uuid = uuid;
    replica.port = port;
    replica.report_host = host;
    return replica;
}

class RosterTest : public testing::Test {
protected:
    std::vector<Pressure> pressures(Clock::time_point now) const {
        std::vector<Pressure> all;
        roster_.report(log_, "", options_, now, all);
        return all;
    }
    /// Beats every 100 ms from the start on, until `until`.
    void beat(milliseconds until) {
        for (milliseconds at{0}; at <= until; at += milliseconds(100)) {
            log_.begin(kStart + at);
            log_.acknowledged(kStart + at);
        }
    }

    ThrottleOptions options_;
    BeatLog log_{0};
    Roster roster_{"primary"};
};

TEST_F(RosterTest, AFoundReplicaCountsOnceItWasReached) {
    const auto added = roster_.add({found("u2", "db2")}, 1, options_);
    ASSERT_EQ(added.size(), 1U);
    beat(milliseconds(3'000));
    EXPECT_TRUE(pressures(kStart + seconds(3)).empty());
    EXPECT_TRUE(roster_.has_untried()) << "so nothing is copied yet";
    EXPECT_TRUE(roster_.reached(*added[0], "u2"));
    EXPECT_FALSE(roster_.has_untried());
    added[0]->newest = 22;  // begun at 2.1 s
    const auto all = pressures(kStart + seconds(3));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_NEAR(all[0].level, 0.9, 1e-6);
    EXPECT_EQ(all[0].reason, "replica db2:3306 is 0.9s behind, --max-lag is 1s");
    EXPECT_TRUE(all[0].of_writes) << "the comparison may go on";
}

// A delayed one shows the first beat after its delay: a copy of a few seconds would be over by
// then.
TEST_F(RosterTest, AReplicaThatHasShownNoBeatYetIsOverItsLimit) {
    const auto added = roster_.add({found("u2", "db2")}, 1, options_);
    beat(milliseconds(200));
    EXPECT_TRUE(roster_.reached(*added.at(0), "u2"));
    const auto all = pressures(kStart + milliseconds(200));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_GE(all[0].level, 1);
    EXPECT_EQ(
        all[0].reason,
        "replica db2:3306 has shown no heartbeat of this run yet, for 0.2s, --max-lag is 1s"
    );
}

TEST_F(RosterTest, AGivenReplicaCountsThoughItWasNeverReached) {
    options_.replicas = {{"db2", 3307}};
    ASSERT_EQ(roster_.follow(options_).size(), 1U);
    EXPECT_TRUE(roster_.follow(options_).empty()) << "it is watched already";
    beat(milliseconds(3'000));
    roster_.replicas()[0]->away = true;
    roster_.replicas()[0]->problem = "refused";
    const auto all = pressures(kStart + seconds(3));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_GE(all[0].level, 3);
    EXPECT_EQ(
        all[0].reason,
        "replica db2:3307 cannot be read (refused), and may be 3s behind by now, --max-lag is 1s"
    );
}

TEST_F(RosterTest, OneThatMayVanishCountsWhileItIsThere) {
    options_.may_vanish = {{"db2", 3307}};
    const auto added = roster_.follow(options_);
    ASSERT_EQ(added.size(), 1U);
    beat(milliseconds(2'000));
    EXPECT_EQ(pressures(kStart + seconds(2)).size(), 1U);
    added[0]->away = true;
    EXPECT_TRUE(pressures(kStart + seconds(2)).empty());
    added[0]->away = false;
    EXPECT_EQ(pressures(kStart + seconds(2)).size(), 1U);
}

TEST_F(RosterTest, ThePrimaryAndKnownReplicasAreNotAddedAgain) {
    EXPECT_TRUE(roster_.add({found("primary", "db1")}, 2, options_).empty());
    EXPECT_EQ(roster_.add({found("u2", "db2"), found("u2", "db2")}, 1, options_).size(), 1U);
    EXPECT_TRUE(roster_.add({found("u2", "elsewhere")}, 2, options_).empty());
    options_.replicas = {{"db3", 3306}};
    EXPECT_EQ(roster_.follow(options_).size(), 1U);
    EXPECT_TRUE(roster_.add({found("u3", "db3")}, 1, options_).empty()) << "given by address";
}

TEST_F(RosterTest, TwoAddressesOfOneReplicaAreOne) {
    options_.replicas = {{"db2", 3306}, {"10.0.0.2", 3306}, {"db1", 3306}};
    const auto added = roster_.follow(options_);
    ASSERT_EQ(added.size(), 3U);
    EXPECT_TRUE(roster_.reached(*added[0], "u2"));
    EXPECT_FALSE(roster_.reached(*added[1], "u2"));
    EXPECT_FALSE(roster_.reached(*added[2], "primary"));
    EXPECT_TRUE(added[1]->removed);
}

TEST_F(RosterTest, IgnoredOnesAreNotWatchedAlsoIfThatIsSaidLater) {
    options_.ignored = {{"db2", 3306}};
    EXPECT_TRUE(roster_.add({found("u2", "db2")}, 1, options_).empty());
    const auto added = roster_.add({found("u3", "db3")}, 1, options_);
    ASSERT_EQ(added.size(), 1U);
    options_.ignored.push_back({"db3", 3306});
    static_cast<void>(roster_.follow(options_));
    EXPECT_TRUE(added[0]->removed);
    EXPECT_TRUE(roster_.replicas().empty());
}

TEST_F(RosterTest, NoneLeavesThoseThatAreGiven) {
    static_cast<void>(roster_.add({found("u2", "db2")}, 1, options_));
    options_.find_replicas = false;
    options_.replicas = {{"db3", 3306}};
    EXPECT_EQ(roster_.follow(options_).size(), 1U);
    ASSERT_EQ(roster_.replicas().size(), 1U);
    EXPECT_EQ(roster_.replicas()[0]->at().str(), "db3:3306");
    EXPECT_TRUE(roster_.add({found("u4", "db4")}, 1, options_).empty());
}

TEST_F(RosterTest, IsBounded) {
    std::vector<FoundReplica> many;
    for (int i = 0; i < 200; ++i) {
        many.push_back(found("u" + std::to_string(i), "db" + std::to_string(i)));
    }
    EXPECT_EQ(roster_.add(many, 1, options_).size(), Roster::kReplicasMax);
    Roster deep("primary");
    EXPECT_TRUE(deep.add({found("u", "db")}, Roster::kDepthMax + 1, options_).empty());
}

TEST_F(RosterTest, AHeartThatStandsIsTheReasonThen) {
    options_.replicas = {{"db2", 3306}};
    const auto added = roster_.follow(options_);
    beat(milliseconds(1'000));
    added[0]->newest = 11;
    std::vector<Pressure> all;
    roster_.report(log_, "gone away", options_, kStart + seconds(4), all);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_GE(all[0].level, 1);
    EXPECT_THAT(all[0].reason, HasSubstr("the heartbeat could not be written for 3s: gone away"));
}

TEST_F(RosterTest, TheHardLimitIsSaid) {
    options_.replicas = {{"db2", 3306}};
    options_.critical_lag = seconds(2);
    const auto added = roster_.follow(options_);
    beat(milliseconds(3'000));
    added[0]->newest = 1;
    const auto all = pressures(kStart + seconds(3));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].critical);
    EXPECT_EQ(all[0].reason, "replica db2:3306 is 3s behind, --critical-lag is 2s");
}

sql::Rows shown_replicas() {
    sql::Rows rows;
    rows.columns = {"Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"};
    rows.rows = {
        {"2", "db2", "3306", "1", "u2"}, {"3", "", "3307", "1", "u3"}, {"4", "", "0", "1", "u4"}};
    return rows;
}

TEST(JoinReplicas, TakesTheAddressOfTheThreadWhereAReplicaDoesNotSayItsOwn) {
    const auto joined = join_replicas(
        shown_replicas(), {{"10.0.0.3", "u3"}, {"10.0.0.2", "u2"}, {"10.0.0.9", "feed"}}
    );
    ASSERT_EQ(joined.size(), 2U) << "without a port there is nothing to connect to";
    EXPECT_EQ(joined[0].report_host, "db2");
    EXPECT_THAT(joined[0].peers, ElementsAre("10.0.0.2"));
    EXPECT_EQ(joined[1].report_host, "");
    EXPECT_EQ(joined[1].port, 3307);
    EXPECT_THAT(joined[1].peers, ElementsAre("10.0.0.3"));
}

TEST(JoinReplicas, AllThreadsAreCandidatesWhereTheirReplicasAreNotKnown) {
    const auto joined = join_replicas(shown_replicas(), {{"10.0.0.3", ""}, {"10.0.0.2", ""}});
    ASSERT_EQ(joined.size(), 2U);
    EXPECT_THAT(joined[1].peers, ElementsAre("10.0.0.3", "10.0.0.2"));
}

TEST(JoinReplicas, ReadsTheNamesOfOlderServers) {
    sql::Rows rows;
    rows.columns = {"Server_id", "Host", "Port", "Master_id", "Slave_UUID"};
    rows.rows = {{"2", "db2", "3306", "1", "u2"}};
    const auto joined = join_replicas(rows, {});
    ASSERT_EQ(joined.size(), 1U);
    EXPECT_EQ(joined[0].uuid, "u2");
}

}  // namespace
}  // namespace doppel::throttle
