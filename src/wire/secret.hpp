// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace doppel::wire {

/// Bytes that are, or may hold, a password: of fixed size, never copied implicitly, and overwritten
/// before their memory is given back. Views stay valid while the object lives and is not moved
/// from.
class Secret final {
public:
    Secret() = default;
    explicit Secret(std::string_view bytes);
    /// `size_bytes` zero bytes, to be filled through data().
    static Secret of_size(std::size_t size_bytes);

    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    [[nodiscard]] char* data() noexcept { return data_.get(); }
    [[nodiscard]] std::string_view view() const noexcept { return {data_.get(), size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    void wipe() noexcept;

    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
};

/// Overwrites the bytes of `text` and empties it.
void wipe(std::string& text) noexcept;

}  // namespace doppel::wire
