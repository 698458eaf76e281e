/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instruction does two rounds and wants the state as two registers, (a b e f) and (c d g h), first letter on top;
 * two more make four words of the message schedule. Sixteen times four rounds are a block.
 *
 * The words of the schedule, w[t] = s1(w[t-2]) + w[t-7] + s0(w[t-15]) + w[t-16], four at a time:
 * sha256msg1 gives w[t-16] + s0(w[t-15]), an alignment of the last eight words gives w[t-7], sha256msg2 adds s1.
 */
#include "base/sha256_cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool sha256_cpu_can(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

struct state {
    __m128i abef, cdgh;
};

WITH_SHA static struct state four_rounds(struct state s, __m128i words, const uint32_t *constants)
{
    const __m128i sums = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)constants));
    const __m128i cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, sums);
    const __m128i abef = _mm_sha256rnds2_epu32(s.abef, cdgh, _mm_shuffle_epi32(sums, 0x0E));
    /* each pair of rounds turns what was (a b e f) into the next (c d g h) */
    return (struct state){ abef, cdgh };
}

/* The four words behind w[0..15], of which each argument holds four. */
WITH_SHA static __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sum, w3);
}

WITH_SHA static struct state take_block(struct state s, const uint8_t *bytes)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i w[4];
    for (int i = 0; i < 4; i++) {
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), big_endian);
        s = four_rounds(s, w[i], round_constants + 4 * i);
    }
    for (int i = 4; i < 16; i += 4) {
        w[0] = next_words(w[0], w[1], w[2], w[3]);
        s = four_rounds(s, w[0], round_constants + 4 * i);
        w[1] = next_words(w[1], w[2], w[3], w[0]);
        s = four_rounds(s, w[1], round_constants + 4 * i + 4);
        w[2] = next_words(w[2], w[3], w[0], w[1]);
        s = four_rounds(s, w[2], round_constants + 4 * i + 8);
        w[3] = next_words(w[3], w[0], w[1], w[2]);
        s = four_rounds(s, w[3], round_constants + 4 * i + 12);
    }
    return s;
}

WITH_SHA void sha256_cpu_blocks(uint32_t state[static 8], const uint8_t *bytes, size_t n)
{
    /* in memory a b c d and e f g h, a lowest */
    const __m128i abcd = _mm_loadu_si128((const __m128i *)state);
    const __m128i efgh = _mm_loadu_si128((const __m128i *)(state + 4));
    const __m128i badc = _mm_shuffle_epi32(abcd, 0xB1), hgfe = _mm_shuffle_epi32(efgh, 0x1B);
    struct state s = { _mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0) };
    for (; n; n--, bytes += 64) {
        const struct state after = take_block(s, bytes);
        s.abef = _mm_add_epi32(s.abef, after.abef);
        s.cdgh = _mm_add_epi32(s.cdgh, after.cdgh);
    }
    const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B), dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#else

bool sha256_cpu_can(void)
{
    return false;
}

void sha256_cpu_blocks(uint32_t state[static 8], const uint8_t *bytes, size_t n)
{
    (void)state, (void)bytes, (void)n;
}

#endif
