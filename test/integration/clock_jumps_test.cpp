// SPDX-License-Identifier: Apache-2.0
//
// The clock of doppel's host, or that of the server, is set while a migration runs.
// Tests that are disabled here run with tools/soak server.
#include "integration/faults_fixture.hpp"
#include "support/postponed_swap.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include <fmt/chrono.h>
#include <unistd.h>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// How a time of day begins in the output.
std::string hours_ago(int hours) {
    return fmt::format(
        "\"time\":\"{:%Y-%m-%dT%H}", fmt::gmtime(std::time(nullptr) - hours * 3'600)
    );
}

/// The clock of the programs that are started in `environment()`.
class SettableClock final {
public:
    SettableClock() : file_(testing::TempDir() + "doppel-clock-" + std::to_string(getpid())) {
        set(seconds(0));
    }
    ~SettableClock() { unlink(file_.c_str()); }
    SettableClock(const SettableClock&) = delete;
    SettableClock& operator=(const SettableClock&) = delete;

    void set(seconds shift) {
        const std::int64_t count = shift.count();
        // In place: programs have it mapped.
        std::fstream stream(file_, std::ios::in | std::ios::out | std::ios::binary);
        if (!stream) {
            stream.open(file_, std::ios::out | std::ios::binary);
        }
        stream.write(reinterpret_cast<const char*>(&count), sizeof count);
    }
    [[nodiscard]] Process::Environment environment() const {
        return {{"LD_PRELOAD", DOPPEL_SHIFTED_CLOCK}, {"DOPPEL_TEST_CLOCK", file_}};
    }

private:
    std::string file_;
};

/// For servers, which are started by a script.
class InEnvironment final {
public:
    explicit InEnvironment(const SettableClock& clock) : names_(clock.environment()) {
        for (const auto& [name, value] : names_) {
            setenv(name.c_str(), value.c_str(), 1);
        }
    }
    ~InEnvironment() {
        for (const auto& [name, value] : names_) {
            unsetenv(name.c_str());
        }
    }
    InEnvironment(const InEnvironment&) = delete;
    InEnvironment& operator=(const InEnvironment&) = delete;

private:
    Process::Environment names_;
};

std::unique_ptr<Sandbox> server_with(
    const SettableClock& clock, const std::vector<std::string>& options = {}
) {
    const InEnvironment environment(clock);
    return std::make_unique<Sandbox>(options);
}

class ClockJumps : public FaultsTest {
protected:
    static constexpr std::array<std::chrono::hours, 5> kJumps{
        std::chrono::hours(1),
        std::chrono::hours(-2),
        std::chrono::hours(24 * 400),
        std::chrono::hours(-24),
        std::chrono::hours(0)};

    void jump_while_it_copies(SettableClock& clock, Process& process) {
        ASSERT_TRUE(process.wait_for("\"copying\"", seconds(30))) << process.err();
        for (const auto jump : kJumps) {
            clock.set(jump);
            std::this_thread::sleep_for(milliseconds(60));
        }
        clock.set(std::chrono::hours(-3));  // for the rest
    }
    Finished status() {
        auto command = sandbox_->doppel_command("app.t");
        command.at(1) = "status";
        return run_process(command, seconds(30), sandbox_->environment());
    }
    void TearDown() override {
        FaultsTest::TearDown();
        own_.reset();
    }

    std::unique_ptr<Sandbox> own_;
};

TEST_F(ClockJumps, OfTheHostMeanNothing) {
    own_ = std::make_unique<Sandbox>();
    use(*own_);
    begin({}, kManyRows);
    SettableClock clock;
    auto environment = own_->environment();
    environment.merge(clock.environment());
    const PostponedSwap postponed;
    Process process(
        own_->doppel_command(
            statement(),
            options({"--chunk-rows=10", "--progress-interval=100ms", postponed.option()})
        ),
        environment
    );
    jump_while_it_copies(clock, process);
    // Its output has the times that its clock showed.
    const auto shows_it = [&] {
        const auto out = process.out();
        return out.find(hours_ago(3)) != std::string::npos ||
               out.find(hours_ago(4)) != std::string::npos;
    };
    EXPECT_TRUE(eventually(shows_it, seconds(30))) << "the clock was not set";
    postponed.end();
    const auto last = finish(process);
    const auto summary = last_of(last.out, "summary");
    ASSERT_FALSE(summary.is_null());
    EXPECT_LT(summary.at("progress").value("elapsed_ms", 1'000'000'000), 120'000);
    expect_right_end(last);
}

TEST_F(ClockJumps, OfTheServerMeanNothing) {
    SettableClock clock;
    own_ = server_with(clock);
    use(*own_);
    begin({}, kManyRows);
    const PostponedSwap postponed;
    const auto process = start({"--chunk-rows=10", postponed.option()});
    jump_while_it_copies(clock, *process);
    EXPECT_THAT(status().out, HasSubstr("\"state\":\"running\"")) << "it goes by the lock";
    EXPECT_EQ(
        scalar(
            "SELECT ABS(TIMESTAMPDIFF(MINUTE, FROM_UNIXTIME(0), NOW()) * 60 - " +
            std::to_string(std::time(nullptr)) + ") > 3600"
        ),
        "1"
    ) << "the server's clock was not set";
    postponed.end();
    expect_right_end(finish(*process));
}

/// Such a restart looks as if it had been before the first start.
TEST_F(ClockJumps, DISABLED_ARestartThatMayHaveLostCommitsIsSeenAfterTheClockWentBack) {
    SettableClock clock;
    own_ = server_with(clock, {"--option", "innodb_flush_log_at_trx_commit=2"});
    use(*own_);
    fill();
    const auto process = start_stopped_at("copy.chunk_committed", 3);
    session_.reset();
    own_->control("kill");
    clock.set(std::chrono::hours(-1));
    {
        const InEnvironment environment(clock);
        own_->control("start");
    }
    reconnect();
    const auto finished = go_on(*process);
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("the server was restarted"));
    EXPECT_FALSE(swapped());
}

}  // namespace
}  // namespace doppel::test
