// SPDX-License-Identifier: Apache-2.0
#include "tools/common/system.hpp"

#include "tools/common/usage_error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace doppel::cli {

namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kPasswordBytesMax = 4096;

class Descriptor final {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool valid() const { return number_ >= 0; }

private:
    int number_;
};

volatile std::sig_atomic_t prompt_signal = 0;

extern "C" void note_prompt_signal(int number) {
    prompt_signal = number;
}

/// While it lives, the terminal does not echo and a stopping signal only interrupts the read: dying
/// at the prompt would leave the operator's terminal without echo.
class QuietTerminal final {
public:
    explicit QuietTerminal(int terminal) : terminal_(terminal) {
        prompt_signal = 0;
        struct sigaction action {};
        action.sa_handler = note_prompt_signal;
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            ::sigaction(kSignals[i], &action, &old_actions_[i]);
        }
        if (::tcgetattr(terminal_, &old_settings_) == 0) {
            termios quiet = old_settings_;
            quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
        }
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal() {
        if (changed_) {
            ::tcsetattr(terminal_, TCSAFLUSH, &old_settings_);
        }
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            ::sigaction(kSignals[i], &old_actions_[i], nullptr);
        }
    }
    [[nodiscard]] bool quiet() const { return changed_; }

private:
    static constexpr std::array<int, 4> kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    int terminal_;
    bool changed_ = false;
    termios old_settings_{};
    std::array<struct sigaction, kSignals.size()> old_actions_{};
};

void write_all(int descriptor, const std::string& text) {
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t count = ::write(descriptor, text.data() + written, text.size() - written);
        if (count <= 0) {
            return;
        }
        written += static_cast<std::size_t>(count);
    }
}

std::optional<std::string> read_password_line(int terminal) {
    std::string line;
    while (line.size() < kPasswordBytesMax) {
        char byte = 0;
        const ssize_t count = ::read(terminal, &byte, 1);
        if (count < 0 && errno == EINTR && prompt_signal == 0) {
            continue;
        }
        if (count <= 0) {
            return std::nullopt;
        }
        if (byte == '\n' || byte == '\r') {
            break;
        }
        line.push_back(byte);
    }
    return line;
}

}  // namespace

std::optional<std::string> RealSystem::environment(const std::string& name) const {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::make_optional<std::string>(value);
}

FileContent RealSystem::read_file(const std::string& path) const {
    FileContent content;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file.valid() || ::fstat(file.get(), &info) != 0) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        content.status = missing ? FileContent::Status::missing : FileContent::Status::unreadable;
        content.reason = std::strerror(errno);
        return content;
    }
    content.world_writable = S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0;
    content.status = FileContent::Status::ok;
    std::array<char, 16 * 1024> buffer{};
    while (true) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 || content.text.size() > kFileBytesMax) {
            content.reason = count < 0 ? std::strerror(errno) : "longer than 1 MiB";
            content.status = FileContent::Status::unreadable;
            return content;
        }
        if (count == 0) {
            return content;
        }
        content.text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

std::optional<std::vector<std::string>> RealSystem::list_directory(const std::string& path) const {
    std::error_code error;
    std::filesystem::directory_iterator entries(path, error);
    if (error) {
        return std::nullopt;
    }
    std::vector<std::string> names;
    for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        if (error) {
            return std::nullopt;
        }
        names.push_back(entries->path().filename().string());
    }
    return names;
}

bool RealSystem::socket_exists(const std::string& path) const {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

std::string RealSystem::login_name() const {
    const uid_t user = ::geteuid();
    if (user == 0) {
        return "root";
    }
    std::array<char, 256> name{};
    if (::getlogin_r(name.data(), name.size()) == 0 && name.front() != '\0') {
        return name.data();
    }
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        return found->pw_name;
    }
    return environment("USER").value_or("");
}

std::optional<std::string> RealSystem::ask_password(const std::string& prompt) {
    const Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.valid()) {
        return std::nullopt;
    }
    std::optional<std::string> line;
    {
        const QuietTerminal quiet(terminal.get());
        if (!quiet.quiet()) {
            return std::nullopt;
        }
        write_all(terminal.get(), prompt);
        line = read_password_line(terminal.get());
        write_all(terminal.get(), "\n");
    }
    if (prompt_signal != 0) {
        throw PromptInterrupted("stopped at the password prompt; nothing was changed");
    }
    return line;
}

}  // namespace doppel::cli
