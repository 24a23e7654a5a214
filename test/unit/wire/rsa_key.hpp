// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace doppel::wire::testing_support {

/// A fresh RSA key pair that plays the server's part. Empty texts stand for failures.
class RsaKey final {
public:
    explicit RsaKey(int bits) {
        EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr);
        EVP_PKEY_keygen_init(context);
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits);
        EVP_PKEY_keygen(context, &key_);
        EVP_PKEY_CTX_free(context);
    }
    ~RsaKey() { EVP_PKEY_free(key_); }
    RsaKey(const RsaKey&) = delete;
    RsaKey& operator=(const RsaKey&) = delete;

    [[nodiscard]] std::string public_pem() const {
        BIO* const bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PUBKEY(bio, key_);
        std::string pem(4096, '\0');
        const int count = BIO_read(bio, pem.data(), static_cast<int>(pem.size()));
        BIO_free(bio);
        pem.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return pem;
    }

    [[nodiscard]] std::string decrypt(std::string_view encrypted) const {
        EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new(key_, nullptr);
        EVP_PKEY_decrypt_init(context);
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
        std::string plain(static_cast<std::size_t>(EVP_PKEY_size(key_)), '\0');
        std::size_t size = plain.size();
        const int ok = EVP_PKEY_decrypt(
            context,
            reinterpret_cast<unsigned char*>(plain.data()),
            &size,
            reinterpret_cast<const unsigned char*>(encrypted.data()),
            encrypted.size()
        );
        EVP_PKEY_CTX_free(context);
        plain.resize(ok == 1 ? size : 0);
        return plain;
    }

private:
    EVP_PKEY* key_ = nullptr;
};

}  // namespace doppel::wire::testing_support
