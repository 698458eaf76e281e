/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points of P-256, eight at a time: x = X / ZZ, y = Y / ZZZ with ZZ^3 = ZZZ^2 ("XYZZ") where points are added up, and
 * x = X / Z^2, y = Y / Z^3 (Jacobian) where they are doubled along.
 *
 * The quick addition knows nothing of its exceptions (the same point twice, opposite points): there P = 0, and so ZZ is 0
 * from then on, for every further addition multiplies it. Whoever adds up looks at ZZ once, at the end, and where
 * it is 0 does it again with the careful addition, which looks at every step. Points at infinity have no form of
 * their own: a mask beside the points tells them.
 */
#ifndef ES256_LANES_POINT_H
#define ES256_LANES_POINT_H

#include "es256/lanes_field.h"

/* x tight, < 1.13; y tight, < 2.8; zz and zzz factor, < 2 */
struct point {
    struct fe x, y, zz, zzz;
};

/* x tight, < 1.01; y tight, < 2.4; z factor, < 3 */
struct jacobian {
    struct fe x, y, z;
};

/* ---- adding up ---- */

/*
 * The sum of a = (x, y, zz, zzz) and a point whose differences from a are p (of the x) and r (of the y), brought to a's
 * denominators: p loose < 3.2, r loose < 5.2, x < 1.13. Wrong where p is 0.
 */
static ALWAYS_INLINE struct point point_join(const struct point *a, struct fe p, struct fe r)
{
    struct point s;
    p = fe_factor(p);
    r = fe_factor(r);
    const struct fe pp = fe_factor(fe_sqr(p));                                 /* < 1.64 */
    const struct fe ppp_loose = fe_mul(p, pp), ppp = fe_factor(ppp_loose);     /* < 1.33 */
    const struct fe q = fe_mul(a->x, pp);                                      /* < 1.12 */
    s.x = fe_reduced(fe_sub(fe_sqr(r), fe_add(ppp_loose, fe_shift(q, 1)), 4)); /* < 2.7 + 4 */
    const struct fe t = fe_factor(fe_sub(q, s.x, 2));                          /* < 3.12 */
    const struct fe minus_ppp = fe_factor(fe_sub(fe_zero(), ppp_loose, 2));
    s.y = fe_tight(fe_mul_add(r, t, a->y, minus_ppp)); /* < 1 + (5.2 * 3.12 + 2.8 * 2) / 16 */
    s.zz = fe_factor(fe_mul(a->zz, pp));
    s.zzz = fe_factor(fe_mul(a->zzz, ppp));
    return s;
}

/* a and an affine point (factor, < 1), whose y counts negative in some lanes. */
static ALWAYS_INLINE struct point point_add_affine(const struct point *a, struct fe x, struct fe y,
                                                   __mmask8 negative)
{
    const struct fe p = fe_sub(fe_mul(x, a->zz), a->x, 2);                       /* < 1.13 + 2 */
    const struct fe r = fe_sub(fe_negate(fe_mul(y, a->zzz), negative), a->y, 4); /* < 1.13 + 4 */
    return point_join(a, p, r);
}

/* Over a common denominator: *a gets it, *p and *r are the differences. */
static ALWAYS_INLINE void point_level(struct point *a, const struct point *b, struct fe *p, struct fe *r)
{
    const struct fe u1 = fe_mul(a->x, b->zz), u2 = fe_mul(b->x, a->zz);   /* < 1.15 */
    const struct fe s1 = fe_mul(a->y, b->zzz), s2 = fe_mul(b->y, a->zzz); /* < 1.35 */
    *p = fe_sub(u2, u1, 2);
    *r = fe_sub(s2, s1, 2);
    a->x = fe_reduced(u1);
    a->y = fe_tight(s1);
    a->zz = fe_factor(fe_mul(a->zz, b->zz));
    a->zzz = fe_factor(fe_mul(a->zzz, b->zzz));
}

static ALWAYS_INLINE struct point point_double(const struct point *a)
{
    struct point d;
    const struct fe u = fe_factor(fe_shift(a->y, 1)); /* < 5.6 */
    const struct fe v = fe_factor(fe_sqr(u));         /* < 3 */
    const struct fe w = fe_factor(fe_mul(u, v));      /* < 2.1 */
    const struct fe s = fe_mul(a->x, v);              /* < 1.22 */
    const struct fe less = fe_factor(fe_sub(a->x, fe_masked(a->zz), 2)),
                    more = fe_factor(fe_add(a->x, fe_masked(a->zz)));
    const struct fe m = fe_mul(less, more);                    /* < 1.61 */
    const struct fe m3 = fe_factor(fe_add(m, fe_shift(m, 1))); /* < 4.9: 3 (x^2 - zz^2), for a is -3 */
    d.x = fe_reduced(fe_sub(fe_sqr(m3), fe_shift(s, 1), 3));   /* < 2.5 + 3 */
    const struct fe t = fe_factor(fe_sub(s, d.x, 2));          /* < 3.22 */
    const struct fe minus_w = fe_factor(fe_sub(fe_zero(), fe_masked(w), 3));
    d.y = fe_tight(fe_mul_add(m3, t, a->y, minus_w)); /* < 1 + (4.9 * 3.22 + 2.8 * 3) / 16 */
    d.zz = fe_factor(fe_mul(a->zz, v));
    d.zzz = fe_factor(fe_mul(a->zzz, w));
    return d;
}

static ALWAYS_INLINE struct point point_choose(const struct point *a, const struct point *b, __mmask8 lanes)
{
    return (struct point){ fe_choose(a->x, b->x, lanes), fe_choose(a->y, b->y, lanes),
                           fe_choose(a->zz, b->zz, lanes), fe_choose(a->zzz, b->zzz, lanes) };
}

/* ---- doubling along ---- */

static ALWAYS_INLINE struct jacobian jacobian_double(const struct jacobian *a)
{
    struct jacobian d;
    const struct fe delta = fe_tight(fe_sqr(a->z));                             /* < 1.57 */
    const struct fe gamma = fe_factor(fe_sqr(a->y));                            /* < 1.36 */
    const struct fe beta = fe_mul(a->x, gamma);                                 /* < 1.09 */
    const struct fe less = fe_factor(fe_sub(a->x, delta, 2));                   /* < 3.01 */
    const struct fe more = fe_factor(fe_add(a->x, delta));                      /* < 2.58 */
    const struct fe m = fe_mul(less, more);                                     /* < 1.49 */
    const struct fe alpha = fe_factor(fe_add(m, fe_shift(m, 1)));               /* < 4.5 */
    d.x = fe_reduced(fe_sub(fe_sqr(alpha), fe_shift(beta, 3), 10));             /* < 2.3 + 10 */
    const struct fe t = fe_factor(fe_sub(fe_shift(beta, 2), d.x, 2));           /* < 6.4 */
    d.y = fe_reduced(fe_sub(fe_mul(alpha, t), fe_shift(fe_sqr(gamma), 3), 10)); /* < 2.8 + 10 */
    d.z = fe_factor(fe_shift(fe_mul(a->y, a->z), 1));                           /* < 2.9 */
    return d;
}

/* Wrong where both are the same point, or opposite ones. */
static ALWAYS_INLINE struct jacobian jacobian_add_affine(const struct jacobian *a, struct fe x, struct fe y,
                                                         __mmask8 negative)
{
    struct jacobian s;
    const struct fe zz = fe_factor(fe_sqr(a->z));                                        /* < 1.57 */
    const struct fe zzz = fe_factor(fe_mul(a->z, zz));                                   /* < 1.3 */
    const struct fe h = fe_factor(fe_sub(fe_mul(x, zz), a->x, 2));                       /* < 3.1 */
    const struct fe r = fe_factor(fe_sub(fe_negate(fe_mul(y, zzz), negative), a->y, 4)); /* < 5.1 */
    const struct fe hh = fe_factor(fe_sqr(h));                                           /* < 1.61 */
    const struct fe hhh = fe_mul(h, hh);                                                 /* < 1.32 */
    const struct fe v = fe_mul(a->x, hh);                                                /* < 1.11 */
    s.x = fe_reduced(fe_sub(fe_sqr(r), fe_add(hhh, fe_shift(v, 1)), 4));                 /* < 2.7 + 4 */
    const struct fe t = fe_factor(fe_sub(v, s.x, 2));                                    /* < 3.11 */
    const struct fe minus_hhh = fe_factor(fe_sub(fe_zero(), hhh, 2));
    s.y = fe_tight(fe_mul_add(r, t, a->y, minus_hhh)); /* < 1 + (5.1 * 3.11 + 2.4 * 2) / 16 */
    s.z = fe_factor(fe_mul(a->z, h));                  /* < 1.6 */
    return s;
}

static ALWAYS_INLINE struct jacobian jacobian_choose(const struct jacobian *a, const struct jacobian *b,
                                                     __mmask8 lanes)
{
    return (struct jacobian){ fe_choose(a->x, b->x, lanes), fe_choose(a->y, b->y, lanes),
                              fe_choose(a->z, b->z, lanes) };
}

static ALWAYS_INLINE struct point point_of_jacobian(const struct jacobian *a)
{
    const struct fe zz = fe_factor(fe_sqr(a->z)), zzz = fe_factor(fe_mul(a->z, zz));
    return (struct point){ a->x, a->y, zz, zzz };
}

#endif
