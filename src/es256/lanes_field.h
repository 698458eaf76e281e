/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, eight numbers at a time, one in each 64-bit lane.
 *
 * A number is five limbs of 52 bits, v = l0 + l1 2^52 + ... + l4 2^208, in Montgomery form (v 2^260 mod p), and redundant:
 * any v below 2^260 = 16.0 p will do. Limbs come in three states, and each function says what it takes and gives:
 *
 *   tight   every limb in [0, 2^52)
 *   factor  bits 0 to 51 of every limb are right, what stands above them is left over: VPMADD52 does not look at it
 *   loose   limbs are signed and may reach 2^60; their sum is v all the same
 *
 * Bounds on v stand beside each step as multiples of p: "< 4" means v < 4 p. A product of numbers below a and b is
 * below 1 + a b / 16, so a b <= 16 keeps it below 2; a number must be below 16 whenever it is carried.
 */
#ifndef ES256_LANES_FIELD_H
#define ES256_LANES_FIELD_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A call would send forty registers through memory. Instrumented code (LANES_CALLS: sanitizers, fuzzing) makes the calls:
 * with everything in one function, a compiler works on it for minutes.
 */
#ifdef LANES_CALLS
#define ALWAYS_INLINE __attribute__((noinline, unused))
#else
#define ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#define LIMBS   5
#define LIMB    52
#define LOW52   0xFFFFFFFFFFFFFull
#define EACH(i) _Pragma("GCC unroll 5") for (int i = 0; i < LIMBS; i++)

typedef __m512i eight;
struct fe {
    eight l[LIMBS];
};

/* p, 2^260 mod p (one) and 2^520 mod p (into Montgomery form), limb by limb. */
static const uint64_t p_limbs[LIMBS] = { 0xFFFFFFFFFFFFF, 0x00FFFFFFFFFFF, 0, 0x0001000000000,
                                         0x0FFFFFFFF0000 };
static const uint64_t one_limbs[LIMBS] = { 0x0000000000010, 0xF000000000000, 0xFFFFFFFFFFFFF, 0xFFEFFFFFFFFFF,
                                           0x00000000FFFFF };
static const uint64_t square_limbs[LIMBS] = { 0x0000000000300, 0xFFFFFFFF00000, 0xFFFFEFFFFFFFB,
                                              0xFDFFFFFFFFFFF, 0x0000004FFFFFF };

static ALWAYS_INLINE eight all_lanes(uint64_t value)
{
    return _mm512_set1_epi64((long long)value);
}

static ALWAYS_INLINE struct fe fe_of_limbs(const uint64_t limbs[LIMBS])
{
    struct fe r;
    EACH(i)
    r.l[i] = all_lanes(limbs[i]);
    return r;
}

static ALWAYS_INLINE struct fe fe_zero(void)
{
    struct fe r;
    EACH(i)
    r.l[i] = _mm512_setzero_si512();
    return r;
}

static ALWAYS_INLINE struct fe fe_one(void)
{
    return fe_of_limbs(one_limbs);
}

/* ---- carrying ---- */

/* loose, 0 <= v < 16 -> tight. */
static ALWAYS_INLINE struct fe fe_tight(struct fe a)
{
    const eight low = all_lanes(LOW52);
    for (int i = 0; i < LIMBS - 1; i++) {
        a.l[i + 1] = _mm512_add_epi64(a.l[i + 1], _mm512_srai_epi64(a.l[i], LIMB));
        a.l[i] = _mm512_and_si512(a.l[i], low);
    }
    return a;
}

/* loose, 0 <= v < 16 -> factor. */
static ALWAYS_INLINE struct fe fe_factor(struct fe a)
{
    for (int i = 0; i < LIMBS - 1; i++)
        a.l[i + 1] = _mm512_add_epi64(a.l[i + 1], _mm512_srai_epi64(a.l[i], LIMB));
    return a;
}

/* factor -> tight. (Not fe_tight: what stands above bit 52 of a factor's limb is in the next one already.) */
static ALWAYS_INLINE struct fe fe_masked(struct fe a)
{
    EACH(i)
    a.l[i] = _mm512_and_si512(a.l[i], all_lanes(LOW52));
    return a;
}

/*
 * loose, 0 <= v < 16 -> tight, 0 < v < 1.01. Takes q p away, q being what stands above bit 256. The lower limbs may still
 * carry up to 2^9 into the highest, or borrow as much: q is taken of a limb lowered by 2^10, so that v stays positive, and
 * the rest is at most 2^256 + 2^219 + 15 * 2^224. Of 0 it makes p.
 */
static ALWAYS_INLINE struct fe fe_reduced(struct fe a)
{
    const eight q = _mm512_srai_epi64(_mm512_sub_epi64(a.l[4], all_lanes(1 << 10)), 48);
    a.l[0] = _mm512_add_epi64(a.l[0], q);
    a.l[1] = _mm512_sub_epi64(a.l[1], _mm512_slli_epi64(q, 44));
    a.l[3] = _mm512_sub_epi64(a.l[3], _mm512_slli_epi64(q, 36));
    a.l[4] = _mm512_sub_epi64(a.l[4], _mm512_sub_epi64(_mm512_slli_epi64(q, 48), _mm512_slli_epi64(q, 16)));
    return fe_tight(a);
}

/* ---- sums: any state -> loose ---- */

static ALWAYS_INLINE struct fe fe_add(struct fe a, struct fe b)
{
    EACH(i)
    a.l[i] = _mm512_add_epi64(a.l[i], b.l[i]);
    return a;
}

/* a - b + k p; k p >= b, or the result is negative. */
static ALWAYS_INLINE struct fe fe_sub(struct fe a, struct fe b, unsigned k)
{
    EACH(i)
    a.l[i] = _mm512_sub_epi64(_mm512_add_epi64(a.l[i], all_lanes(k * p_limbs[i])), b.l[i]);
    return a;
}

/* a 2^k */
static ALWAYS_INLINE struct fe fe_shift(struct fe a, unsigned k)
{
    EACH(i)
    a.l[i] = _mm512_slli_epi64(a.l[i], k);
    return a;
}

/* -a in the lanes of the mask. */
static ALWAYS_INLINE struct fe fe_negate(struct fe a, __mmask8 lanes)
{
    EACH(i)
    a.l[i] = _mm512_mask_sub_epi64(a.l[i], lanes, _mm512_setzero_si512(), a.l[i]);
    return a;
}

/* b in the lanes of the mask, a in the others. */
static ALWAYS_INLINE struct fe fe_choose(struct fe a, struct fe b, __mmask8 lanes)
{
    EACH(i)
    a.l[i] = _mm512_mask_mov_epi64(a.l[i], lanes, b.l[i]);
    return a;
}

/* ---- products: factor -> loose, limbs below 2^57, < 1 + a b / 16 ---- */

struct columns {
    eight t[2 * LIMBS];
};

/* Each product adds at most 5 low and 5 high halves, below 2^52 each, to a column: 10 * 2^52. */
static ALWAYS_INLINE void columns_add(struct columns *c, const struct fe *a, const struct fe *b)
{
    EACH(i)
    {
        EACH(j)
        {
            c->t[i + j] = _mm512_madd52lo_epu64(c->t[i + j], a->l[i], b->l[j]);
            c->t[i + j + 1] = _mm512_madd52hi_epu64(c->t[i + j + 1], a->l[i], b->l[j]);
        }
    }
}

/*
 * Montgomery, a limb at a time: m = t mod 2^52, for -1/p mod 2^52 is 1; t + m p = t - m + m 2^96 + m 2^192
 * + m (2^256 - 2^224), whose lowest limb is 0. Columns stay below 20 * 2^52 + 6 * 2^52 + a carry of 2^6.
 */
static ALWAYS_INLINE struct fe columns_reduced(struct columns *c)
{
    const eight low = all_lanes(LOW52), k1 = all_lanes(1ull << 44), k3 = all_lanes(1ull << 36),
                k4 = all_lanes((1ull << 48) - (1ull << 16));
    eight *const t = c->t;
    struct fe r;
    EACH(i)
    {
        const eight m = _mm512_and_si512(t[i], low);
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64(t[i], LIMB));
        t[i + 1] = _mm512_madd52lo_epu64(t[i + 1], m, k1);
        t[i + 2] = _mm512_madd52hi_epu64(t[i + 2], m, k1);
        t[i + 3] = _mm512_madd52lo_epu64(t[i + 3], m, k3);
        t[i + 4] = _mm512_madd52hi_epu64(t[i + 4], m, k3);
        t[i + 4] = _mm512_madd52lo_epu64(t[i + 4], m, k4);
        t[i + 5] = _mm512_madd52hi_epu64(t[i + 5], m, k4);
    }
    EACH(i)
    r.l[i] = t[LIMBS + i];
    return r;
}

static ALWAYS_INLINE struct fe fe_mul(struct fe a, struct fe b)
{
    struct columns c = { 0 };
    columns_add(&c, &a, &b);
    return columns_reduced(&c);
}

/* a b + c d, with one reduction: < 1 + (a b + c d) / 16. */
static ALWAYS_INLINE struct fe fe_mul_add(struct fe a, struct fe b, struct fe c, struct fe d)
{
    struct columns sum = { 0 };
    columns_add(&sum, &a, &b);
    columns_add(&sum, &c, &d);
    return columns_reduced(&sum);
}

/* What stands beside the diagonal counts twice: added once, then shifted. */
static ALWAYS_INLINE struct fe fe_sqr(struct fe a)
{
    struct columns c = { 0 };
    eight *const t = c.t;
    EACH(i)
    {
        _Pragma("GCC unroll 4") for (int j = i + 1; j < LIMBS; j++)
        {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.l[i], a.l[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.l[i], a.l[j]);
        }
    }
    _Pragma("GCC unroll 8") for (int i = 1; i < 2 * LIMBS - 1; i++) t[i] = _mm512_add_epi64(t[i], t[i]);
    EACH(i)
    {
        t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a.l[i], a.l[i]);
        t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a.l[i], a.l[i]);
    }
    return columns_reduced(&c);
}

/* ---- the same number? ---- */

/* loose, 0 <= v < 16 -> the lanes where v is 0 modulo p: reduced, that is p itself. */
static ALWAYS_INLINE __mmask8 fe_is_zero(struct fe a)
{
    __mmask8 same = 0xFF;
    a = fe_reduced(a);
    EACH(i)
    same = _mm512_mask_cmpeq_epi64_mask(same, a.l[i], all_lanes(p_limbs[i]));
    return same;
}

/* tight, < 1.01 -> tight, < 1: p is taken away where that leaves something, or nothing. */
static ALWAYS_INLINE struct fe fe_canonical(struct fe a)
{
    struct fe less = a;
    EACH(i)
    less.l[i] = _mm512_sub_epi64(less.l[i], all_lanes(p_limbs[i]));
    less = fe_tight(less);
    return fe_choose(a, less, _mm512_cmpge_epi64_mask(less.l[4], _mm512_setzero_si512()));
}

/* ---- the inverse ---- */

/* factor, < 3 -> factor, < 2: a^(2^n) b */
static ALWAYS_INLINE struct fe fe_squares_mul(struct fe a, unsigned n, struct fe b)
{
    while (n--)
        a = fe_factor(fe_sqr(a));
    return fe_factor(fe_mul(a, b));
}

/* factor, < 3 -> factor, < 2: a^(p - 2), where p - 2 is 32 ones, 31 zeros, 1, 96 zeros, 94 ones, 0, 1. Of 0 it makes 0. */
static ALWAYS_INLINE struct fe fe_inverse(struct fe a)
{
    const struct fe x2 = fe_squares_mul(a, 1, a), x4 = fe_squares_mul(x2, 2, x2);
    const struct fe x8 = fe_squares_mul(x4, 4, x4), x16 = fe_squares_mul(x8, 8, x8);
    const struct fe x32 = fe_squares_mul(x16, 16, x16);
    struct fe r = fe_squares_mul(x32, 32, a);
    r = fe_squares_mul(r, 128, x32);
    r = fe_squares_mul(r, 32, x32);
    r = fe_squares_mul(r, 16, x16);
    r = fe_squares_mul(r, 8, x8);
    r = fe_squares_mul(r, 4, x4);
    r = fe_squares_mul(r, 2, x2);
    return fe_squares_mul(r, 2, a);
}

#endif
