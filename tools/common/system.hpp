// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace doppel::cli {

/// What reading a file gave.
struct FileContent {
    enum class Status { ok, missing, unreadable };
    Status status = Status::missing;
    std::string text;             ///< when ok
    std::string reason;           ///< when unreadable, e.g. "Permission denied"
    bool world_writable = false;  ///< a regular file that every user may write
};

/// Everything outside of the process that the options depend on, so that tests can replace it.
class System {
public:
    virtual ~System() = default;
    [[nodiscard]] virtual std::optional<std::string> environment(const std::string& name) const = 0;
    /// At most 1 MiB; a longer file is unreadable.
    [[nodiscard]] virtual FileContent read_file(const std::string& path) const = 0;
    /// Names (without the folder) in any order; nothing when the folder cannot be read.
    [[nodiscard]] virtual std::optional<std::vector<std::string>> list_directory(
        const std::string& path
    ) const = 0;
    [[nodiscard]] virtual bool socket_exists(const std::string& path) const = 0;
    /// The user name that the mysql client takes when none is given.
    [[nodiscard]] virtual std::string login_name() const = 0;
    /// Asks on the controlling terminal without echo; nothing when there is no terminal. Throws
    /// PromptInterrupted on SIGINT, SIGTERM and SIGHUP.
    [[nodiscard]] virtual std::optional<std::string> ask_password(const std::string& prompt) = 0;
};

/// The process's own environment, files and terminal.
class RealSystem final : public System {
public:
    [[nodiscard]] std::optional<std::string> environment(const std::string& name) const override;
    [[nodiscard]] FileContent read_file(const std::string& path) const override;
    [[nodiscard]] std::optional<std::vector<std::string>> list_directory(const std::string& path
    ) const override;
    [[nodiscard]] bool socket_exists(const std::string& path) const override;
    [[nodiscard]] std::string login_name() const override;
    [[nodiscard]] std::optional<std::string> ask_password(const std::string& prompt) override;
};

}  // namespace doppel::cli
