/* SPDX-License-Identifier: Apache-2.0 */
#include "es256/lanes_order.h"

#include <string.h>

typedef unsigned __int128 wide;

const struct scalar order = { { 0xF3B9CAC2FC632551, 0xBCE6FAADA7179E84, 0xFFFFFFFFFFFFFFFF,
                                0xFFFFFFFF00000000 } };
const struct scalar half_order = { { 0x79DCE5617E3192A8, 0xDE737D56D38BCF42, 0x7FFFFFFFFFFFFFFF,
                                     0x7FFFFFFF80000000 } };
const struct scalar wrap_below = { { 0x0C46353D039CDAAE, 0x4319055358E8617B, 0, 0 } };

/* 2^512 mod n */
static const struct scalar square = { { 0x83244C95BE79EEA2, 0x4699799C49BD6FA6, 0x2845B2392B6BEC59,
                                        0x66E12D94F3D95620 } };

struct scalar scalar_read(const uint8_t big_endian[32])
{
    struct scalar a;
    for (int i = 0; i < 4; i++) {
        uint64_t w;
        memcpy(&w, big_endian + 24 - 8 * i, 8);
        a.w[i] = __builtin_bswap64(w);
    }
    return a;
}

bool scalar_is_zero(const struct scalar *a)
{
    return (a->w[0] | a->w[1] | a->w[2] | a->w[3]) == 0;
}

bool scalar_less(const struct scalar *a, const struct scalar *b)
{
    for (int i = 3; i > 0; i--)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i];
    return a->w[0] < b->w[0];
}

struct scalar scalar_add(const struct scalar *a, const struct scalar *b)
{
    struct scalar r;
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        const wide sum = (wide)a->w[i] + b->w[i] + carry;
        r.w[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return r;
}

struct scalar scalar_sub(const struct scalar *a, const struct scalar *b)
{
    struct scalar r;
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        const wide difference = (wide)a->w[i] - b->w[i] - borrow;
        r.w[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    return r;
}

/* t += a k, over five words; what is carried out of the sixth is 0. */
static inline __attribute__((always_inline)) void add_multiple(uint64_t t[6], const uint64_t a[4], uint64_t k)
{
    uint64_t carry = 0;
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++)
    {
        const wide sum = (wide)a[i] * k + t[i] + carry;
        t[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    const wide sum = (wide)t[4] + carry;
    t[4] = (uint64_t)sum;
    t[5] += (uint64_t)(sum >> 64);
}

/* Montgomery, a word at a time. The result before the last step is below (2^256 b + 2^256 n) / 2^256 < 2 n. */
struct scalar scalar_mul(const struct scalar *a, const struct scalar *b)
{
    uint64_t t[6] = { 0 };
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++)
    {
        add_multiple(t, b->w, a->w[i]);
        add_multiple(t, order.w, t[0] * ORDER_MINUS_INVERSE);
        _Pragma("GCC unroll 5") for (int k = 0; k < 5; k++) t[k] = t[k + 1];
        t[5] = 0;
    }
    const struct scalar r = { { t[0], t[1], t[2], t[3] } };
    return t[4] || !scalar_less(&r, &order) ? scalar_sub(&r, &order) : r;
}

/* Montgomery's trick: ret[i] holds the product of all before i, until the inverse of the whole product comes back down. */
void scalar_invert_all(const struct scalar *a, struct scalar *ret, unsigned n)
{
    if (n == 0)
        return;
    struct scalar product = a[0];
    for (unsigned i = 1; i < n; i++) {
        ret[i] = product;
        product = scalar_mul(&product, &a[i]);
    }
    struct scalar inverse = scalar_invert(&product);
    inverse = scalar_mul(&inverse, &square);
    for (unsigned i = n - 1; i > 0; i--) {
        ret[i] = scalar_mul(&inverse, &ret[i]);
        inverse = scalar_mul(&inverse, &a[i]);
    }
    ret[0] = inverse;
}
