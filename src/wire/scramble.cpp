// SPDX-License-Identifier: Apache-2.0
#include "wire/scramble.hpp"

#include "doppel/error.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace doppel::wire {

namespace {

constexpr std::size_t kMaxPemBytes = std::size_t{64} * 1024;

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

unsigned char* bytes_of(char* text) {
    return reinterpret_cast<unsigned char*>(text);
}

const unsigned char* bytes_of(const char* text) {
    return reinterpret_cast<const unsigned char*>(text);
}

Secret digest(const EVP_MD* kind, std::initializer_list<std::string_view> parts) {
    const DigestContext context(EVP_MD_CTX_new());
    Secret out = Secret::of_size(static_cast<std::size_t>(EVP_MD_size(kind)));
    bool ok = context && EVP_DigestInit_ex(context.get(), kind, nullptr) == 1;
    for (const auto part : parts) {
        ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    if (!ok || EVP_DigestFinal_ex(context.get(), bytes_of(out.data()), nullptr) != 1) {
        ERR_clear_error();
        throw Error(Errc::failed, "the crypto library refuses the digest authentication needs");
    }
    return out;
}

void xor_with(Secret& target, std::string_view mask) {
    for (std::size_t i = 0; i < target.size(); ++i) {
        target.data()[i] = static_cast<char>(target.data()[i] ^ mask[i % mask.size()]);
    }
}

// Without a callback OpenSSL would ask on the terminal for the passphrase of an encrypted PEM text.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

base::Failure key_failure(const char* message) {
    ERR_clear_error();
    return base::Failure{message, 0};
}

}  // namespace

Secret scramble_native(std::string_view password, std::string_view nonce) {
    if (password.empty()) {
        return {};
    }
    const EVP_MD* const sha1 = EVP_sha1();
    Secret once = digest(sha1, {password});
    const Secret twice = digest(sha1, {once.view()});
    xor_with(once, digest(sha1, {nonce, twice.view()}).view());
    return once;
}

Secret scramble_caching_sha2(std::string_view password, std::string_view nonce) {
    if (password.empty()) {
        return {};
    }
    const EVP_MD* const sha256 = EVP_sha256();
    Secret once = digest(sha256, {password});
    const Secret twice = digest(sha256, {once.view()});
    xor_with(once, digest(sha256, {twice.view(), nonce}).view());
    return once;
}

base::Result<std::string> encrypt_password(
    std::string_view password, std::string_view nonce, std::string_view public_key_pem
) {
    if (public_key_pem.empty() || public_key_pem.size() > kMaxPemBytes) {
        return key_failure("the server's public key is empty or too long");
    }
    const Bio bio(BIO_new_mem_buf(public_key_pem.data(), static_cast<int>(public_key_pem.size())));
    const PublicKey key(
        bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr
    );
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
        return key_failure("the server's public key is not an RSA key in PEM form");
    }
    // OAEP with SHA-1 costs 42 bytes of the modulus (RFC 8017, section 7.1.1).
    constexpr std::size_t kPaddingBytes = 42;
    const auto modulus_bytes = static_cast<std::size_t>(EVP_PKEY_size(key.get()));
    Secret plain = Secret::of_size(password.size() + 1);
    if (plain.size() + kPaddingBytes > modulus_bytes) {
        return key_failure("the password is too long for the server's public key");
    }
    std::copy(password.begin(), password.end(), plain.data());
    xor_with(plain, nonce);

    const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
    std::string out(modulus_bytes, '\0');
    std::size_t out_bytes = out.size();
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_encrypt(
            context.get(),
            bytes_of(out.data()),
            &out_bytes,
            bytes_of(plain.view().data()),
            plain.size()
        ) != 1) {
        return key_failure("encrypting the password with the server's public key failed");
    }
    out.resize(out_bytes);
    return out;
}

}  // namespace doppel::wire
