// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/hex.hpp"

#include <string>
#include <string_view>

/// Packets recorded from MySQL 9.7.4 over a Unix socket (payloads, without frame headers), for the
/// account doppel with the password doppel.
namespace doppel::wire::samples {

inline std::string bytes(std::string_view hex) {
    return base::from_hex(hex).value();
}

inline std::string greeting() {
    return bytes(
        "0a392e372e342d32000b0000005c43543c1e0a6c4e00ffffff0200ffdf150000000000000000000004094c401a"
        "2b256c51286b790063616368696e675f736861325f70617373776f726400"
    );
}
inline std::string greeting_nonce() {
    return bytes("5c43543c1e0a6c4e04094c401a2b256c51286b79");
}

/// The response a client built by hand gave to it, which the server accepted.
inline std::string response() {
    return bytes(
        "05a23801000000402d0000000000000000000000000000000000000000000000646f7070656c0020bc89f52201"
        "80c328b66b372c70d78f022d7ee56eeb72bb2cdca33c948966e15263616368696e675f736861325f7061737377"
        "6f726400140c70726f6772616d5f6e616d6506646f7070656c"
    );
}

inline std::string ok() {
    return bytes("00000002000000");
}
inline std::string unknown_column() {
    return bytes(
        "ff1e04233432533232556e6b6e6f776e20636f6c756d6e20276e6f70652720696e20276669656c64206c697374"
        "27"
    );
}

/// SELECT 7 AS a, NULL AS b, 'x' AS c UNION ALL SELECT 8, 'yy', ''
inline std::string column_a() {
    return bytes("03646566000000016101610c3f0002000000080100000000");
}
inline std::string column_b() {
    return bytes("03646566000000016201620c2d0008000000fd0000000000");
}
inline std::string column_c() {
    return bytes("03646566000000016301630c2d0004000000fd0100000000");
}
inline std::string row_1() {
    return bytes("0137fb0178");
}
inline std::string row_2() {
    return bytes("013802797900");
}
inline std::string final_ok() {
    return bytes("fe000002000000");
}
inline std::string eof() {
    return bytes("fe00000200");
}

}  // namespace doppel::wire::samples
