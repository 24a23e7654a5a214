// SPDX-License-Identifier: Apache-2.0
//
// A run whose network fails: connections that are cut, that say nothing any more, that are slow or
// end in the middle of a packet, at random and at each step, beside an application that writes all
// the time. DOPPEL_TEST_FAULTS and DOPPEL_TEST_SEED in the environment: how many faults at random,
// and which; then each step fails in each way, too.
#include "integration/network_fixture.hpp"

#include <array>
#include <cstdlib>
#include <future>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using How = Proxy::How;
using Which = Proxy::Which;
using Welcome = Proxy::Welcome;

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

class Network : public NetworkTest {};

struct Step {
    const char* point;
    unsigned pass;
    How how;
};

constexpr std::array kSteps{
    Step{"prepare.state_empty", 1, How::reset},   Step{"prepare.state_made", 1, How::stall},
    Step{"prepare.shadow_made", 1, How::close},   Step{"prepare.recorded", 1, How::stall},
    Step{"copy.chunk_opened", 1, How::reset},     Step{"copy.chunk_committed", 5, How::stall},
    Step{"checkpoint.written", 1, How::reset},    Step{"replay.before_commit", 2, How::stall},
    Step{"replay.committed", 2, How::reset},      Step{"copy.ended", 1, How::close},
    Step{"index.begins", 1, How::reset},          Step{"index.built", 1, How::stall},
    Step{"cutover.begins", 1, How::stall},        Step{"cutover.locked", 1, How::reset},
    Step{"cutover.locked", 1, How::stall},        Step{"cutover.drained", 1, How::close},
    Step{"cutover.before_rename", 1, How::reset}, Step{"cutover.before_rename", 1, How::stall},
    Step{"cutover.renamed", 1, How::reset},       Step{"cutover.renamed", 1, How::stall},
    Step{"cleaning.before_state", 1, How::stall},
};

std::vector<Step> wanted_steps() {
    std::vector<Step> steps(kSteps.begin(), kSteps.end());
    if (std::getenv("DOPPEL_TEST_FAULTS") != nullptr) {
        steps.clear();
        for (const Step& step : kSteps) {
            for (const How how : {How::reset, How::close, How::stall}) {
                steps.push_back({step.point, step.pass, how});
            }
        }
    }
    return steps;
}

TEST_F(Network, FailsAtEachStep) {
    const auto steps = wanted_steps();
    std::vector<std::function<void()>> cases;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        cases.emplace_back([&steps, i] {
            const Step& step = steps.at(i);
            SCOPED_TRACE(fmt::format("{} {}", step.point, static_cast<int>(step.how)));
            Site site(server(), fmt::format("step{}", i), 1'500);
            std::vector<std::string> options{"--chunk-rows=100"};
            const PostponedSwap postponed;
            if (std::string_view(step.point).starts_with("replay.")) {
                options.emplace_back(postponed.option());
            }
            const auto run = site.start_stopped_at(step.point, step.pass, options);
            ASSERT_TRUE(run->running()) << "the step was not passed\n" << run->err();
            postponed.end();
            EXPECT_GT(site.proxy().harm(Which::all, step.how), 0U);
            run->signal(SIGCONT);
            site.expect_right_end(*run);
        });
    }
    run_side_by_side(cases);
}

/// Where connections are silent from the beginning: short, and long enough for a busy machine.
constexpr const char* kShortConnectTimeout = "--connect-timeout=5s";

/// One fault; those that last are over when it returns, but for what happened to connections.
/// Returns how many connections it met.
std::size_t do_harm(Proxy& proxy, std::mt19937& random) {
    const std::array<Which, 4> kinds{Which::all, Which::sql, Which::sql, Which::feed};
    const Which which = kinds.at(random() % kinds.size());
    const auto pause = milliseconds(100 + random() % 400);
    std::size_t met = 0;
    switch (random() % 8) {
        case 0:
            met = proxy.harm(which, How::reset);
            break;
        case 1:
            met = proxy.harm(which, How::close);
            break;
        case 2:
            met = proxy.harm(which, How::stall);
            break;
        case 3:
            met = proxy.slow(which, 500 + random() % 20'000);
            break;
        case 4:
        case 5:
            met =
                proxy.truncate(which, random() % 300, random() % 2 == 0 ? How::reset : How::stall);
            break;
        case 6:
            proxy.welcome(random() % 2 == 0 ? Welcome::refuse : Welcome::ignore);
            met = proxy.harm(which, How::reset);
            std::this_thread::sleep_for(pause);
            proxy.welcome(Welcome::serve);
            break;
        default:
            // From the greeting to behind the end of the authentication.
            proxy.truncate_next(1 + random() % 3, random() % 300, How::reset);
            met = proxy.harm(which, How::reset);
            break;
    }
    std::this_thread::sleep_for(pause);
    proxy.slow(Which::all, 0);
    return met;
}

void fail_at_random(const Sandbox& server, const char* schema, const char* ssl_mode) {
    SCOPED_TRACE(schema);
    const unsigned faults = from_environment("DOPPEL_TEST_FAULTS", 10);
    const unsigned seed = from_environment("DOPPEL_TEST_SEED", 1);
    // So many rows that most faults meet the copy; a quick copy meets the others before the swap.
    Site site(server, schema, 5'000 + faults * 1'000);
    const PostponedSwap postponed;
    const auto run =
        site.start({"--chunk-rows=20", ssl_mode, kShortConnectTimeout, postponed.option()});
    ASSERT_TRUE(run->wait_for("\"checking\"", seconds(30))) << run->out();
    std::mt19937 random(seed);
    unsigned done = 0;
    while (done < faults && run->running()) {
        if (site.proxy().count(Which::all) == 0 || do_harm(site.proxy(), random) == 0) {
            std::this_thread::sleep_for(milliseconds(20));
            continue;
        }
        ++done;
    }
    EXPECT_TRUE(run->running()) << "the run ended too soon: " << run->out() << run->err();
    postponed.end();
    // Much of a large table may still be to be copied, in its small chunks.
    site.expect_right_end(*run, "_t_old,t,twin", Site::kClauses, kRunLimit + seconds(2 * faults));
    fmt::print(
        "{}: {} faults, {} connections, {} transactions beside them (seed {})\n",
        schema,
        done,
        site.proxy().accepted(),
        site.writers().committed(),
        seed
    );
}

TEST_F(Network, FailsAtRandom) {
    run_side_by_side({
        [] { fail_at_random(server(), "plain", "--ssl-mode=disabled"); },
        // The proxy cannot tell the feed from the sessions here.
        [] { fail_at_random(server(), "tls", "--ssl-mode=required"); },
    });
}

/// Connections that fail while they begin, with TLS: the proxy cannot read them, but cut them.
void fail_in_handshakes(const Sandbox& server, const char* schema, How how) {
    SCOPED_TRACE(schema);
    Site site(server, schema, 6'000);
    const PostponedSwap postponed;
    const auto run = site.start(
        {"--chunk-rows=20", "--ssl-mode=required", kShortConnectTimeout, postponed.option()}
    );
    ASSERT_TRUE(run->wait_for("\"copying\"", seconds(30))) << run->out();
    // In the greeting, in the handshake of TLS, behind it.
    for (const std::size_t bytes : {40U, 1'000U, 2'000U, 2'600U}) {
        site.proxy().truncate_next(2, bytes, how);
        EXPECT_TRUE(
            eventually([&] { return site.proxy().harm(Which::all, How::reset) > 0; }, seconds(30))
        );
        std::this_thread::sleep_for(milliseconds(500));
    }
    postponed.end();
    site.expect_right_end(*run);
}

TEST_F(Network, FailsInTheMiddleOfAHandshake) {
    run_side_by_side({
        [] { fail_in_handshakes(server(), "tls_reset", How::reset); },
        [] { fail_in_handshakes(server(), "tls_closed", How::close); },
        [] { fail_in_handshakes(server(), "tls_silent", How::stall); },
    });
}

void expect_silence_noticed(
    const Sandbox& server, const char* schema, Which which, const char* notice
) {
    Site site(server, schema, 3'000);
    const PostponedSwap postponed;
    const auto run = site.start({"--chunk-rows=20", postponed.option()});
    ASSERT_TRUE(run->wait_for("\"copying\"", seconds(30))) << run->out();
    ASSERT_GT(site.proxy().harm(which, How::stall), 0U);
    // Where all is copied by now, it is the swap that uses sessions which were idle, and the feed.
    postponed.end();
    EXPECT_TRUE(run->wait_for(notice, seconds(30))) << run->err();
    site.expect_right_end(*run);
}

/// Without more patience such a statement would be begun again and again.
void expect_patience(const Sandbox& server) {
    Site site(server, "slow", 3'000);
    const auto session = server.connect();
    std::future<void> locked;  // may wait for the run, so it ends after it
    const auto run =
        site.start_stopped_at("copy.chunk_opened", 2, {"--chunk-rows=20", "--silence-limit=1s"});
    ASSERT_TRUE(run->running()) << run->err();
    // A chunk of the stopped run may have the table, and the lock is granted when the run goes on.
    locked = std::async(std::launch::async, [&] { session->execute("LOCK TABLES slow.t WRITE"); });
    const auto asked_for = [&] {
        const auto waiting = site.schema().scalar(fmt::format(
            "SELECT COUNT(*) FROM performance_schema.processlist WHERE ID = {} AND INFO LIKE 'LOCK "
            "TABLES%' AND STATE LIKE 'Waiting for%'",
            session->connection_id()
        ));
        return waiting != "0" || locked.wait_for(seconds(0)) == std::future_status::ready;
    };
    EXPECT_TRUE(eventually(asked_for, seconds(30)));
    run->signal(SIGCONT);
    locked.get();
    EXPECT_TRUE(run->wait_for(
        "a statement was still at work after 2 s of silence; now the limit is 4 s", seconds(30)
    )) << run->err();
    session->execute("UNLOCK TABLES");
    site.expect_right_end(*run);
}

/// That another session has waited in vain is no attempt at the lock.
void expect_lock_asked_for(const Sandbox& server) {
    Site site(server, "asked", 500);
    const auto run = site.start_stopped_at("cutover.begins", 1);
    ASSERT_TRUE(run->running()) << run->err();
    EXPECT_GT(site.proxy().harm(Which::sql, How::stall), 0U);
    run->signal(SIGCONT);
    site.expect_right_end(*run);
    EXPECT_THAT(run->err(), HasSubstr("silent on another connection"));
    EXPECT_THAT(run->out(), Not(HasSubstr("lost while it waited for the table lock")));
}

/// A host that dies while it holds the lock is for the server a client that says nothing.
void expect_table_unlocked(const Sandbox& server) {
    Site site(server, "locked", 1'000);
    const auto run = site.start_stopped_at(
        "cutover.locked", 1, {"--silence-limit=10m", "--cutover-lock-limit=1s"}
    );
    ASSERT_TRUE(run->running()) << run->err();
    const unsigned before = site.writers().committed();
    EXPECT_TRUE(eventually([&] { return site.writers().committed() > before + 20; }, seconds(30)))
        << "the application still waits";
    run->signal(SIGCONT);
    site.expect_right_end(*run);
}

TEST_F(Network, ThatIsSilentIsNoticed) {
    run_side_by_side({
        [] { expect_silence_noticed(server(), "feed", Which::feed, "binlog connection lost"); },
        [] {
            expect_silence_noticed(
                server(), "sessions", Which::sql, "silent on another connection"
            );
        },
        [] { expect_patience(server()); },
        [] { expect_table_unlocked(server()); },
        [] { expect_lock_asked_for(server()); },
    });
}

TEST_F(Network, IsNotThereAtTheBeginning) {
    const auto fails = [](const char* schema, const std::function<void(Proxy&)>& harm) {
        Site site(server(), schema, 10);
        harm(site.proxy());
        const auto run = site.start({"--connect-timeout=2s"});
        EXPECT_EQ(run->wait(seconds(60)), 4) << run->out() << run->err();
        EXPECT_THAT(error_of(*run), HasSubstr("cannot connect to"));
        EXPECT_EQ(site.schema().tables(), "t,twin");
    };
    run_side_by_side({
        [&] { fails("ignored", [](Proxy& proxy) { proxy.welcome(Welcome::ignore); }); },
        [&] { fails("refused", [](Proxy& proxy) { proxy.welcome(Welcome::refuse); }); },
        // In the greeting, behind it, and before the answer to the password.
        [&] { fails("early", [](Proxy& proxy) { proxy.truncate_next(9, 10, How::close); }); },
        [&] { fails("middle", [](Proxy& proxy) { proxy.truncate_next(9, 78, How::reset); }); },
        [&] { fails("late", [](Proxy& proxy) { proxy.truncate_next(9, 82, How::stall); }); },
    });
}

}  // namespace
}  // namespace doppel::test
