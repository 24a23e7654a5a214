// SPDX-License-Identifier: Apache-2.0
#include "binlog/crc32.hpp"

#include <cstddef>
#include <limits>

#include <zlib.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define DOPPEL_CRC32_BY_MULTIPLICATION 1
#include <immintrin.h>
#else
#define DOPPEL_CRC32_BY_MULTIPLICATION 0
#endif

namespace doppel::binlog {
namespace {

std::uint32_t plain_crc32(std::string_view bytes, std::uint32_t start) noexcept {
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
    return static_cast<std::uint32_t>(::crc32_z(start, data, bytes.size()));
}

#if DOPPEL_CRC32_BY_MULTIPLICATION

// Folding (V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel
// 2009): the register of a CRC is linear in the message, so 16 bytes may be replaced by a multiple
// of them that stands 16, or 64, bytes further behind. Four such lanes run side by side; what is
// left in the end are 16 bytes with the same remainder as the whole message.

constexpr std::size_t kLaneBytes = 16;
constexpr std::size_t kStepBytes = 4 * kLaneBytes;

/// x^exponent modulo the CRC's polynomial, in the order of bits that the CRC has (the highest power
/// is the lowest bit), moved up by one as products of such numbers come out one too low.
constexpr std::uint64_t power_of_x(unsigned exponent) {
    constexpr std::uint32_t kPolynomial = 0xedb88320;
    std::uint32_t power = 0x80000000;  // x^0
    for (unsigned i = 0; i < exponent; ++i) {
        power = (power >> 1) ^ ((power & 1) != 0 ? kPolynomial : 0);
    }
    return std::uint64_t{power} << 1;
}

#define DOPPEL_WITH_CLMUL __attribute__((target("pclmul,sse4.1")))

/// What moves 16 bytes behind `bits` more: the low half lies 64 bits in front of the high one.
DOPPEL_WITH_CLMUL __m128i move_by(std::uint64_t low, std::uint64_t high) {
    return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
}

DOPPEL_WITH_CLMUL __m128i load(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

/// `lane` moved to where `next` is.
DOPPEL_WITH_CLMUL __m128i fold(__m128i lane, __m128i move, __m128i next) {
    const __m128i low = _mm_clmulepi64_si128(lane, move, 0x00);
    const __m128i high = _mm_clmulepi64_si128(lane, move, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// Requires kStepBytes or more.
DOPPEL_WITH_CLMUL std::uint32_t folded_crc32(std::string_view bytes, std::uint32_t start) noexcept {
    constexpr unsigned kLaneBits = 8 * kLaneBytes;
    constexpr std::uint64_t kStepLow = power_of_x(4 * kLaneBits + 32);
    constexpr std::uint64_t kStepHigh = power_of_x(4 * kLaneBits - 32);
    constexpr std::uint64_t kLaneLow = power_of_x(kLaneBits + 32);
    constexpr std::uint64_t kLaneHigh = power_of_x(kLaneBits - 32);
    const __m128i by_step = move_by(kStepLow, kStepHigh);
    const __m128i by_lane = move_by(kLaneLow, kLaneHigh);
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    // What came before counts as a difference in the first four bytes.
    __m128i a = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(~start)));
    __m128i b = load(at + kLaneBytes);
    __m128i c = load(at + 2 * kLaneBytes);
    __m128i d = load(at + 3 * kLaneBytes);
    for (at += kStepBytes, left -= kStepBytes; left >= kStepBytes; left -= kStepBytes) {
        a = fold(a, by_step, load(at));
        b = fold(b, by_step, load(at + kLaneBytes));
        c = fold(c, by_step, load(at + 2 * kLaneBytes));
        d = fold(d, by_step, load(at + 3 * kLaneBytes));
        at += kStepBytes;
    }
    a = fold(fold(fold(a, by_lane, b), by_lane, c), by_lane, d);
    for (; left >= kLaneBytes; left -= kLaneBytes) {
        a = fold(a, by_lane, load(at));
        at += kLaneBytes;
    }
    char rest[kLaneBytes];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), a);
    // zlib's register begins inverted; this is the start at which it is 0.
    constexpr std::uint32_t kZero = std::numeric_limits<std::uint32_t>::max();
    return plain_crc32({at, left}, plain_crc32({rest, kLaneBytes}, kZero));
}

#endif

}  // namespace

std::uint32_t crc32_of(std::string_view bytes, std::uint32_t start) noexcept {
#if DOPPEL_CRC32_BY_MULTIPLICATION
    static const bool multiplies =
        __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
    if (multiplies && bytes.size() >= kStepBytes) {
        return folded_crc32(bytes, start);
    }
#endif
    return plain_crc32(bytes, start);
}

}  // namespace doppel::binlog
