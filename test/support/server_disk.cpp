// SPDX-License-Identifier: Apache-2.0
#include "support/server_disk.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace doppel::test {
namespace {

std::string system_error(const char* what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
}

/// Root in the new user namespace is who we are outside.
bool map_user(unsigned user, unsigned group) {
    const auto write = [](const char* file, const std::string& text) {
        std::ofstream stream(file);
        stream << text << std::flush;
        return stream.good();
    };
    return write("/proc/self/setgroups", "deny") &&
           write("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
           write("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

}  // namespace

std::optional<std::string> ServerDisk::enter_namespace() {
    const unsigned user = geteuid();
    const unsigned group = getegid();
    if (unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) {
        return system_error("no mount namespace can be made");
    }
    if (user != 0 && !map_user(user, group)) {
        return system_error("the user cannot be mapped");
    }
    // Nothing of it shall be seen outside.
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return system_error("mounts cannot be made private");
    }
    return std::nullopt;
}

ServerDisk::ServerDisk(std::string folder, std::size_t mebibytes)
    : folder_(std::move(folder)), filler_(folder_ + "/filler.tmp") {
    const std::string size = fmt::format("size={}m,mode=0777", mebibytes);
    if (mount("none", folder_.c_str(), "tmpfs", 0, size.c_str()) != 0) {
        throw std::runtime_error(system_error("a small disk cannot be mounted"));
    }
}

ServerDisk::~ServerDisk() {
    umount2(folder_.c_str(), MNT_DETACH);
}

std::size_t ServerDisk::free_bytes() const {
    return std::filesystem::space(folder_).free;
}

void ServerDisk::fill(std::size_t bytes) {
    constexpr int kTries = 50;
    const int file = open(filler_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) {
        throw std::runtime_error(system_error("the disk cannot be filled"));
    }
    // The server may take space between the look and the filling.
    int error = ENOSPC;
    for (int i = 0; i < kTries && error == ENOSPC; ++i) {
        const std::size_t free = free_bytes();
        error = free > bytes ? posix_fallocate(file, 0, static_cast<off_t>(free - bytes)) : 0;
    }
    close(file);
    if (error != 0) {
        errno = error;
        throw std::runtime_error(system_error("the disk cannot be filled"));
    }
}

void ServerDisk::make_space() {
    std::filesystem::remove(filler_);
}

}  // namespace doppel::test
