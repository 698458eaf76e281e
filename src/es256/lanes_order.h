/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers modulo n, the order of P-256's group, one at a time. Variable time: public data only (lanes.h). */
#ifndef ES256_LANES_ORDER_H
#define ES256_LANES_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct scalar {
    uint64_t w[4]; /* little-endian */
};

extern const struct scalar order;      /* n */
extern const struct scalar half_order; /* (n - 1) / 2 */
extern const struct scalar wrap_below; /* p - n: an x in [n, p) becomes r = x - n below this */

#define ORDER_MINUS_INVERSE 0xCCD1C8AAEE00BC4Fu /* -1 / n mod 2^64 */

struct scalar scalar_read(const uint8_t big_endian[32]);
bool scalar_is_zero(const struct scalar *a);
bool scalar_less(const struct scalar *a, const struct scalar *b);
/* a + b and a - b without a modulus; what is carried out or borrowed is lost. */
struct scalar scalar_add(const struct scalar *a, const struct scalar *b);
struct scalar scalar_sub(const struct scalar *a, const struct scalar *b);

/* a b / 2^256 mod n, for a below 2^256 and b below n: below n. */
struct scalar scalar_mul(const struct scalar *a, const struct scalar *b);

/* 1 / a mod n, for a from 1 to n - 1. */
struct scalar scalar_invert(const struct scalar *a);

/*
 * ret[i] = 2^256 / a[i] mod n, for n values that are not 0, by one inversion: so scalar_mul(b, ret[i]) is b / a[i].
 */
void scalar_invert_all(const struct scalar *a, struct scalar *ret, unsigned n);

#endif
