// SPDX-License-Identifier: Apache-2.0
#include "control/location.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace doppel::control {
namespace {

/// FNV-1a: the same everywhere and always; nothing secret depends on it.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

/// True when there is something; throws unless it is a folder for this user alone.
bool inspect(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) {
            return false;
        }
        throw Error(
            Errc::refused, fmt::format("{} cannot be looked at: {}", path, std::strerror(errno))
        );
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
        throw Error(
            Errc::refused,
            fmt::format(
                "{} is not a folder of this user alone (mode 0700), so no socket is put or looked "
                "for there; remove it, or set XDG_RUNTIME_DIR or --control-socket",
                path
            )
        );
    }
    return true;
}

}  // namespace

std::string runtime_directory() {
    const char* const xdg = std::getenv("XDG_RUNTIME_DIR");
    if (xdg != nullptr && xdg[0] == '/') {
        return std::string(xdg) + "/doppel";
    }
    return ::geteuid() == 0 ? "/run/doppel" : fmt::format("/tmp/doppel-{}", ::geteuid());
}

void require_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        throw Error(
            Errc::refused, fmt::format("{} cannot be made: {}", path, std::strerror(errno))
        );
    }
    inspect(path);
}

bool directory_exists(const std::string& path) {
    return inspect(path);
}

std::optional<std::string> placement_problem(const std::string& path) {
    if (path.size() > kPathMax) {
        return "the path is too long";
    }
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return "there is something that is no socket";
    }
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        return std::strerror(errno);
    }
    return std::nullopt;
}

Error cannot_listen(const std::string& path, const std::string& why) {
    return {
        Errc::refused,
        fmt::format(
            "the control socket {} cannot be opened: {}; give another path with --control-socket, "
            "or --control=off",
            path,
            why
        )};
}

std::string socket_path(const std::string& server_uuid, const mysql::TableName& table) {
    const std::string identity = fmt::format("{}/{}/{}", server_uuid, table.schema, table.table);
    return fmt::format("{}/{:016x}.sock", runtime_directory(), hash_of(identity));
}

}  // namespace doppel::control
