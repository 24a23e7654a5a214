// SPDX-License-Identifier: Apache-2.0
#include "feed/tls_context.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace doppel::feed {

namespace {

namespace ssl = boost::asio::ssl;

const char* null_if_empty(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

[[noreturn]] void throw_bad_option(const std::string& what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    std::string text = what;
    if (reason != nullptr) {
        text += fmt::format(": {}", reason);
    }
    ERR_clear_error();
    throw Error(Errc::usage, text);
}

int no_passphrase(char*, int, int, void*) {
    return -1;
}

int parse_version(std::string_view name) {
    if (base::equals_ignore_case(name, "TLSv1.2")) {
        return TLS1_2_VERSION;
    }
    if (base::equals_ignore_case(name, "TLSv1.3")) {
        return TLS1_3_VERSION;
    }
    throw Error(
        Errc::usage, fmt::format("--tls-version: '{}' is neither TLSv1.2 nor TLSv1.3", name)
    );
}

void set_versions(SSL_CTX* context, std::string_view list) {
    int lowest = std::numeric_limits<int>::max();
    int highest = 0;
    while (!base::trim(list).empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const int version = parse_version(base::trim(list.substr(0, comma)));
        lowest = std::min(lowest, version);
        highest = std::max(highest, version);
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    if (highest == 0) {
        lowest = TLS1_2_VERSION;
    }
    // 0 as the highest means the library's own highest.
    SSL_CTX_set_min_proto_version(context, lowest);
    SSL_CTX_set_max_proto_version(context, highest);
}

void set_authorities(SSL_CTX* context, const ConnectionOptions& options) {
    const bool has_ca = !options.ssl_ca.empty() || !options.ssl_capath.empty();
    const bool must_verify =
        options.ssl_mode == SslMode::verify_ca || options.ssl_mode == SslMode::verify_identity;
    if (!has_ca) {
        if (must_verify) {
            throw Error(
                Errc::usage,
                "the --ssl-mode verifies the server: --ssl-ca or --ssl-capath is needed"
            );
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
        return;
    }
    const char* const file = null_if_empty(options.ssl_ca);
    const char* const path = null_if_empty(options.ssl_capath);
    if (SSL_CTX_load_verify_locations(context, file, path) != 1) {
        throw_bad_option(fmt::format(
            "cannot use the CA '{}'", file != nullptr ? options.ssl_ca : options.ssl_capath
        ));
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

void set_own_certificate(SSL_CTX* context, const ConnectionOptions& options) {
    if (options.ssl_cert.empty() && options.ssl_key.empty()) {
        return;
    }
    // As with the mysql client, one file may hold both.
    const auto& cert = options.ssl_cert.empty() ? options.ssl_key : options.ssl_cert;
    const auto& key = options.ssl_key.empty() ? options.ssl_cert : options.ssl_key;
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, cert.c_str()) != 1) {
        throw_bad_option(fmt::format("cannot use the certificate '{}'", cert));
    }
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw_bad_option(fmt::format("cannot use the private key '{}'", key));
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        throw_bad_option(fmt::format("the key '{}' does not belong to '{}'", key, cert));
    }
}

}  // namespace

ssl::context make_tls_context(const ConnectionOptions& options) {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX* const native = context.native_handle();
    ERR_clear_error();
    set_versions(native, options.tls_version);
    if (!options.ssl_cipher.empty() &&
        SSL_CTX_set_cipher_list(native, options.ssl_cipher.c_str()) != 1) {
        throw_bad_option(fmt::format("--ssl-cipher '{}' names no cipher", options.ssl_cipher));
    }
    set_authorities(native, options);
    set_own_certificate(native, options);
    return context;
}

}  // namespace doppel::feed
