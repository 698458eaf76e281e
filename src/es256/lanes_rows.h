/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of multiples, and scalars as the rows to add up.
 *
 * A row is an affine point in one cache line: x then y in Montgomery form, below p, four little-endian words each. A
 * scalar below 2^255 is cut into windows of `bits`, with signed digits d: its windows i hold the rows 1 to 2^(bits-1) times
 * 2^(bits i) times the point, the highest those it can need; a negative digit takes the row with -y.
 */
#ifndef ES256_LANES_ROWS_H
#define ES256_LANES_ROWS_H

#include "es256/lanes_order.h"
#include "es256/lanes_point.h"

#define ROW_BYTES         64u
#define WINDOWS(bits)     (255u / (bits) + 1)
#define WINDOW_ROWS(bits) (1u << ((bits)-1))
#define TOP_ROWS(bits)    (1u << (255u % (bits))) /* the bits that are left, and a carry */
#define TABLE_BYTES(bits) (((WINDOWS(bits) - 1) * WINDOW_ROWS(bits) + TOP_ROWS(bits)) * ROW_BYTES)

/* Windows of a key's table, of the generator's, and of the small one that a cold key gets for one batch. */
#define KEY_BITS       7u
#define GENERATOR_BITS 12u
#define COLD_BITS      5u

typedef const uint64_t *row;

/*
 * The rows that add up to scalar times the table's point, in any order: at most WINDOWS(bits), how many is returned. Bit i
 * of *negative: row i counts negative. A digit that is 0 has no row.
 */
#define ROWS_MOST 64u /* WINDOWS of 5 bits or more, and room to write a vector */
unsigned rows_of(const struct scalar *scalar, unsigned bits, row table, row ret[static ROWS_MOST],
                 uint64_t *negative);

/* The same window by window, from the lowest: row 0 is none. */
struct digits {
    uint64_t row[ROWS_MOST];
    uint64_t negative;
};
void digits_of(const struct scalar *scalar, unsigned bits, struct digits *ret);

/* ---- rows in and out ---- */

/* Eight vectors of eight words, transposed. */
static ALWAYS_INLINE void transpose(eight v[8])
{
    eight pair[8], four[8];
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++)
    {
        pair[i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
        pair[i + 4] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
    }
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++)
    {
        four[2 * i] = _mm512_shuffle_i64x2(pair[2 * i], pair[2 * i + 1], 0x88);
        four[2 * i + 1] = _mm512_shuffle_i64x2(pair[2 * i], pair[2 * i + 1], 0xDD);
    }
    _Pragma("GCC unroll 2") for (int odd = 0; odd < 2; odd++)
    {
        const eight *const f = four + 4 * odd;
        v[odd] = _mm512_shuffle_i64x2(f[0], f[2], 0x88);
        v[odd + 4] = _mm512_shuffle_i64x2(f[0], f[2], 0xDD);
        v[odd + 2] = _mm512_shuffle_i64x2(f[1], f[3], 0x88);
        v[odd + 6] = _mm512_shuffle_i64x2(f[1], f[3], 0xDD);
    }
}

/* Four words -> factor. */
static ALWAYS_INLINE struct fe fe_of_words(const eight w[4])
{
    return (struct fe){ { w[0], _mm512_shrdi_epi64(w[0], w[1], 52), _mm512_shrdi_epi64(w[1], w[2], 40),
                          _mm512_shrdi_epi64(w[2], w[3], 28), _mm512_srli_epi64(w[3], 16) } };
}

/* tight -> four words. */
static ALWAYS_INLINE void fe_words(struct fe a, eight w[4])
{
    w[0] = _mm512_or_si512(a.l[0], _mm512_slli_epi64(a.l[1], 52));
    w[1] = _mm512_or_si512(_mm512_srli_epi64(a.l[1], 12), _mm512_slli_epi64(a.l[2], 40));
    w[2] = _mm512_or_si512(_mm512_srli_epi64(a.l[2], 24), _mm512_slli_epi64(a.l[3], 28));
    w[3] = _mm512_or_si512(_mm512_srli_epi64(a.l[3], 36), _mm512_slli_epi64(a.l[4], 16));
}

/* x and y: factor, < 1. */
static ALWAYS_INLINE void rows_load(const row rows[8], struct fe *x, struct fe *y)
{
    eight v[8];
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) v[i] = _mm512_load_si512(rows[i]);
    transpose(v);
    *x = fe_of_words(v);
    *y = fe_of_words(v + 4);
}

/* x and y tight, < 1.01. Each lane's row goes where its pointer says. */
static ALWAYS_INLINE void rows_store(uint64_t *const rows[8], struct fe x, struct fe y)
{
    eight v[8];
    fe_words(fe_canonical(x), v);
    fe_words(fe_canonical(y), v + 4);
    transpose(v);
    for (int i = 0; i < 8; i++)
        _mm512_store_si512(rows[i], v[i]);
}

#endif
