/* SPDX-License-Identifier: Apache-2.0 */
#include "numbers/key.h"

#define PLAIN_SHIFT 50u
#define MIXED       (UINT64_C(1) << 60)
#define MIXED_SHIFT 54u

static const char signs[] = "0123456789#*";

static uint64_t tag(unsigned base, size_t digits)
{
    return base == 10 ? (uint64_t)digits << PLAIN_SHIFT : MIXED | (uint64_t)digits << MIXED_SHIFT;
}

static unsigned sign_value(char c)
{
    return c == '#' ? 10 : c == '*' ? 11 : (unsigned)(c - '0');
}

/* Value of the digits to that base. */
static uint64_t value_of(const struct number *n, unsigned base)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n->n; i++)
        value = value * base + sign_value(n->digits[i]);
    return value;
}

/* 10: digits only; 12: with signs; 0: something else is in it. */
static unsigned base_of(const struct number *n)
{
    unsigned base = 10;
    for (size_t i = 0; i < n->n; i++) {
        const unsigned v = (unsigned char)(n->digits[i] - '0');
        if (v <= 9)
            continue;
        if (n->digits[i] != '#' && n->digits[i] != '*')
            return 0;
        base = 12;
    }
    return base;
}

bool key_of(const struct number *n, uint64_t *ret)
{
    const unsigned base = n->n >= 1 && n->n <= KEY_DIGITS ? base_of(n) : 0;
    if (base)
        *ret = tag(base, n->n) | value_of(n, base);
    return base != 0;
}

struct number key_number(uint64_t key)
{
    const unsigned base = key & MIXED ? 12 : 10;
    const unsigned shift = base == 12 ? MIXED_SHIFT : PLAIN_SHIFT;
    struct number n = { .n = (uint8_t)(key >> shift & 15) };
    uint64_t value = key & ((UINT64_C(1) << shift) - 1);
    for (size_t i = n.n; i-- > 0; value /= base)
        n.digits[i] = signs[value % base];
    return n;
}

static uint64_t power(unsigned base, size_t exponent)
{
    uint64_t p = 1;
    while (exponent-- > 0)
        p *= base;
    return p;
}

/* All that begin like this, of each length; with signs in them too. */
static size_t prefix_intervals(const struct number *start, unsigned least_base, struct key_interval *out)
{
    size_t n = 0;
    for (unsigned base = least_base; base <= 12; base += 2) {
        const uint64_t value = value_of(start, base);
        for (size_t digits = start->n ? start->n : 1; digits <= KEY_DIGITS; digits++) {
            const uint64_t many = power(base, digits - start->n), first = tag(base, digits) | value * many;
            out[n++] = (struct key_interval){ first, first + many - 1 };
        }
    }
    return n;
}

bool key_intervals(const struct number_range *r, struct key_interval out[static KEY_INTERVALS], size_t *ret_n)
{
    const unsigned base = r->start.n <= KEY_DIGITS ? base_of(&r->start) : 0;
    if (!base || (r->start.n == 0 && r->count != 0))
        return false;
    if (r->count == 0) {
        *ret_n = prefix_intervals(&r->start, base, out);
        return true;
    }
    const uint64_t value = value_of(&r->start, base), first = tag(base, r->start.n) | value;
    if (r->count > 1 && (base != 10 || r->count > power(10, r->start.n) - value))
        return false;
    out[0] = (struct key_interval){ first, first + r->count - 1 };
    *ret_n = 1;
    return true;
}
