/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inverse modulo n by division steps (D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation and modular
 * inversion", 2019), in variable time. f = n and g = a lose a bit of g with every step, until g is 0 and f is 1 or -1:
 *
 *     g even:            g = g / 2,               delta = 1 + delta
 *     g odd, delta > 0:  f, g = g, (g - f) / 2,   delta = 1 - delta
 *     g odd otherwise:   g = (g + f) / 2,         delta = 1 + delta
 *
 * Sixty-two steps look at the lowest words of f and g alone. What they did is a matrix, which then is applied to the whole f
 * and g, and modulo n to d and e, where f = d a and g = e a hold all the time.
 */
#include "es256/lanes_order.h"

#include <string.h>

#define STEPS 62
#define LOW   ((1ull << STEPS) - 1)
#define LONG  5

typedef __int128 wide;

/* Limbs of 62 bits, the highest signed. */
struct number {
    int64_t l[LONG];
};

/* f' = (ff f + fg g) / 2^62, g' = (gf f + gg g) / 2^62; |ff| + |fg| and |gf| + |gg| are at most 2^62. */
struct matrix {
    int64_t ff, fg, gf, gg;
};

static struct number number_of(const struct scalar *a)
{
    const uint64_t *const w = a->w;
    return (struct number){ { (int64_t)(w[0] & LOW), (int64_t)((w[0] >> 62 | w[1] << 2) & LOW),
                              (int64_t)((w[1] >> 60 | w[2] << 4) & LOW),
                              (int64_t)((w[2] >> 58 | w[3] << 6) & LOW), (int64_t)(w[3] >> 56) } };
}

/* What halves g doubles the row of f: the matrix as a whole is 2^62 times too large. */
static struct matrix divide(int64_t *delta, uint64_t f, uint64_t g)
{
    uint64_t ff = 1, fg = 0, gf = 0, gg = 1; /* signed, modulo 2^64 */
    for (int left = STEPS;;) {
        const int even = __builtin_ctzll(g | 1ull << left);
        g >>= even;
        ff <<= even;
        fg <<= even;
        *delta += even;
        left -= even;
        if (left == 0)
            return (struct matrix){ (int64_t)ff, (int64_t)fg, (int64_t)gf, (int64_t)gg };
        if (*delta > 0) {
            const uint64_t old = f, old_ff = ff, old_fg = fg;
            *delta = -*delta;
            f = g;
            ff = gf;
            fg = gg;
            g -= old;
            gf -= old_ff;
            gg -= old_fg;
        } else {
            g += f;
            gf += ff;
            gg += fg;
        }
    }
}

/*
 * (a x + b y + k n) / 2^62 with the k in [0, 2^62) that makes it whole; 0 when it is so already. Below
 * max(|x|, |y|) + n: what a dozen rounds of this leave fits with room to spare.
 */
static struct number combine(int64_t a, const struct number *x, int64_t b, const struct number *y,
                             const struct number *n)
{
    struct number r;
    wide sum = (wide)a * x->l[0] + (wide)b * y->l[0];
    const int64_t k = (int64_t)((uint64_t)sum * ORDER_MINUS_INVERSE & LOW);
    sum = (sum + (wide)k * n->l[0]) >> STEPS;
    _Pragma("GCC unroll 4") for (int i = 1; i < LONG; i++)
    {
        sum += (wide)a * x->l[i] + (wide)b * y->l[i] + (wide)k * n->l[i];
        r.l[i - 1] = (int64_t)((uint64_t)sum & LOW);
        sum >>= STEPS;
    }
    r.l[LONG - 1] = (int64_t)sum;
    return r;
}

static bool is_zero(const struct number *a)
{
    return (a->l[0] | a->l[1] | a->l[2] | a->l[3] | a->l[4]) == 0;
}

/* a + sign n, or sign a + 0: carried. */
static struct number add(const struct number *a, int64_t times_a, const struct number *n, int64_t times_n)
{
    struct number r;
    int64_t carry = 0;
    for (int i = 0; i < LONG - 1; i++) {
        carry += times_a * a->l[i] + times_n * n->l[i];
        r.l[i] = carry & (int64_t)LOW;
        carry >>= STEPS;
    }
    r.l[LONG - 1] = carry + times_a * a->l[LONG - 1] + times_n * n->l[LONG - 1];
    return r;
}

/* Brings d into [0, n). */
static struct scalar scalar_of(struct number d, const struct number *n)
{
    struct scalar r;
    while (d.l[LONG - 1] < 0)
        d = add(&d, 1, n, 1);
    for (struct number less = add(&d, 1, n, -1); less.l[LONG - 1] >= 0; less = add(&d, 1, n, -1))
        d = less;
    for (int i = 0; i < 4; i++)
        r.w[i] = (uint64_t)d.l[i] >> (2 * i) | (uint64_t)d.l[i + 1] << (62 - 2 * i);
    return r;
}

struct scalar scalar_invert(const struct scalar *a)
{
    const struct number n = number_of(&order), nothing = { { 0 } };
    struct number f = n, g = number_of(a), d = nothing, e = { { 1 } };
    int64_t delta = 1;
    while (!is_zero(&g)) {
        const struct matrix m = divide(&delta, (uint64_t)f.l[0] | (uint64_t)f.l[1] << 62,
                                       (uint64_t)g.l[0] | (uint64_t)g.l[1] << 62);
        const struct number next_f = combine(m.ff, &f, m.fg, &g, &n),
                            next_d = combine(m.ff, &d, m.fg, &e, &n);
        g = combine(m.gf, &f, m.gg, &g, &n);
        e = combine(m.gf, &d, m.gg, &e, &n);
        f = next_f;
        d = next_d;
    }
    return scalar_of(add(&d, f.l[LONG - 1] < 0 ? -1 : 1, &nothing, 0), &n);
}
