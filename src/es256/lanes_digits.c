/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight digits at a time. Half a window is added to every window but the highest, so that digit - half is signed and no
 * carry runs from window to window.
 */
#include "es256/lanes_rows.h"

/* The sum of 2^(bits (i + 1) - 1) over all windows i but the highest. */
static struct scalar halves(unsigned bits)
{
    struct scalar h = { { 0 } };
    for (unsigned i = 0; i + 1 < WINDOWS(bits); i++) {
        const unsigned at = bits * (i + 1) - 1;
        h.w[at / 64] |= 1ull << at % 64;
    }
    return h;
}

/* Bits [at, at + 64) of the scalar in w, lane by lane; at is below 256. */
static ALWAYS_INLINE eight words_at(eight w, eight at)
{
    const eight word = _mm512_srli_epi64(at, 6), next = _mm512_add_epi64(word, all_lanes(1));
    return _mm512_shrdv_epi64(_mm512_permutexvar_epi64(word, w), _mm512_permutexvar_epi64(next, w), at);
}

struct recoding {
    eight words; /* of the shifted scalar; those above are 0 */
    __mmask8 turned;
};

/* Above half of n, n - s is below 2^255, and every sign is turned round. */
static struct recoding recode(const struct scalar *scalar, unsigned bits)
{
    const bool turned = scalar_less(&half_order, scalar);
    const struct scalar half = halves(bits), s = turned ? scalar_sub(&order, scalar) : *scalar,
                        shifted = scalar_add(&s, &half);
    return (struct recoding){ _mm512_maskz_loadu_epi64(0x0F, shifted.w), turned ? 0xFF : 0 };
}

/* The signed digits of eight windows; 0 beyond the highest. */
static ALWAYS_INLINE eight digits_at(const struct recoding *r, eight windows, unsigned bits)
{
    const __mmask8 there = _mm512_cmplt_epi64_mask(windows, all_lanes(WINDOWS(bits)));
    const __mmask8 lower = _mm512_cmplt_epi64_mask(windows, all_lanes(WINDOWS(bits) - 1));
    const eight at = _mm512_mullo_epi64(windows, all_lanes(bits));
    const eight raw = _mm512_maskz_and_epi64(there, words_at(r->words, at), all_lanes((1u << bits) - 1));
    return _mm512_mask_sub_epi64(raw, lower, raw, all_lanes(WINDOW_ROWS(bits)));
}

static ALWAYS_INLINE eight windows_from(unsigned first)
{
    return _mm512_add_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), all_lanes(first));
}

unsigned rows_of(const struct scalar *scalar, unsigned bits, row table, row ret[static ROWS_MOST],
                 uint64_t *negative)
{
    const struct recoding r = recode(scalar, bits);
    unsigned n = 0;
    *negative = 0;
    for (unsigned from = 0; from < WINDOWS(bits); from += 8) {
        const eight windows = windows_from(from), digits = digits_at(&r, windows, bits);
        const __mmask8 used = _mm512_test_epi64_mask(digits, digits);
        const __mmask8 minus = _mm512_movepi64_mask(digits) ^ r.turned;
        const eight index = _mm512_add_epi64(_mm512_mullo_epi64(windows, all_lanes(WINDOW_ROWS(bits))),
                                             _mm512_sub_epi64(_mm512_abs_epi64(digits), all_lanes(1)));
        const eight address = _mm512_add_epi64(all_lanes((uintptr_t)table), _mm512_slli_epi64(index, 6));
        _mm512_storeu_si512(ret + n, _mm512_maskz_compress_epi64(used, address));
        *negative |= (uint64_t)_pext_u32(minus, used) << n;
        n += (unsigned)__builtin_popcount(used);
    }
    return n;
}

void digits_of(const struct scalar *scalar, unsigned bits, struct digits *ret)
{
    const struct recoding r = recode(scalar, bits);
    ret->negative = 0;
    for (unsigned from = 0; from < WINDOWS(bits); from += 8) {
        const eight digits = digits_at(&r, windows_from(from), bits);
        const __mmask8 minus = _mm512_movepi64_mask(digits) ^ r.turned;
        _mm512_storeu_si512(ret->row + from, _mm512_abs_epi64(digits));
        ret->negative |= (uint64_t)minus << from;
    }
}
