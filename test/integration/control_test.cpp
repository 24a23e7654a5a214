// SPDX-License-Identifier: Apache-2.0
//
// Words to a run that goes on, and what holds it back beside replicas.
#include "integration/controlled_run.hpp"

#include <array>
#include <atomic>
#include <fstream>

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kLimit{20};
constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7";

class ControlTest : public CommandTest {
protected:
    void SetUp() override {
        CommandTest::SetUp();
        fill(20'000);
        run_ = std::make_unique<ControlledRun>(server(), "app.t");
    }
    void TearDown() override { run_.reset(); }

    void start(std::vector<std::string> options) { run_->start(kClauses, std::move(options)); }
    /// A thousand chunks and a long pause after each: many seconds of copying, until `hurry`.
    void start_slow(std::vector<std::string> options = {}) {
        options.insert(options.end(), {"--chunk-rows=20", "--nice=0.95"});
        start(std::move(options));
    }
    void hurry() const { EXPECT_EQ(run_->say("set", {"nice=0"}).code, 0); }
    void await_copying() {
        ASSERT_TRUE(eventually([&] { return run_->rows_copied() > 0; }, kLimit)) << run_->said();
    }
    void expect_done() {
        ASSERT_EQ(run_->finish(), 0) << run_->said();
        EXPECT_EQ(scalar("SELECT COUNT(*) FROM t WHERE note = 7"), "20000");
        EXPECT_EQ(scalar("SELECT COUNT(*) FROM t a JOIN _t_old b USING (id, a, s)"), "20000");
        summary_ = last_of(run_->process().out(), "summary");
        ASSERT_TRUE(summary_.is_object());
    }
    /// Copying stands still for the cause until `release`.
    void expect_held(const std::string& cause, const std::string& reason) {
        ASSERT_TRUE(run_->wait_for_cause(cause, kLimit)) << run_->said();
        EXPECT_TRUE(run_->is_held_for(reason));
        std::this_thread::sleep_for(milliseconds(300));  // what is under way
        EXPECT_TRUE(run_->stands_still(milliseconds(400)));
    }

    std::unique_ptr<ControlledRun> run_;
    json summary_;
};

TEST_F(ControlTest, PauseAndResume) {
    start_slow();
    await_copying();
    const auto paused = run_->say("pause");
    EXPECT_EQ(paused.code, 0) << paused.err;
    EXPECT_EQ(last_of(paused.out, "control").at("ok"), true);
    expect_held("paused", "paused by doppel pause for ");
    const json status = run_->status();
    EXPECT_EQ(status.at("state"), "running");
    EXPECT_EQ(status.at("live").at("throttle").at("cause"), "paused");
    EXPECT_EQ(status.at("live").at("settings").at("nice"), "0.95");
    EXPECT_THAT(
        status.at("checkpoint").at("throttle_reason").get<std::string>(), HasSubstr("paused")
    );
    // Changes are replayed all the same.
    execute("UPDATE t SET a = 1000 WHERE id = 1");
    EXPECT_TRUE(
        eventually([&] { return scalar("SELECT a FROM _t_new WHERE id = 1") == "1000"; }, kLimit)
    );
    EXPECT_EQ(run_->say("resume").code, 0);
    hurry();
    expect_done();
    EXPECT_GT(held_for(summary_, "paused"), 0.5);
}

TEST_F(ControlTest, SettingsAreChangedWhileItRunsAndWrongOnesAreRefused) {
    start_slow();
    await_copying();
    for (const auto& [word, message] : std::vector<std::pair<std::string, std::string>>{
             {"max-lagg=1s", "'max-lagg' cannot be set; what can is: max-lag"},
             {"max-lag=1", "'1' has no unit"},
             {"critical-lag=200ms", "is below max-lag"},
             {"nice=2", "write 0 to 0.95"},
             {"threads=17", "write 1 to 4"},
             {"chunk-time=0s", "not between 1ms and 1m"},
             {"max-load=Threads_running", "Threads_running=25"}}) {
        const auto said = run_->say("set", {word});
        EXPECT_EQ(said.code, 2) << word;
        EXPECT_THAT(said.err, HasSubstr(message));
    }
    EXPECT_EQ(run_->say("set", {"nice"}).code, 2);
    const auto hold = run_->say("set", {"max-load=Threads_connected=1"});
    EXPECT_EQ(hold.code, 0) << hold.err;
    EXPECT_THAT(hold.out, HasSubstr("max-load is Threads_connected=1 now"));
    expect_held("max-load", "Threads_connected is ");
    EXPECT_EQ(run_->say("set", {"threads=2"}).code, 0);
    EXPECT_EQ(run_->say("set", {"chunk-time=20ms"}).code, 0);
    const json settings = run_->status().at("live").at("settings");
    EXPECT_EQ(settings.at("threads"), "2");
    EXPECT_EQ(settings.at("chunk-time"), "20ms");
    EXPECT_EQ(run_->say("set", {"max-load=off"}).code, 0);
    hurry();
    expect_done();
}

TEST_F(ControlTest, TheSwapWaitsForItsWord) {
    start({"--postpone-cutover"});
    ASSERT_TRUE(run_->wait_for_cause("postponed", kLimit)) << run_->said();
    std::this_thread::sleep_for(milliseconds(500));
    EXPECT_EQ(
        scalar("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'app' AND "
               "table_name = 't' AND column_name = 'note'"),
        "0"
    );
    execute("INSERT INTO t (a, s) VALUES (1, 'late')");
    execute("DELETE FROM t WHERE s = 'late'");
    EXPECT_EQ(run_->say("cutover").code, 0);
    expect_done();
    EXPECT_GT(held_for(summary_, "postponed"), 0.4);
}

TEST_F(ControlTest, TheSwapWaitsForAFileToGo) {
    const std::string file = run_->file("postpone");
    std::ofstream(file) << "";
    start({"--postpone-cutover=" + file});
    ASSERT_TRUE(run_->wait_for_cause("postponed", kLimit)) << run_->said();
    std::filesystem::remove(file);
    expect_done();
}

TEST_F(ControlTest, AbortKeepsWhatWasCopied) {
    start_slow();
    await_copying();
    const auto aborted = run_->say("abort");
    EXPECT_EQ(aborted.code, 0) << aborted.err;
    EXPECT_EQ(run_->finish(), 130) << run_->said();
    EXPECT_THAT(run_->process().err(), HasSubstr("the same command goes on"));
    EXPECT_TRUE(std::filesystem::is_empty(run_->folder())) << "the socket is gone";
    const auto nobody = run_->say("pause");
    EXPECT_EQ(nobody.code, 3);
    EXPECT_THAT(nobody.err, HasSubstr("no run of this user migrates app.t from this machine"));
    start({});
    expect_done();
    EXPECT_THAT(run_->process().out(), HasSubstr("going on with the run"));
}

TEST_F(ControlTest, TheSocketIsPrivateAndADeadRunsIsReplaced) {
    start_slow();
    await_copying();
    std::string socket;
    for (const auto& entry : std::filesystem::directory_iterator(run_->folder())) {
        socket = entry.path();
    }
    struct stat status {};
    ASSERT_EQ(::stat(socket.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat(run_->folder().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U);
    run_->process().signal(SIGKILL);
    run_->process().wait(kLimit);
    EXPECT_TRUE(std::filesystem::exists(socket));
    const auto nobody = run_->say("pause");
    EXPECT_EQ(nobody.code, 3) << nobody.err;
    start_slow();
    await_copying();
    EXPECT_EQ(run_->say("status", {"--control-socket=" + socket}).code, 0);
    EXPECT_EQ(run_->say("set", {"--control-socket=" + socket, "nice=0"}).code, 0);
    expect_done();
}

TEST_F(ControlTest, AFlagFileAndAQueryHoldItBack) {
    const std::string file = run_->file("flag");
    std::ofstream(file) << "";
    execute("CREATE TABLE busy (n INT)");
    execute("INSERT INTO busy VALUES (3)");
    start({"--throttle-flag-file=" + file, "--throttle-query=SELECT n FROM app.busy"});
    expect_held("flag-file", "the file " + file + " exists");
    std::filesystem::remove(file);
    expect_held("throttle-query", "--throttle-query says 3");
    execute("UPDATE busy SET n = 0");
    expect_done();
    EXPECT_GT(held_for(summary_, "flag-file"), 0.3);
    EXPECT_GT(held_for(summary_, "throttle-query"), 0.3);
}

// It is asked with the rights of the run.
TEST_F(ControlTest, AQueryThatWouldWriteIsHeldAgainstTheCopyAndWritesNothing) {
    execute("CREATE TABLE kept (id INT PRIMARY KEY)");
    execute("INSERT INTO kept VALUES (1)");
    start(
        {"--throttle-query=WITH a AS (SELECT 1 AS id) DELETE FROM app.kept WHERE id IN (SELECT id "
         "FROM a)"}
    );
    expect_held("throttle-query", "READ ONLY");
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM kept"), "1");
    EXPECT_EQ(run_->say("set", {"throttle-query=DROP TABLE app.kept"}).code, 2);
    EXPECT_EQ(run_->say("set", {"throttle-query=off"}).code, 0);
    expect_done();
    execute("DROP TABLE kept");
}

TEST_F(ControlTest, WhatCannotBeReadHoldsItBackFromTheFirstRowOnAndLaterAfterTheGrace) {
    start_slow({"--throttle-query=SELECT n FROM app.gone", "--throttle-grace=2s"});
    expect_held("throttle-query", "could not be read for ");
    EXPECT_EQ(run_->rows_copied(), 0U);
    execute("CREATE TABLE gone AS SELECT 0 AS n");
    await_copying();
    execute("DROP TABLE gone");
    expect_held("throttle-query", "could not be read for ");
    EXPECT_TRUE(run_->is_held_for("app.gone"));
    EXPECT_EQ(run_->say("set", {"throttle-query=off"}).code, 0);
    hurry();
    expect_done();
}

TEST_F(ControlTest, ALostConnectionOfTheThrottleEndsNothing) {
    start_slow({"--max-load=Threads_running=500", "--max-commit-latency=10s"});
    await_copying();
    const auto session = server().connect();
    unsigned killed = 0;
    for (const auto& row :
         session
             ->query("SELECT PROCESSLIST_ID FROM performance_schema.session_account_connect_attrs "
                     "WHERE ATTR_NAME = 'program_name' AND ATTR_VALUE = 'doppel throttle'")
             .rows) {
        session->execute("KILL " + row.at(0).value());
        ++killed;
    }
    EXPECT_GE(killed, 2U);
    hurry();
    expect_done();
}

TEST_F(ControlTest, AHardLimitEndsTheRunOrPausesIt) {
    start_slow({"--critical-load=Threads_connected=1"});
    EXPECT_EQ(run_->finish(), 4) << run_->said();
    EXPECT_THAT(
        run_->process().err(), HasSubstr("a hard limit was reached: Threads_connected is ")
    );
    EXPECT_THAT(run_->process().err(), HasSubstr("--critical-load is 1"));
    start_slow({"--critical-load=Threads_connected=1", "--critical-action=pause"});
    expect_held("max-load", "--critical-load is 1");
    EXPECT_EQ(run_->say("set", {"critical-load=off"}).code, 0);
    hurry();
    expect_done();
}

/// Answers every request with the status that it is told.
class TinyHttp final {
public:
    TinyHttp() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(socket_, 8), 0);
        EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~TinyHttp() {
        stopping_ = true;
        thread_.join();
        ::close(socket_);
    }
    TinyHttp(const TinyHttp&) = delete;
    TinyHttp& operator=(const TinyHttp&) = delete;
    void answer(int status) { status_ = status; }
    [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/ok", port_); }

private:
    void serve() {
        while (!stopping_) {
            pollfd entry{socket_, POLLIN, 0};
            if (::poll(&entry, 1, 50) <= 0) {
                continue;
            }
            const int peer = ::accept(socket_, nullptr, nullptr);
            std::array<char, 2048> buffer{};
            static_cast<void>(::recv(peer, buffer.data(), buffer.size(), 0));
            const auto text = fmt::format(
                "HTTP/1.1 {} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status_.load()
            );
            static_cast<void>(::send(peer, text.data(), text.size(), MSG_NOSIGNAL));
            ::close(peer);
        }
    }
    int socket_;
    int port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> status_ = 200;
    std::thread thread_;
};

TEST_F(ControlTest, AUrlHoldsItBackWhileItDoesNotAnswerWell) {
    std::string url;
    {
        TinyHttp http;
        url = http.url();
        http.answer(503);
        start_slow({"--throttle-http=" + url, "--throttle-grace=500ms"});
        expect_held("throttle-http", "--throttle-http answers 503");
        const auto before = run_->rows_copied();
        http.answer(200);
        ASSERT_TRUE(eventually([&] { return run_->rows_copied() > before; }, kLimit))
            << run_->said();
    }
    ASSERT_TRUE(run_->wait_for_cause("throttle-http", kLimit)) << run_->said();
    expect_held("throttle-http", "--throttle-http could not be read for ");
    const auto off = run_->say("set", {"throttle-http=off"});
    EXPECT_EQ(off.code, 0) << off.err << run_->said();
    hurry();
    expect_done();
}

TEST_F(ControlTest, AUrlThatNeverAnsweredHoldsItBackFromTheFirstRowOn) {
    start({"--throttle-http=http://127.0.0.1:1/ok", "--throttle-grace=10m"});
    expect_held("throttle-http", "--throttle-http could not be read for ");
    EXPECT_EQ(run_->rows_copied(), 0U);
    EXPECT_EQ(run_->say("set", {"throttle-http=off"}).code, 0);
    expect_done();
}

TEST_F(ControlTest, RowsAreCopiedInTheirWindowOnly) {
    // Twelve hours that begin an hour from now, by a zone without summer time.
    const auto now = std::chrono::duration_cast<std::chrono::minutes>(
                         std::chrono::system_clock::now().time_since_epoch()
                     )
                         .count() %
                     (24 * 60);
    const auto clock = [](long minute) {
        return fmt::format("{:02}:{:02}", minute / 60 % 24, minute % 60);
    };
    const std::string window = fmt::format("{}-{} UTC", clock(now + 60), clock(now + 60 + 12 * 60));
    start({"--window=" + window});
    expect_held("window", "copying waits for its --window " + window);
    EXPECT_EQ(
        run_->say("set", {fmt::format("window={}-{} UTC", clock(now - 60 + 1440), clock(now + 60))})
            .code,
        0
    );
    expect_done();
}

}  // namespace
}  // namespace doppel::test
