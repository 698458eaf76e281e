/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building tables: the first point of every window by doubling along in one lane; then eight windows at a time, a lane
 * each, row by row; 64 rows share one inversion.
 */
#include "es256/lanes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "es256/lanes_rows.h"

static_assert(TABLE_BYTES(KEY_BITS) == LANES_TABLE_BYTES, "lanes.h tells the size of a key's table");
static_assert(TABLE_BYTES(GENERATOR_BITS) == LANES_GENERATOR_BYTES,
              "lanes.h tells the size of the generator's table");

#define BLOCK 64u

/* Rows that wait for their inversion; before[i] is the product of the zzz of all rows before i. */
struct block {
    struct point points[BLOCK];
    struct fe before[BLOCK];
    unsigned n;
    struct fe product;
};

struct builder {
    struct block block;
    struct jacobian base[WINDOWS(KEY_BITS)];
    uint64_t *at[8];  /* where each lane's next row goes; NULL: the lane is not used */
    unsigned left[8]; /* how many rows it still has */
    uint64_t spill[8 * 8] __attribute__((aligned(64))); /* rows nobody asked for */
};

static_assert(WINDOWS(KEY_BITS) >= WINDOWS(GENERATOR_BITS), "room for every window");

/* ---- affine ---- */

/* Writes the next row of every lane that still has one. */
static void put_rows(struct builder *b, struct fe x, struct fe y)
{
    uint64_t *to[8];
    for (unsigned i = 0; i < 8; i++) {
        to[i] = b->left[i] ? b->at[i] : b->spill + (size_t)8 * i;
        if (b->left[i]) {
            b->left[i]--;
            b->at[i] += ROW_BYTES / 8;
        }
    }
    rows_store(to, x, y);
}

/* x = X / ZZ and y = Y / ZZZ, where 1 / ZZ = (ZZ / ZZZ)^2. */
static void flush(struct builder *b)
{
    struct block *const k = &b->block;
    struct fe inverses[BLOCK];
    if (k->n == 0)
        return;
    struct fe inverse = fe_inverse(k->product);
    for (unsigned i = k->n; i-- > 0;) {
        inverses[i] = fe_factor(fe_mul(inverse, k->before[i]));
        inverse = fe_factor(fe_mul(inverse, k->points[i].zzz));
    }
    for (unsigned i = 0; i < k->n; i++) {
        const struct point *const p = &k->points[i];
        const struct fe z = fe_factor(fe_mul(p->zz, inverses[i]));
        put_rows(b, fe_reduced(fe_mul(p->x, fe_factor(fe_sqr(z)))), fe_reduced(fe_mul(p->y, inverses[i])));
    }
    k->n = 0;
    k->product = fe_one();
}

static void push(struct builder *b, const struct point *p)
{
    struct block *const k = &b->block;
    k->points[k->n] = *p;
    k->before[k->n] = k->product;
    k->product = fe_factor(fe_mul(k->product, p->zzz));
    if (++k->n == BLOCK)
        flush(b);
}

/* ---- windows ---- */

/* tight, < 1.01 */
static struct fe fe_of_bytes(const uint8_t big_endian[32])
{
    const struct scalar s = scalar_read(big_endian);
    const eight w[4] = { all_lanes(s.w[0]), all_lanes(s.w[1]), all_lanes(s.w[2]), all_lanes(s.w[3]) };
    return fe_reduced(fe_mul(fe_of_words(w), fe_of_limbs(square_limbs)));
}

/* The point 2^(bits i) times itself, in all lanes alike. */
static void find_bases(struct builder *b, const uint8_t point[64], unsigned bits)
{
    struct jacobian p = { fe_of_bytes(point), fe_of_bytes(point + 32), fe_one() };
    for (unsigned i = 0; i < WINDOWS(bits); i++) {
        b->base[i] = p;
        for (unsigned k = 0; k < bits; k++)
            p = jacobian_double(&p);
    }
}

/* Lane i gets the base of window first + i; lanes beyond the last window repeat it. */
static struct jacobian deal_bases(const struct builder *b, unsigned first, unsigned windows)
{
    struct jacobian dealt = b->base[first];
    for (unsigned i = 1; i < 8 && first + i < windows; i++)
        dealt = jacobian_choose(&dealt, &b->base[first + i], (__mmask8)(1u << i));
    return dealt;
}

static void aim(struct builder *b, uint64_t *table, unsigned first, unsigned bits)
{
    for (unsigned i = 0; i < 8; i++) {
        const unsigned window = first + i;
        b->at[i] = table + (size_t)window * WINDOW_ROWS(bits) * (ROW_BYTES / 8);
        b->left[i] = window + 1 < WINDOWS(bits) ? WINDOW_ROWS(bits)
                     : window < WINDOWS(bits)   ? TOP_ROWS(bits)
                                                : 0;
    }
}

static void build_windows(struct builder *b, uint64_t *table, unsigned first, unsigned bits)
{
    const struct jacobian base = deal_bases(b, first, WINDOWS(bits));
    const struct fe z = fe_inverse(base.z), zz = fe_factor(fe_sqr(z));
    const struct fe x = fe_reduced(fe_mul(base.x, zz));
    const struct fe y = fe_reduced(fe_mul(base.y, fe_factor(fe_mul(z, zz))));
    const struct point one = { x, y, fe_one(), fe_one() };
    struct point p = point_double(&one);
    aim(b, table, first, bits);
    b->block.n = 0;
    b->block.product = fe_one();
    push(b, &one);
    for (unsigned i = 2; i <= WINDOW_ROWS(bits); i++) {
        push(b, &p);
        p = point_add_affine(&p, x, y, 0);
    }
    flush(b);
}

static enum bf_err build(const uint8_t point[64], unsigned bits, void *table)
{
    struct builder *b = aligned_alloc(64, (sizeof *b + 63) / 64 * 64);
    if (!b)
        return BF_ENOMEM;
    find_bases(b, point, bits);
    for (unsigned first = 0; first < WINDOWS(bits); first += 8)
        build_windows(b, table, first, bits);
    free(b);
    return BF_OK;
}

enum bf_err lanes_table_build(const uint8_t point[static 64], void *ret_table)
{
    return build(point, KEY_BITS, ret_table);
}

enum bf_err lanes_generator_build(void *ret_table)
{
    static const uint8_t generator[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
        0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
        0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16,
        0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5,
    };
    return build(generator, GENERATOR_BITS, ret_table);
}
