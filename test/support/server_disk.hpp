// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace doppel::test {

/// A small disk of the test's own (tmpfs) over a folder, in a mount namespace that only this
/// process and what it starts from then on can see. The namespace is left with the process.
class ServerDisk final {
public:
    /// Before the server is started. Why it is not possible on this machine; nothing if it is.
    [[nodiscard]] static std::optional<std::string> enter_namespace();

    ServerDisk(std::string folder, std::size_t mebibytes);
    ~ServerDisk();
    ServerDisk(const ServerDisk&) = delete;
    ServerDisk& operator=(const ServerDisk&) = delete;

    [[nodiscard]] std::size_t free_bytes() const;
    /// A file that leaves `bytes` free.
    void fill(std::size_t bytes);
    /// Removes that file.
    void make_space();

private:
    std::string folder_;
    std::string filler_;
};

}  // namespace doppel::test
