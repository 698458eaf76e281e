/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of the lanes beside OpenSSL's BN: values, states and bounds, with random numbers and with those at the ends
 * of what each function takes.
 */
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/bn.h>

#include "es256/cases_for_tests.h"
#include "es256/lanes.h"
#include "es256/lanes_rows.h"

/* A number of eight lanes, and what each lane is worth. */
struct numbers {
    struct fe fe;
    BIGNUM *of[8];
};

struct bench {
    struct curve curve;
    BIGNUM *radix, *inverse_radix, *square_radix; /* 2^260, and its inverse and square, modulo p */
    struct numbers a, b, c, d;
    BIGNUM *t, *u;
    uint64_t random;
};

static void open_numbers(struct numbers *n)
{
    for (int i = 0; i < 8; i++)
        n->of[i] = BN_new();
}

static void close_numbers(struct numbers *n)
{
    for (int i = 0; i < 8; i++)
        BN_free(n->of[i]);
}

static int open_bench(void **state)
{
    *state = NULL;
    if (!lanes_supported())
        return 0;
    struct bench *b = aligned_alloc(64, (sizeof *b + 63) / 64 * 64);
    assert_non_null(b);
    memset(b, 0, sizeof *b);
    b->curve = curve_open();
    b->radix = BN_new();
    b->square_radix = BN_new();
    b->t = BN_new();
    b->u = BN_new();
    b->random = 88172645463325252u;
    assert_int_equal(BN_set_bit(b->radix, 260), 1);
    assert_int_equal(BN_nnmod(b->radix, b->radix, b->curve.p, b->curve.ctx), 1);
    assert_int_equal(BN_mod_sqr(b->square_radix, b->radix, b->curve.p, b->curve.ctx), 1);
    b->inverse_radix = BN_mod_inverse(NULL, b->radix, b->curve.p, b->curve.ctx);
    open_numbers(&b->a);
    open_numbers(&b->b);
    open_numbers(&b->c);
    open_numbers(&b->d);
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *b = *state;
    if (!b)
        return 0;
    close_numbers(&b->d);
    close_numbers(&b->c);
    close_numbers(&b->b);
    close_numbers(&b->a);
    BN_free(b->u);
    BN_free(b->t);
    BN_free(b->inverse_radix);
    BN_free(b->square_radix);
    BN_free(b->radix);
    curve_close(&b->curve);
    free(b);
    return 0;
}

static struct bench *bench_of(void **state)
{
    if (!*state)
        tap_skip("this CPU has no AVX-512 IFMA");
    return *state;
}

static uint64_t chance(struct bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

/* ---- in and out ---- */

static void put_limbs(struct fe *fe, unsigned lane, const int64_t limbs[LIMBS])
{
    EACH(i)
    {
        int64_t lanes[8];
        _mm512_storeu_si512(lanes, fe->l[i]);
        lanes[lane] = limbs[i];
        fe->l[i] = _mm512_loadu_si512(lanes);
    }
}

static void limbs_of(const struct fe *fe, unsigned lane, int64_t ret[LIMBS])
{
    EACH(i)
    {
        int64_t lanes[8];
        _mm512_storeu_si512(lanes, fe->l[i]);
        ret[i] = lanes[lane];
    }
}

/* The sum of the limbs, whatever state they are in. */
static void value_of(const struct fe *fe, unsigned lane, bool factor, BIGNUM *ret, BIGNUM *limb)
{
    int64_t limbs[LIMBS];
    limbs_of(fe, lane, limbs);
    BN_zero(ret);
    for (int i = LIMBS; i-- > 0;) {
        const int64_t l = factor ? limbs[i] & (int64_t)LOW52 : limbs[i];
        assert_int_equal(BN_lshift(ret, ret, LIMB), 1);
        assert_int_equal(BN_set_word(limb, (BN_ULONG)llabs(l)), 1);
        assert_int_equal(l < 0 ? BN_sub(ret, ret, limb) : BN_add(ret, ret, limb), 1);
    }
}

/* v, below 2^260, as tight limbs of one lane. */
static void put_value(struct numbers *n, unsigned lane, const BIGNUM *v)
{
    uint8_t bytes[40] = { 0 };
    int64_t limbs[LIMBS];
    assert_int_equal(BN_bn2lebinpad(v, bytes, 40), 40);
    for (int i = 0; i < LIMBS; i++) {
        uint64_t word;
        memcpy(&word, bytes + i * LIMB / 8, 8);
        limbs[i] = (int64_t)(word >> i * LIMB % 8 & LOW52);
    }
    put_limbs(&n->fe, lane, limbs);
    assert_non_null(BN_copy(n->of[lane], v));
}

/* A number below limit p: one of those at the ends, or any. */
static void pick(struct bench *b, unsigned limit, BIGNUM *ret)
{
    const uint64_t which = chance(b) % 12;
    uint8_t bytes[33];
    BIGNUM *most = BN_dup(b->curve.p);
    assert_int_equal(BN_mul_word(most, limit), 1); /* one more than may be */
    if (which < 6) {                               /* k p - 1, k p, k p + 1 */
        assert_non_null(BN_copy(ret, b->curve.p));
        assert_int_equal(BN_mul_word(ret, chance(b) % (limit + 1)), 1);
        if (which < 2)
            assert_int_equal(BN_add_word(ret, 1), 1);
        else if (which < 4 && !BN_is_zero(ret))
            assert_int_equal(BN_sub_word(ret, 1), 1);
    } else if (which == 6) { /* limbs all ones */
        assert_int_equal(BN_one(ret), 1);
        assert_int_equal(BN_lshift(ret, ret, 52 * (1 + (int)(chance(b) % 5))), 1);
        assert_int_equal(BN_sub_word(ret, 1), 1);
    } else {
        for (int i = 0; i < 33; i++)
            bytes[i] = (uint8_t)(chance(b) >> 40);
        assert_non_null(BN_bin2bn(bytes, which == 7 ? 7 : which == 8 ? 20 : 33, ret));
    }
    assert_int_equal(BN_nnmod(ret, ret, most, b->curve.ctx), 1);
    BN_free(most);
}

/* Eight numbers below limit p, tight. */
static void pick_all(struct bench *b, unsigned limit, struct numbers *n)
{
    for (unsigned i = 0; i < 8; i++) {
        pick(b, limit, b->t);
        put_value(n, i, b->t);
    }
}

/* A tight number whose limbs have lent and borrowed each other what a loose one may hold: the same value. */
static struct fe loosened(struct bench *b, struct fe a)
{
    for (int i = 0; i < LIMBS - 1; i++) {
        const int64_t lent = (int64_t)(chance(b) % 256) - 128; /* 2^52 times that: up to 2^59 */
        a.l[i] = _mm512_add_epi64(a.l[i], all_lanes((uint64_t)(lent * (INT64_C(1) << LIMB))));
        a.l[i + 1] = _mm512_sub_epi64(a.l[i + 1], all_lanes((uint64_t)lent));
    }
    return a;
}

static bool is_tight(const struct fe *fe, unsigned lane)
{
    int64_t limbs[LIMBS];
    limbs_of(fe, lane, limbs);
    for (int i = 0; i < LIMBS; i++)
        if (limbs[i] < 0 || limbs[i] > (int64_t)LOW52)
            return false;
    return true;
}

static bool same_modulo_p(struct bench *b, const BIGNUM *x, const BIGNUM *y)
{
    BIGNUM *difference = BN_new();
    const bool same = BN_sub(difference, x, y) == 1 &&
                      BN_nnmod(difference, difference, b->curve.p, b->curve.ctx) == 1 &&
                      BN_is_zero(difference);
    BN_free(difference);
    return same;
}

/* v < (numerator / 1000) p */
static bool below(struct bench *b, const BIGNUM *v, unsigned long thousandths)
{
    BIGNUM *x = BN_dup(v), *y = BN_dup(b->curve.p);
    const bool less = BN_mul_word(x, 1000) == 1 && BN_mul_word(y, thousandths) == 1 && BN_cmp(x, y) < 0;
    BN_free(x);
    BN_free(y);
    return less;
}

/* ---- carrying ---- */

static void carrying_keeps_the_value_and_gives_the_state_it_says(void **state)
{
    struct bench *const b = bench_of(state);
    for (int round = 0; b && round < 2000; round++) {
        pick_all(b, 15, &b->a);
        const struct fe loose = loosened(b, b->a.fe);
        const struct fe tight = fe_tight(loose), factor = fe_factor(loose), reduced = fe_reduced(loose),
                        masked = fe_masked(factor), canonical = fe_canonical(reduced);
        const __mmask8 zero = fe_is_zero(loose);
        for (unsigned i = 0; i < 8; i++) {
            value_of(&tight, i, false, b->t, b->u);
            assert_true(is_tight(&tight, i) && BN_cmp(b->t, b->a.of[i]) == 0);
            value_of(&factor, i, true, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, b->a.of[i]), 0);
            value_of(&masked, i, false, b->t, b->u);
            assert_true(is_tight(&masked, i) && BN_cmp(b->t, b->a.of[i]) == 0);
            value_of(&reduced, i, false, b->t, b->u);
            assert_true(is_tight(&reduced, i) && same_modulo_p(b, b->t, b->a.of[i]) && below(b, b->t, 1010));
            assert_false(BN_is_zero(b->t));
            value_of(&canonical, i, false, b->t, b->u);
            assert_true(is_tight(&canonical, i) && same_modulo_p(b, b->t, b->a.of[i]) &&
                        below(b, b->t, 1000));
            assert_int_equal(zero >> i & 1, BN_is_zero(b->t));
        }
    }
}

static void sums_are_sums(void **state)
{
    struct bench *const b = bench_of(state);
    for (int round = 0; b && round < 1000; round++) {
        const unsigned k = 1 + (unsigned)(chance(b) % 7), shift = (unsigned)(chance(b) % 4);
        const __mmask8 some = (__mmask8)chance(b);
        pick_all(b, 7, &b->a);
        pick_all(b, k, &b->b);
        const struct fe sum = fe_add(b->a.fe, b->b.fe), difference = fe_sub(b->a.fe, b->b.fe, k),
                        shifted = fe_shift(b->a.fe, shift), minus = fe_negate(b->a.fe, some),
                        chosen = fe_choose(b->a.fe, b->b.fe, some);
        for (unsigned i = 0; i < 8; i++) {
            BIGNUM *expected = BN_new(), *kp = BN_dup(b->curve.p);
            assert_int_equal(BN_add(expected, b->a.of[i], b->b.of[i]), 1);
            value_of(&sum, i, false, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, expected), 0);
            assert_true(BN_mul_word(kp, k) == 1 && BN_sub(expected, b->a.of[i], b->b.of[i]) == 1 &&
                        BN_add(expected, expected, kp) == 1);
            value_of(&difference, i, false, b->t, b->u);
            assert_true(BN_cmp(b->t, expected) == 0 && !BN_is_negative(b->t));
            assert_int_equal(BN_lshift(expected, b->a.of[i], (int)shift), 1);
            value_of(&shifted, i, false, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, expected), 0);
            assert_non_null(BN_copy(expected, b->a.of[i]));
            BN_set_negative(expected, some >> i & 1);
            value_of(&minus, i, false, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, expected), 0);
            value_of(&chosen, i, false, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, some >> i & 1 ? b->b.of[i] : b->a.of[i]), 0);
            BN_free(kp);
            BN_free(expected);
        }
    }
}

/* ---- products ---- */

/* value 2^260 = product modulo p, and value < p + product / 2^260, which is 1 + a b / 16 times p, and a little less. */
static void check_product(struct bench *b, const struct fe *fe, unsigned lane, const BIGNUM *product)
{
    BIGNUM *scaled = BN_new(), *most = BN_new();
    int64_t limbs[LIMBS];
    value_of(fe, lane, false, b->t, b->u);
    assert_int_equal(BN_lshift(scaled, b->t, 260), 1);
    assert_true(same_modulo_p(b, scaled, product));
    assert_true(BN_rshift(most, product, 260) == 1 && BN_add(most, most, b->curve.p) == 1);
    assert_true(!BN_is_negative(b->t) && BN_cmp(b->t, most) <= 0);
    limbs_of(fe, lane, limbs);
    for (int i = 0; i < LIMBS; i++)
        assert_true(limbs[i] >= 0 && limbs[i] < INT64_C(1) << 57);
    BN_free(most);
    BN_free(scaled);
}

static void products_are_products_and_keep_their_bounds(void **state)
{
    struct bench *const b = bench_of(state);
    for (int round = 0; b && round < 2000; round++) {
        const unsigned most = round % 2 ? 15 : 4;
        pick_all(b, most, &b->a);
        pick_all(b, most, &b->b);
        pick_all(b, 4, &b->c);
        pick_all(b, 4, &b->d);
        const struct fe fa = fe_factor(loosened(b, b->a.fe)), fb = fe_factor(loosened(b, b->b.fe));
        const struct fe product = fe_mul(fa, fb), square = fe_sqr(fa),
                        both = fe_mul_add(fa, fb, b->c.fe, b->d.fe);
        for (unsigned i = 0; i < 8; i++) {
            BIGNUM *expected = BN_new(), *other = BN_new();
            assert_int_equal(BN_mul(expected, b->a.of[i], b->b.of[i], b->curve.ctx), 1);
            check_product(b, &product, i, expected);
            assert_int_equal(BN_mul(other, b->c.of[i], b->d.of[i], b->curve.ctx), 1);
            assert_int_equal(BN_add(expected, expected, other), 1);
            check_product(b, &both, i, expected);
            assert_int_equal(BN_sqr(expected, b->a.of[i], b->curve.ctx), 1);
            check_product(b, &square, i, expected);
            BN_free(other);
            BN_free(expected);
        }
    }
}

static void an_inverse_times_its_number_is_one(void **state)
{
    struct bench *const b = bench_of(state);
    for (int round = 0; b && round < 200; round++) {
        pick_all(b, 3, &b->a);
        const struct fe inverse = fe_masked(fe_inverse(b->a.fe));
        for (unsigned i = 0; i < 8; i++) {
            BIGNUM *product = BN_new();
            value_of(&inverse, i, false, b->t, b->u);
            assert_int_equal(BN_mod_mul(product, b->t, b->a.of[i], b->curve.p, b->curve.ctx), 1);
            assert_int_equal(BN_nnmod(b->u, b->a.of[i], b->curve.p, b->curve.ctx), 1);
            if (BN_is_zero(b->u))
                assert_true(BN_is_zero(product));
            else
                assert_int_equal(BN_cmp(product, b->square_radix), 0);
            BN_free(product);
        }
    }
}

/* ---- points ---- */

/* x and y of a point in Montgomery form, as BN. */
static void affine_of(struct bench *b, const EC_POINT *point, BIGNUM *x, BIGNUM *y)
{
    assert_int_equal(EC_POINT_get_affine_coordinates(b->curve.group, point, x, y, b->curve.ctx), 1);
    assert_int_equal(BN_mod_mul(x, x, b->radix, b->curve.p, b->curve.ctx), 1);
    assert_int_equal(BN_mod_mul(y, y, b->radix, b->curve.p, b->curve.ctx), 1);
}

/* ret = a b / 2^260 modulo p, then raised by as many p as stay below `thousandths` of p. */
static void montgomery(struct bench *b, const BIGNUM *x, const BIGNUM *y, BIGNUM *ret)
{
    assert_int_equal(BN_mod_mul(ret, x, y, b->curve.p, b->curve.ctx), 1);
    assert_int_equal(BN_mod_mul(ret, ret, b->inverse_radix, b->curve.p, b->curve.ctx), 1);
}

static void raise(struct bench *b, BIGNUM *v, unsigned long thousandths)
{
    for (;;) {
        BIGNUM *more = BN_new();
        assert_int_equal(BN_add(more, v, b->curve.p), 1);
        const bool fits = below(b, more, thousandths);
        if (fits)
            assert_non_null(BN_copy(v, more));
        BN_free(more);
        if (!fits)
            return;
    }
}

/* The bounds that lanes_point.h states, in thousandths of p. */
enum {
    POINT_X = 1130,
    POINT_Y = 2800,
    POINT_Z = 2000,
    JACOBIAN_X = 1010,
    JACOBIAN_Y = 2400,
    JACOBIAN_Z = 3000
};

struct eight_points {
    EC_POINT *of[8];
    struct numbers x, y, zz, zzz, z;
};

static void open_points(struct eight_points *e)
{
    memset(e, 0, sizeof *e);
    open_numbers(&e->x);
    open_numbers(&e->y);
    open_numbers(&e->zz);
    open_numbers(&e->zzz);
    open_numbers(&e->z);
}

static void close_points(struct eight_points *e)
{
    for (int i = 0; i < 8; i++)
        EC_POINT_free(e->of[i]);
    close_numbers(&e->x);
    close_numbers(&e->y);
    close_numbers(&e->zz);
    close_numbers(&e->zzz);
    close_numbers(&e->z);
}

/* Multiples of the generator with denominators of chance, each coordinate as large as its bound lets it be. */
static void pick_points(struct bench *b, struct eight_points *e, bool affine, bool jacobian)
{
    BIGNUM *x = BN_new(), *y = BN_new(), *zz = BN_new(), *zzz = BN_new(), *k = BN_new(), *z = BN_new();
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(BN_set_word(k, 1 + (chance(b) >> 1)), 1);
        EC_POINT_free(e->of[i]);
        e->of[i] = curve_sum(&b->curve, k, NULL, NULL);
        affine_of(b, e->of[i], x, y);
        pick(b, 1, z);
        if (affine || BN_is_zero(z))
            assert_non_null(BN_copy(z, b->radix));
        montgomery(b, z, z, zz);
        montgomery(b, zz, z, zzz);
        montgomery(b, x, zz, x);
        montgomery(b, y, zzz, y);
        if (!affine) {
            raise(b, x, jacobian ? JACOBIAN_X : POINT_X);
            raise(b, y, jacobian ? JACOBIAN_Y : POINT_Y);
            raise(b, zz, POINT_Z);
            raise(b, zzz, POINT_Z);
            raise(b, z, JACOBIAN_Z);
        }
        put_value(&e->x, i, x);
        put_value(&e->y, i, y);
        put_value(&e->zz, i, zz);
        put_value(&e->zzz, i, zzz);
        put_value(&e->z, i, z);
    }
    BN_free(z);
    BN_free(k);
    BN_free(zzz);
    BN_free(zz);
    BN_free(y);
    BN_free(x);
}

/* x zz = X and y zzz = Y, each within its bound. */
static void check_point(struct bench *b, const struct fe *fx, const struct fe *fy, const struct fe *fzz,
                        const struct fe *fzzz, unsigned lane, const EC_POINT *expected, bool jacobian)
{
    BIGNUM *x = BN_new(), *y = BN_new(), *zz = BN_new(), *zzz = BN_new(), *t = BN_new();
    affine_of(b, expected, x, y);
    value_of(fzz, lane, true, zz, b->u);
    value_of(fzzz, lane, true, zzz, b->u);
    if (jacobian) { /* fzz is Z */
        assert_true(below(b, zz, JACOBIAN_Z));
        assert_non_null(BN_copy(t, zz));
        montgomery(b, t, t, zz);
        montgomery(b, zz, t, zzz);
    } else {
        assert_true(below(b, zz, POINT_Z) && below(b, zzz, POINT_Z));
    }
    montgomery(b, x, zz, x);
    montgomery(b, y, zzz, y);
    value_of(fx, lane, false, t, b->u);
    assert_true(is_tight(fx, lane) && same_modulo_p(b, t, x) && below(b, t, jacobian ? JACOBIAN_X : POINT_X));
    value_of(fy, lane, false, t, b->u);
    assert_true(is_tight(fy, lane) && same_modulo_p(b, t, y) && below(b, t, jacobian ? JACOBIAN_Y : POINT_Y));
    BN_free(t);
    BN_free(zzz);
    BN_free(zz);
    BN_free(y);
    BN_free(x);
}

static void check_points(struct bench *b, const struct point *got, EC_POINT *const expected[8])
{
    for (unsigned i = 0; i < 8; i++)
        check_point(b, &got->x, &got->y, &got->zz, &got->zzz, i, expected[i], false);
}

static void check_jacobians(struct bench *b, const struct jacobian *got, EC_POINT *const expected[8])
{
    for (unsigned i = 0; i < 8; i++)
        check_point(b, &got->x, &got->y, &got->z, &got->z, i, expected[i], true);
}

/* expected[i] = a[i] + or - b[i] */
static void add_all(struct bench *b, const struct eight_points *a, const struct eight_points *other,
                    __mmask8 negative, EC_POINT *ret[8])
{
    for (unsigned i = 0; i < 8; i++) {
        EC_POINT *term = EC_POINT_dup(other->of[i], b->curve.group);
        ret[i] = EC_POINT_new(b->curve.group);
        if (negative >> i & 1)
            assert_int_equal(EC_POINT_invert(b->curve.group, term, b->curve.ctx), 1);
        assert_int_equal(EC_POINT_add(b->curve.group, ret[i], a->of[i], term, b->curve.ctx), 1);
        EC_POINT_free(term);
    }
}

static void free_all(EC_POINT *points[8])
{
    for (unsigned i = 0; i < 8; i++)
        EC_POINT_free(points[i]);
}

static void points_add_up_and_stay_within_their_bounds(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    struct eight_points *a = aligned_alloc(64, sizeof *a), *c = aligned_alloc(64, sizeof *c);
    assert_true(a && c);
    open_points(a);
    open_points(c);
    for (int round = 0; round < 150; round++) {
        EC_POINT *expected[8];
        const __mmask8 negative = (__mmask8)chance(b);
        struct fe p, r;
        pick_points(b, a, false, false);
        pick_points(b, c, true, false);
        const struct point pa = { a->x.fe, a->y.fe, a->zz.fe, a->zzz.fe };
        const struct point mixed = point_add_affine(&pa, c->x.fe, c->y.fe, negative);
        add_all(b, a, c, negative, expected);
        check_points(b, &mixed, expected);
        free_all(expected);

        pick_points(b, c, false, false);
        const struct point pc = { c->x.fe, c->y.fe, c->zz.fe, c->zzz.fe };
        struct point level = pa;
        point_level(&level, &pc, &p, &r);
        const struct point joined = point_join(&level, p, r);
        add_all(b, a, c, 0, expected);
        check_points(b, &joined, expected);
        free_all(expected);

        const struct point doubled = point_double(&pa);
        add_all(b, a, a, 0, expected);
        check_points(b, &doubled, expected);
        free_all(expected);
    }
    close_points(c);
    close_points(a);
    free(c);
    free(a);
}

static void points_double_along_and_stay_within_their_bounds(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    struct eight_points *a = aligned_alloc(64, sizeof *a), *c = aligned_alloc(64, sizeof *c);
    assert_true(a && c);
    open_points(a);
    open_points(c);
    for (int round = 0; round < 150; round++) {
        EC_POINT *expected[8];
        const __mmask8 negative = (__mmask8)chance(b);
        pick_points(b, a, false, true);
        pick_points(b, c, true, false);
        const struct jacobian ja = { a->x.fe, a->y.fe, a->z.fe };
        const struct jacobian doubled = jacobian_double(&ja);
        add_all(b, a, a, 0, expected);
        check_jacobians(b, &doubled, expected);
        free_all(expected);
        const struct jacobian mixed = jacobian_add_affine(&ja, c->x.fe, c->y.fe, negative);
        add_all(b, a, c, negative, expected);
        check_jacobians(b, &mixed, expected);
        const struct point turned = point_of_jacobian(&mixed);
        check_points(b, &turned, expected);
        free_all(expected);
    }
    close_points(c);
    close_points(a);
    free(c);
    free(a);
}

/* ---- rows and digits ---- */

static void rows_come_back_as_they_were_stored(void **state)
{
    struct bench *const b = bench_of(state);
    static uint64_t memory[8][8] __attribute__((aligned(64)));
    for (int round = 0; b && round < 500; round++) {
        uint64_t *to[8];
        row from[8];
        struct fe x, y;
        pick_all(b, 1, &b->a);
        pick_all(b, 1, &b->b);
        for (unsigned i = 0; i < 8; i++)
            from[i] = to[i] = memory[(i * 3 + (unsigned)round) % 8];
        rows_store(to, fe_reduced(b->a.fe), fe_reduced(b->b.fe));
        rows_load(from, &x, &y);
        for (unsigned i = 0; i < 8; i++) {
            uint8_t bytes[32];
            value_of(&x, i, true, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, b->a.of[i]), 0);
            assert_int_equal(BN_bn2lebinpad(b->t, bytes, 32), 32);
            assert_memory_equal(from[i], bytes, 32);
            value_of(&y, i, true, b->t, b->u);
            assert_int_equal(BN_cmp(b->t, b->b.of[i]), 0);
        }
    }
}

static struct scalar scalar_of(const BIGNUM *v)
{
    uint8_t bytes[32];
    assert_int_equal(BN_bn2binpad(v, bytes, 32), 32);
    return scalar_read(bytes);
}

static void put_scalar(const struct scalar *s, BIGNUM *ret)
{
    uint8_t bytes[32];
    for (int i = 0; i < 4; i++)
        memcpy(bytes + 8 * i, &s->w[i], 8);
    assert_non_null(BN_lebin2bn(bytes, 32, ret));
}

/* 0, 1, n - 1, half of n and its neighbours, powers of two and their neighbours, or any below n. */
static void pick_scalar(struct bench *b, BIGNUM *ret)
{
    const uint64_t which = chance(b) % 8;
    uint8_t bytes[32];
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(chance(b) >> 33);
    assert_non_null(BN_bin2bn(bytes, 32, ret));
    if (which < 2) {
        assert_int_equal(BN_rshift(ret, b->curve.n, (int)which), 1);
        assert_int_equal(BN_sub_word(ret, chance(b) % 3), 1);
    } else if (which < 4) {
        assert_int_equal(BN_one(ret), 1);
        assert_int_equal(BN_lshift(ret, ret, (int)(chance(b) % 256)), 1);
        if (which == 3)
            assert_int_equal(BN_sub_word(ret, 1), 1);
    }
    assert_int_equal(BN_nnmod(ret, ret, b->curve.n, b->curve.ctx), 1);
}

static void check_digits(struct bench *b, const BIGNUM *v, unsigned bits)
{
    const struct scalar s = scalar_of(v);
    struct digits d;
    BIGNUM *sum = BN_new(), *term = BN_new();
    digits_of(&s, bits, &d);
    for (unsigned i = WINDOWS(bits); i-- > 0;) {
        assert_true(d.row[i] <= (i + 1 < WINDOWS(bits) ? WINDOW_ROWS(bits) : TOP_ROWS(bits)));
        assert_true(BN_lshift(sum, sum, (int)bits) == 1 && BN_set_word(term, d.row[i]) == 1);
        assert_int_equal(d.negative >> i & 1 ? BN_sub(sum, sum, term) : BN_add(sum, sum, term), 1);
    }
    assert_true(BN_nnmod(sum, sum, b->curve.n, b->curve.ctx) == 1 && BN_cmp(sum, v) == 0);

    /* rows_of names the same digits, those that are 0 left out */
    static const uint64_t base[8] __attribute__((aligned(64)));
    row rows[ROWS_MOST];
    uint64_t negative;
    unsigned n = 0;
    const unsigned got = rows_of(&s, bits, base, rows, &negative);
    for (unsigned i = 0; i < WINDOWS(bits); i++) {
        if (d.row[i] == 0)
            continue;
        const uintptr_t at = (uintptr_t)base + ((uintptr_t)i * WINDOW_ROWS(bits) + d.row[i] - 1) * ROW_BYTES;
        assert_true(n < got && (uintptr_t)rows[n] == at);
        assert_int_equal(negative >> n & 1, d.negative >> i & 1);
        n++;
    }
    assert_int_equal(n, got);
    BN_free(term);
    BN_free(sum);
}

static void the_digits_of_a_scalar_add_up_to_it(void **state)
{
    struct bench *const b = bench_of(state);
    for (int round = 0; b && round < 3000; round++) {
        pick_scalar(b, b->t);
        BIGNUM *v = BN_dup(b->t);
        check_digits(b, v, KEY_BITS);
        check_digits(b, v, GENERATOR_BITS);
        check_digits(b, v, COLD_BITS);
        BN_free(v);
    }
}

static void scalars_multiply_and_invert_modulo_n(void **state)
{
    enum { N = 9 };
    struct bench *const b = bench_of(state);
    for (int round = 0; b && round < 1000; round++) {
        struct scalar a[N], inverses[N];
        BIGNUM *of[N], *radix = BN_new(), *expected = BN_new();
        const unsigned n = 1 + (unsigned)round % N;
        assert_int_equal(BN_set_bit(radix, 256), 1);
        for (unsigned i = 0; i < n; i++) {
            do
                pick_scalar(b, b->t);
            while (BN_is_zero(b->t));
            of[i] = BN_dup(b->t);
            a[i] = scalar_of(of[i]);
        }
        scalar_invert_all(a, inverses, n);
        for (unsigned i = 0; i < n; i++) { /* a[i] inverse = 2^256 */
            put_scalar(&inverses[i], b->t);
            assert_true(BN_cmp(b->t, b->curve.n) < 0);
            assert_true(BN_mod_mul(b->t, b->t, of[i], b->curve.n, b->curve.ctx) == 1 &&
                        BN_nnmod(expected, radix, b->curve.n, b->curve.ctx) == 1 &&
                        BN_cmp(b->t, expected) == 0);
            const struct scalar product = scalar_mul(&a[i], &a[(i + 1) % n]);
            put_scalar(&product, b->t);
            assert_true(BN_cmp(b->t, b->curve.n) < 0);
            assert_true(BN_mod_mul(b->t, b->t, radix, b->curve.n, b->curve.ctx) == 1 &&
                        BN_mod_mul(expected, of[i], of[(i + 1) % n], b->curve.n, b->curve.ctx) == 1 &&
                        BN_cmp(b->t, expected) == 0);
            assert_int_equal(scalar_less(&a[i], &a[(i + 1) % n]), BN_cmp(of[i], of[(i + 1) % n]) < 0);
        }
        for (unsigned i = 0; i < n; i++)
            BN_free(of[i]);
        BN_free(expected);
        BN_free(radix);
    }
}

static void the_constants_of_the_order_are_what_they_are_called(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    put_scalar(&order, b->t);
    assert_int_equal(BN_cmp(b->t, b->curve.n), 0);
    put_scalar(&half_order, b->t);
    assert_true(BN_rshift1(b->u, b->curve.n) == 1 && BN_cmp(b->t, b->u) == 0);
    put_scalar(&wrap_below, b->t);
    assert_true(BN_sub(b->u, b->curve.p, b->curve.n) == 1 && BN_cmp(b->t, b->u) == 0);
}

/* A digest may be any number below 2^256, n and above. */
static void a_factor_above_n_is_reduced(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    uint8_t ones[32];
    memset(ones, 0xFF, sizeof ones);
    const struct scalar most = scalar_read(ones), below_n = scalar_of(b->curve.n);
    BIGNUM *n_less_1 = BN_dup(b->curve.n), *expected = BN_new();
    assert_int_equal(BN_sub_word(n_less_1, 1), 1);
    const struct scalar last = scalar_of(n_less_1), product = scalar_mul(&most, &last),
                        zero = scalar_mul(&below_n, &last);
    put_scalar(&product, b->t);
    assert_true(BN_cmp(b->t, b->curve.n) < 0 && BN_lshift(b->t, b->t, 256) == 1 &&
                BN_nnmod(b->t, b->t, b->curve.n, b->curve.ctx) == 1);
    assert_true(BN_bin2bn(ones, 32, b->u) &&
                BN_mod_mul(expected, b->u, n_less_1, b->curve.n, b->curve.ctx) == 1);
    assert_int_equal(BN_cmp(b->t, expected), 0);
    assert_true(scalar_is_zero(&zero));
    BN_free(expected);
    BN_free(n_less_1);
}

/* ---- tables ---- */

static void check_row(struct bench *b, const uint64_t *table, unsigned bits, unsigned window, unsigned k,
                      const EC_POINT *base)
{
    const uint64_t *const at = table + ((size_t)window * WINDOW_ROWS(bits) + k - 1) * (ROW_BYTES / 8);
    BIGNUM *x = BN_new(), *y = BN_new(), *times = BN_new();
    uint8_t bytes[64];
    assert_true(BN_set_word(times, k) == 1 && BN_lshift(times, times, (int)(bits * window)) == 1);
    EC_POINT *expected = curve_sum(&b->curve, NULL, base, times);
    affine_of(b, expected, x, y);
    assert_true(BN_bn2lebinpad(x, bytes, 32) == 32 && BN_bn2lebinpad(y, bytes + 32, 32) == 32);
    assert_memory_equal(at, bytes, 64);
    EC_POINT_free(expected);
    BN_free(times);
    BN_free(y);
    BN_free(x);
}

static void every_row_of_a_key_s_table_is_its_multiple(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    uint64_t *table = aligned_alloc(64, LANES_TABLE_BYTES);
    uint8_t point[64];
    assert_non_null(table);
    assert_int_equal(BN_set_word(b->t, 0xC0FFEE), 1);
    EC_POINT *q = curve_sum(&b->curve, b->t, NULL, NULL);
    assert_true(curve_bytes(&b->curve, q, point));
    assert_int_equal(lanes_table_build(point, table), BF_OK);
    for (unsigned window = 0; window < WINDOWS(KEY_BITS); window++)
        for (unsigned k = 1;
             k <= (window + 1 < WINDOWS(KEY_BITS) ? WINDOW_ROWS(KEY_BITS) : TOP_ROWS(KEY_BITS)); k++)
            check_row(b, table, KEY_BITS, window, k, q);
    EC_POINT_free(q);
    free(table);
}

static void rows_of_the_generator_s_table_are_its_multiples(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    uint64_t *table = aligned_alloc(64, LANES_GENERATOR_BYTES);
    assert_non_null(table);
    assert_int_equal(lanes_generator_build(table), BF_OK);
    for (unsigned window = 0; window < WINDOWS(GENERATOR_BITS); window++) {
        const unsigned rows =
            window + 1 < WINDOWS(GENERATOR_BITS) ? WINDOW_ROWS(GENERATOR_BITS) : TOP_ROWS(GENERATOR_BITS);
        for (unsigned k = 1; k <= rows; k += k < 4 || k + 4 > rows ? 1
                                             : k + 67 + 4 > rows   ? rows - k - 2
                                                                   : 67)
            check_row(b, table, GENERATOR_BITS, window, k, EC_GROUP_get0_generator(b->curve.group));
    }
    free(table);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)
    static const struct CMUnitTest tests[] = {
        WITH_BENCH(carrying_keeps_the_value_and_gives_the_state_it_says),
        WITH_BENCH(sums_are_sums),
        WITH_BENCH(products_are_products_and_keep_their_bounds),
        WITH_BENCH(an_inverse_times_its_number_is_one),
        WITH_BENCH(points_add_up_and_stay_within_their_bounds),
        WITH_BENCH(points_double_along_and_stay_within_their_bounds),
        WITH_BENCH(rows_come_back_as_they_were_stored),
        WITH_BENCH(the_digits_of_a_scalar_add_up_to_it),
        WITH_BENCH(scalars_multiply_and_invert_modulo_n),
        WITH_BENCH(the_constants_of_the_order_are_what_they_are_called),
        WITH_BENCH(a_factor_above_n_is_reduced),
        WITH_BENCH(every_row_of_a_key_s_table_is_its_multiple),
        WITH_BENCH(rows_of_the_generator_s_table_are_its_multiples),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
