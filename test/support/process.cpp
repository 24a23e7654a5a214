// SPDX-License-Identifier: Apache-2.0
#include "support/process.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace doppel::test {
namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void redirect(const std::string& path, int descriptor) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, descriptor);
    close(file);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const Environment& added) {
    std::string pattern = (std::filesystem::temp_directory_path() / "doppel-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no temporary folder");
    }
    folder_ = pattern;
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: execvp's old signature
    }
    arguments.push_back(nullptr);
    const std::string out_path = folder_ + "/out";
    const std::string err_path = folder_ + "/err";
    pid_ = fork();
    if (pid_ == 0) {
        for (const auto& [name, value] : added) {
            setenv(name.c_str(), value.c_str(), 1);
        }
        redirect(out_path, STDOUT_FILENO);
        redirect(err_path, STDERR_FILENO);
        const int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, STDIN_FILENO);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    if (pid_ < 0) {
        throw std::runtime_error("fork failed");
    }
}

Process::~Process() {
    if (running()) {
        kill(pid_, SIGKILL);
        waitpid(pid_, &status_, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

bool Process::running() {
    if (!ended_ && waitpid(pid_, &status_, WNOHANG) == pid_) {
        ended_ = true;
    }
    return !ended_;
}

int Process::wait(std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (running()) {
        if (std::chrono::steady_clock::now() > deadline) {
            kill(pid_, SIGKILL);
            waitpid(pid_, &status_, 0);
            ended_ = true;
            throw std::runtime_error("a process did not end in time; it said: " + out() + err());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

void Process::signal(int number) const {
    if (!ended_) {
        kill(pid_, number);
    }
}

bool Process::wait_until_stopped(std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (running() && std::chrono::steady_clock::now() < deadline) {
        // "pid (name) state .." (proc(5)); T: stopped by a signal.
        const std::string status = read_file("/proc/" + std::to_string(pid_) + "/stat");
        const auto name_end = status.rfind(") ");
        if (name_end != std::string::npos && status.compare(name_end + 2, 1, "T") == 0) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

std::string Process::out() const {
    return read_file(folder_ + "/out");
}

std::string Process::err() const {
    return read_file(folder_ + "/err");
}

bool Process::wait_for(const std::string& text, std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < deadline) {
        const bool alive = running();
        if (out().find(text) != std::string::npos || err().find(text) != std::string::npos) {
            return true;
        }
        if (!alive) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

Finished run_process(
    const std::vector<std::string>& command,
    std::chrono::seconds limit,
    const Process::Environment& added
) {
    Process process(command, added);
    const int code = process.wait(limit);
    return Finished{code, process.out(), process.err()};
}

}  // namespace doppel::test
