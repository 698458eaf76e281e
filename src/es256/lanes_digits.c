/* SPDX-License-Identifier: Apache-2.0 */
#include "es256/lanes_rows.h"

/* Bits [at, at + bits) of a scalar, bits below 16. */
static inline unsigned bits_of(const struct scalar *s, unsigned at, unsigned bits)
{
    const unsigned word = at / 64, shift = at % 64;
    uint64_t v = s->w[word] >> shift;
    if (shift + bits > 64 && word < 3)
        v |= s->w[word + 1] << (64 - shift);
    return (unsigned)v & ((1u << bits) - 1);
}

/* Above half of n, n - s is below 2^255, and every sign is turned round. */
void digits_of(const struct scalar *scalar, unsigned bits, struct digits *ret)
{
    const bool turned = scalar_less(&half_order, scalar);
    const struct scalar s = turned ? scalar_sub(&order, scalar) : *scalar;
    const unsigned windows = WINDOWS(bits), half = WINDOW_ROWS(bits);
    unsigned carry = 0;
    for (unsigned i = 0; i < windows; i++) {
        const unsigned left = 255 - bits * i;
        const unsigned digit = (left ? bits_of(&s, bits * i, left < bits ? left : bits) : 0) + carry;
        const bool borrow = i + 1 < windows && digit > half;
        ret->row[i] = (uint16_t)(borrow ? 2 * half - digit : digit);
        ret->negative[i] = borrow != turned;
        carry = borrow;
    }
}
