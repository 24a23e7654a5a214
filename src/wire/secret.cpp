// SPDX-License-Identifier: Apache-2.0
#include "wire/secret.hpp"

#include <algorithm>
#include <utility>

#include <openssl/crypto.h>

namespace doppel::wire {

Secret::Secret(std::string_view bytes) : Secret(of_size(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), data_.get());
}

Secret Secret::of_size(std::size_t size_bytes) {
    Secret secret;
    secret.data_ = std::make_unique<char[]>(size_bytes);
    secret.size_ = size_bytes;
    return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

Secret::~Secret() {
    wipe();
}

void Secret::wipe() noexcept {
    if (data_) {
        OPENSSL_cleanse(data_.get(), size_);
    }
}

void wipe(std::string& text) noexcept {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

}  // namespace doppel::wire
