/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One shuffle looks a byte's low half up in the rows, another turns its high half h into the bit 1 << h; where both
 * have a bit in common the byte is in the set. A shuffle gives 0 for bytes from 0x80 on by itself.
 */
#include "base/byte_set.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2")))

/* A bit for each of 32 bytes: it is in the set. */
WITH_AVX2 static uint32_t members_of_32(const struct byte_set *s, const char *p)
{
    const __m256i rows = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)s->rows));
    const __m256i bits = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    const __m256i high_bits = _mm256_and_si256(bits, _mm256_set_epi64x(0, -1, 0, -1));
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)p);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
    const __m256i both =
        _mm256_and_si256(_mm256_shuffle_epi8(rows, bytes), _mm256_shuffle_epi8(high_bits, high));
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
}

WITH_AVX2 static uint32_t members_of_16(const struct byte_set *s, const char *p)
{
    const __m128i rows = _mm_loadu_si128((const __m128i *)s->rows);
    const __m128i high_bits = _mm_set_epi64x(0, (int64_t)0x8040201008040201);
    const __m128i bytes = _mm_loadu_si128((const __m128i *)p);
    const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0F));
    const __m128i both = _mm_and_si128(_mm_shuffle_epi8(rows, bytes), _mm_shuffle_epi8(high_bits, high));
    return ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(both, _mm_setzero_si128())) & 0xFFFF;
}

/* The first byte whose membership is not `in`; the last 32 (or 16) are looked at once more rather than one by one. */
WITH_AVX2 static size_t wide_run(const struct byte_set *s, const char *p, size_t n, bool in)
{
    const uint32_t flip = in ? ~UINT32_C(0) : 0;
    uint32_t out;
    if (n < 32) {
        for (size_t i = 0;; i = n - 16) {
            out = (members_of_16(s, p + i) ^ flip) & 0xFFFF;
            if (out || i + 16 == n)
                return out ? i + (size_t)__builtin_ctz(out) : n;
        }
    }
    for (size_t i = 0;; i = n - i < 64 ? n - 32 : i + 32) {
        out = members_of_32(s, p + i) ^ flip;
        if (out || i + 32 == n)
            return out ? i + (size_t)__builtin_ctz(out) : n;
    }
}

static bool is_wide(size_t n)
{
    return n >= 16 && __builtin_cpu_supports("avx2");
}

#else

static size_t wide_run(const struct byte_set *s, const char *p, size_t n, bool in)
{
    (void)s, (void)p, (void)in;
    return n;
}

static bool is_wide(size_t n)
{
    (void)n;
    return false;
}

#endif

static size_t run(const struct byte_set *s, const char *p, size_t n, bool in)
{
    size_t i = 0;
    if (is_wide(n))
        return wide_run(s, p, n, in);
    while (i < n && byte_set_has(s, p[i]) == in)
        i++;
    return i;
}

size_t byte_set_run(const struct byte_set *s, const char *p, size_t n)
{
    return run(s, p, n, true);
}

size_t byte_set_gap(const struct byte_set *s, const char *p, size_t n)
{
    return run(s, p, n, false);
}
