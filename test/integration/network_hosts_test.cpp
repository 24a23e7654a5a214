// SPDX-License-Identifier: Apache-2.0
//
// Runs with several hosts whose network fails, and runs that are stopped (Ctrl-C) while there is no
// server.
#include "doppel/error.hpp"
#include "integration/network_fixture.hpp"

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

using How = Proxy::How;
using Welcome = Proxy::Welcome;
using Which = Proxy::Which;

constexpr int kStopped = 130;
/// Far below --reconnect-limit, and far beyond what a busy machine takes.
constexpr seconds kSoon{30};

class Hosts : public NetworkTest {
protected:
    static std::unique_ptr<Process> start_with(
        const Site& site, const std::string& hosts, const std::vector<std::string>& more = {}
    ) {
        auto options = site.options(more);
        options.push_back("--host=" + hosts);
        return std::make_unique<Process>(
            server().doppel_command(site.statement(), options), server().environment()
        );
    }
    static std::string address(const Proxy& proxy) {
        return fmt::format("127.0.0.1:{}", proxy.port());
    }
    /// Nobody listens there.
    static std::string address_of_nobody() { return "127.0.0.1:1"; }

    static void expect_stops(Process& run) {
        run.signal(SIGINT);
        try {
            EXPECT_EQ(run.wait(kSoon), kStopped) << run.out() << run.err();
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what() << run.out() << run.err();
        }
    }
    static void expect_nothing_made(Site& site) { EXPECT_EQ(site.schema().tables(), "t,twin"); }
};

/// The server takes the connections of the run before for alive, the one with the migration lock
/// among them, since the network has only fallen silent.
void expect_own_lock_is_no_hindrance(Site& site, Process& run, const PostponedSwap& postponed) {
    ASSERT_TRUE(run.wait_for("\"copying\"", seconds(30))) << run.out() << run.err();
    site.proxy().welcome(Welcome::refuse);
    EXPECT_GT(site.proxy().harm(Which::all, How::stall), 0U);
    EXPECT_TRUE(run.wait_for("Looking for the primary", seconds(60))) << run.out() << run.err();
    const auto holder = site.schema().scalar(
        "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL "
        "LOCK' AND OBJECT_NAME LIKE 'doppel:%'"
    );
    EXPECT_NE(holder, "0") << "the server has noticed the loss, so this shows nothing";
    postponed.end();
    site.proxy().welcome(Welcome::serve);
    site.expect_right_end(run);
    EXPECT_THAT(run.out(), HasSubstr("going on with the run that began at"));
}

TEST_F(Hosts, AreStoppedOrGoOnByThemselves) {
    run_side_by_side({
        [] {
            Site site(server(), "half_open", 3'000);
            const PostponedSwap postponed;
            const auto run = start_with(
                site,
                address(site.proxy()) + "," + address_of_nobody(),
                {"--chunk-rows=20", "--restart", postponed.option()}
            );
            expect_own_lock_is_no_hindrance(site, *run, postponed);
        },
        // The first connection of a run.
        [] {
            Site site(server(), "stop_first", 10);
            site.proxy().welcome(Welcome::ignore);
            const auto run = site.start();
            ASSERT_TRUE(eventually([&] { return site.proxy().accepted() > 0; }, seconds(30)));
            expect_stops(*run);
            expect_nothing_made(site);
        },
        // The second one, with which it tries again.
        [] {
            Site site(server(), "stop_second", 10);
            site.proxy().lose("SELECT GET_LOCK('doppel.%.2'", false, How::stall);
            const auto run = site.start({"--silence-limit=10s"});
            ASSERT_TRUE(eventually([&] { return site.proxy().waiting().empty(); }, seconds(30)));
            site.proxy().welcome(Welcome::refuse);
            expect_stops(*run);
            expect_nothing_made(site);
        },
        // The search finds a server, but too late.
        [] {
            Site site(server(), "stop_found", 10);
            Proxy silent("127.0.0.1", 1);
            silent.welcome(Welcome::ignore);
            const auto run = start_with(site, address(site.proxy()) + "," + address(silent));
            const auto asked = [&] { return site.proxy().accepted() > 0 && silent.accepted() > 0; };
            ASSERT_TRUE(eventually(asked, seconds(30)));
            expect_stops(*run);
            expect_nothing_made(site);
        },
        // There is none to be found, from the beginning ..
        [] {
            Site site(server(), "stop_search", 10);
            site.proxy().welcome(Welcome::ignore);
            const auto run = start_with(site, address_of_nobody() + "," + address(site.proxy()));
            ASSERT_TRUE(eventually([&] { return site.proxy().accepted() > 0; }, seconds(30)));
            expect_stops(*run);
            expect_nothing_made(site);
        },
        // .. and in mid-run.
        [] {
            Site site(server(), "stop_search_later", 3'000);
            const PostponedSwap postponed;
            const auto run = start_with(
                site,
                address_of_nobody() + "," + address(site.proxy()),
                {"--chunk-rows=20", postponed.option()}
            );
            ASSERT_TRUE(run->wait_for("\"copying\"", seconds(30))) << run->err();
            site.proxy().welcome(Welcome::refuse);
            site.proxy().harm(Which::all, How::reset);
            ASSERT_TRUE(run->wait_for("Looking for the primary", seconds(60)));
            expect_stops(*run);
            EXPECT_THAT(error_of(*run), HasSubstr("the same command goes on from there"));
            EXPECT_THAT(error_of(*run), HasSubstr("stopped while looking for the primary"));
            EXPECT_EQ(site.schema().tables(), "_t_doppel,_t_new,t,twin");
        },
    });
}

}  // namespace
}  // namespace doppel::test
