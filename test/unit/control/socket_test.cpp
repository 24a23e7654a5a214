// SPDX-License-Identifier: Apache-2.0
//
// The server and the client with each other, over a real socket.
#include "async/task_group.hpp"
#include "control/client.hpp"
#include "control/location.hpp"
#include "control/server.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace doppel::control {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class ControlSocket : public testing::Test {
protected:
    void SetUp() override {
        std::string name = "/tmp/doppel-control-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        path_ = folder_ + "/s.sock";
    }
    void TearDown() override {
        end();
        std::filesystem::remove_all(folder_);
    }
    void serve(Server::Handler handler) {
        server_ =
            std::make_unique<Server>(context_.get_executor(), path_, std::move(handler), Logger());
        tasks_.spawn(server_->run(tasks_));
        thread_ = std::thread([this] { context_.run(); });
    }
    /// The context runs dry: nothing is left behind.
    void end() {
        if (thread_.joinable()) {
            boost::asio::post(context_, [this] { server_->stop(); });
            thread_.join();
        }
    }
    std::string send_raw(const std::string& bytes) const {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, path_.size());
        EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        EXPECT_EQ(
            ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size())
        );
        std::string answer(4096, '\0');
        const auto count = ::recv(socket, answer.data(), answer.size(), 0);
        answer.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        ::close(socket);
        return answer;
    }

    std::string folder_;
    std::string path_;
    boost::asio::io_context context_{1};
    async::TaskGroup tasks_{context_.get_executor(), [] {}};
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

TEST_F(ControlSocket, AnswersOneRequestAConnection) {
    serve([](const ControlRequest& request) { return done(request.command + " " + request.name); });
    for (int i = 0; i < 20; ++i) {
        const auto answer = ask(path_, {"set", "nice", "0.5"}, milliseconds(5'000));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->message, "set nice");
    }
}

TEST_F(ControlSocket, IsForItsUserAloneAndGoneAtTheEnd) {
    serve([](const ControlRequest&) { return done(""); });
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    end();
    EXPECT_NE(::stat(path_.c_str(), &status), 0);
    EXPECT_FALSE(ask(path_, {"status", "", ""}, milliseconds(1'000)));
}

TEST_F(ControlSocket, AnotherUserGetsNoAnswerEvenWhereTheFileLetsHimIn) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can be another user";
    }
    serve([](const ControlRequest&) { return done(""); });
    ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
    constexpr int kNobody = 65'534;
    constexpr int kAnswered = 1;
    constexpr int kNotTried = 2;
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) {
            ::_exit(kNotTried);
        }
        const std::string answer = send_raw("{\"command\":\"status\"}\n");
        ::_exit(HasFailure() ? kNotTried : answer.empty() ? 0 : kAnswered);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << kAnswered << ": it was answered";
    EXPECT_TRUE(ask(path_, {"status", "", ""}, milliseconds(5'000))) << "its own user is";
}

TEST_F(ControlSocket, ADeadRunsSocketIsReplacedAndAnotherRunsIsLeft) {
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, path_.size());
    ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ::close(dead);
    EXPECT_FALSE(ask(path_, {"status", "", ""}, milliseconds(1'000)));
    serve([](const ControlRequest&) { return done("first"); });
    EXPECT_TRUE(ask(path_, {"status", "", ""}, milliseconds(5'000)));
    const Server second(
        context_.get_executor(),
        path_,
        [](const ControlRequest&) { return done("second"); },
        Logger()
    );
    end();
    EXPECT_TRUE(std::filesystem::exists(path_)) << "it is the second one's by then";
}

TEST_F(ControlSocket, WhatIsNoSocketIsNotReplaced) {
    std::ofstream(path_) << "mine";
    EXPECT_THROW(
        Server(
            context_.get_executor(), path_, [](const ControlRequest&) { return done(""); }, Logger()
        ),
        Error
    );
    EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(ControlSocket, WhereOneCanBeIsKnownBefore) {
    EXPECT_FALSE(placement_problem(path_));
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_TRUE(placement_problem(folder_ + "/none/s.sock"));
    EXPECT_TRUE(placement_problem(folder_ + "/" + std::string(kPathMax, 's')));
    std::ofstream(path_) << "mine";
    EXPECT_TRUE(placement_problem(path_));
    std::filesystem::remove(path_);
    serve([](const ControlRequest&) { return done(""); });
    EXPECT_FALSE(placement_problem(path_)) << "it may be a dead run's";
}

TEST_F(ControlSocket, RequestsAreBounded) {
    serve([](const ControlRequest&) { return done(""); });
    EXPECT_THAT(send_raw(std::string(kRequestBytesMax, 'x')), HasSubstr("the request is too long"));
    EXPECT_THAT(send_raw("nonsense\n"), HasSubstr("no JSON object"));
    EXPECT_TRUE(ask(path_, {"status", "", ""}, milliseconds(5'000))) << "it serves on";
}

TEST_F(ControlSocket, AHandlerThatThrowsIsAnAnswer) {
    serve([](const ControlRequest&) -> Answer { throw std::runtime_error("no luck"); });
    const auto answer = ask(path_, {"status", "", ""}, milliseconds(5'000));
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->ok);
    EXPECT_EQ(answer->message, "no luck");
}

TEST_F(ControlSocket, AClientWaitsForABoundedTime) {
    const int mute = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, path_.size());
    ASSERT_EQ(::bind(mute, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(mute, 1), 0);
    EXPECT_THROW(static_cast<void>(ask(path_, {"status", "", ""}, milliseconds(50))), Error);
    ::close(mute);
}

TEST_F(ControlSocket, FoldersOfOthersAreRefused) {
    const std::string folder = folder_ + "/d";
    EXPECT_FALSE(directory_exists(folder));
    require_directory(folder);
    require_directory(folder);
    EXPECT_TRUE(directory_exists(folder));
    ::chmod(folder.c_str(), 0755);
    EXPECT_THROW(require_directory(folder), Error);
    EXPECT_THROW(static_cast<void>(directory_exists(folder)), Error);
    std::filesystem::remove(folder);
    std::filesystem::create_directory_symlink(folder_, folder);
    EXPECT_THROW(require_directory(folder), Error);
}

TEST(SocketPath, IsAnotherOneForEachServerAndTable) {
    const std::string path = socket_path("uuid-1", {"shop", "orders"});
    EXPECT_EQ(path, socket_path("uuid-1", {"shop", "orders"}));
    EXPECT_NE(path, socket_path("uuid-2", {"shop", "orders"}));
    EXPECT_NE(path, socket_path("uuid-1", {"shop", "order"}));
    const mysql::TableName longest{std::string(64, 's'), std::string(64, 't')};
    EXPECT_LT(socket_path(std::string(36, 'u'), longest).size(), kPathMax);
}

}  // namespace
}  // namespace doppel::control
