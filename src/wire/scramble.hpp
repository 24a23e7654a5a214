// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "wire/secret.hpp"

#include <string>
#include <string_view>

namespace doppel::wire {

/// mysql_native_password: SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))), 20 bytes; empty
/// for an empty password (MySQL Internals, "Native Authentication"). Throws Error(failed) when the
/// crypto library refuses the digest.
[[nodiscard]] Secret scramble_native(std::string_view password, std::string_view nonce);

/// caching_sha2_password: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce), 32 bytes;
/// empty for an empty password (MySQL Internals, "Caching SHA-2 Authentication").
[[nodiscard]] Secret scramble_caching_sha2(std::string_view password, std::string_view nonce);

/// The password with its NUL, XORed with the repeated nonce and encrypted with RSA-OAEP under
/// `public_key_pem`. Fails for a text that is no RSA public key and for a password too long for it;
/// no message holds either. Requires a nonce that is not empty.
[[nodiscard]] base::Result<std::string> encrypt_password(
    std::string_view password, std::string_view nonce, std::string_view public_key_pem
);

}  // namespace doppel::wire
