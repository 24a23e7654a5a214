// SPDX-License-Identifier: Apache-2.0
#include "wire/scramble.hpp"

#include "base/hex.hpp"
#include "rsa_key.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace doppel::wire {
namespace {

// Expected values were computed with Python's hashlib from the formulas of the manual.
const std::string kNonce = base::from_hex("0102030405060708090A0B0C0D0E0F1011121314").value();

TEST(Scramble, NativeMatchesKnownAnswers) {
    EXPECT_EQ(
        base::to_hex(scramble_native("doppel", kNonce).view()),
        "59A80DC5EA3ABDC61D4A346F2765FDC94B208BA7"
    );
    EXPECT_EQ(
        base::to_hex(scramble_native("s3cret \xc3\xa4", kNonce).view()),
        "40E172406A7CE7A51B5DED70455EEDCDC4873D46"
    );
    EXPECT_TRUE(scramble_native("", kNonce).empty());
}

TEST(Scramble, CachingSha2MatchesKnownAnswers) {
    EXPECT_EQ(
        base::to_hex(scramble_caching_sha2("doppel", kNonce).view()),
        "7EBF26517BA7A7CCDAAA7D4D627E2151DA445D437CAA88FBC4BC72710A5FDC12"
    );
    EXPECT_EQ(
        base::to_hex(scramble_caching_sha2("s3cret \xc3\xa4", kNonce).view()),
        "D532C476C7866C8A2BC719C0342A26EECE8E39DFB82185FA320D7BC8EA898D5C"
    );
    EXPECT_TRUE(scramble_caching_sha2("", kNonce).empty());
}

TEST(EncryptPassword, TheOwnerOfTheKeyReadsItBack) {
    const testing_support::RsaKey key(2048);
    const std::string password = "correct horse battery staple \xc3\xa4";
    const auto encrypted = encrypt_password(password, kNonce, key.public_pem());
    ASSERT_TRUE(encrypted.ok()) << encrypted.failure().message;
    EXPECT_EQ(encrypted->size(), 256u);
    auto plain = key.decrypt(*encrypted);
    ASSERT_EQ(plain.size(), password.size() + 1);
    for (std::size_t i = 0; i < plain.size(); ++i) {
        plain[i] = static_cast<char>(plain[i] ^ kNonce[i % kNonce.size()]);
    }
    EXPECT_EQ(plain, password + '\0');
}

TEST(EncryptPassword, RefusesWhatIsNoRsaKey) {
    for (const std::string pem :
         {"",
          "hello",
          "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
          "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
          "00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END PUBLIC KEY-----\n"}) {
        const auto encrypted = encrypt_password("pass", kNonce, pem);
        ASSERT_FALSE(encrypted.ok());
        EXPECT_EQ(encrypted.failure().message.find("pass "), std::string::npos);
    }
    EXPECT_FALSE(encrypt_password("pass", kNonce, std::string(1 << 20, 'x')).ok());
}

TEST(EncryptPassword, EveryPrefixOfAKeyIsRefused) {
    const testing_support::RsaKey key(1024);
    const auto pem = key.public_pem();
    const auto end = pem.find("-----END");
    for (std::size_t length = 0; length < end; ++length) {
        EXPECT_FALSE(encrypt_password("x", kNonce, pem.substr(0, length)).ok()) << length;
    }
}

TEST(EncryptPassword, RefusesAPasswordTooLongForTheKey) {
    const testing_support::RsaKey key(1024);
    EXPECT_TRUE(encrypt_password(std::string(128 - 42 - 1, 'p'), kNonce, key.public_pem()).ok());
    const auto encrypted = encrypt_password(std::string(128 - 42, 'p'), kNonce, key.public_pem());
    ASSERT_FALSE(encrypted.ok());
    EXPECT_EQ(encrypted.failure().message.find("ppp"), std::string::npos);
}

TEST(Secret, MovesWithoutLeavingBytesBehind) {
    Secret a("password");
    Secret b(std::move(a));
    EXPECT_TRUE(a.empty());  // NOLINT: the state after a move is part of the contract
    EXPECT_EQ(b.view(), "password");
    b = Secret("other");
    EXPECT_EQ(b.view(), "other");
    std::string text = "secret";
    wipe(text);
    EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace doppel::wire
