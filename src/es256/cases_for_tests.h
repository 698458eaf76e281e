/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures made backwards: first the two scalars of the verification, then a digest and an r, s that lead to them. So a
 * test chooses which points meet on the way. Each knows by construction whether it holds.
 */
#ifndef ES256_CASES_FOR_TESTS_H
#define ES256_CASES_FOR_TESTS_H

#include <stdbool.h>
#include <stdint.h>
#include <openssl/ec.h>

struct made {
    uint8_t point[64], digest[32], signature[64];
    bool holds;
};

struct curve {
    EC_GROUP *group;
    BN_CTX *ctx;
    BIGNUM *n, *p;
};
struct curve curve_open(void);
void curve_close(struct curve *c);

/* The affine coordinates, big-endian. false: the point at infinity has none. */
bool curve_bytes(const struct curve *c, const EC_POINT *point, uint8_t ret[64]);
/* a G + b Q, or a G alone; to be freed. */
EC_POINT *curve_sum(const struct curve *c, const BIGNUM *a, const EC_POINT *q, const BIGNUM *b);

/*
 * The key d G and a signature whose verification computes u1 G + u2 (d G); d and u2 not 0 modulo n. Where that is the
 * point at infinity nothing can hold, and r is 1.
 */
struct made made_backwards(const struct curve *c, const BIGNUM *d, const BIGNUM *u1, const BIGNUM *u2);
/* The same with small numbers; negative ones are meant modulo n. */
struct made made_small(const struct curve *c, long d, long u1, long u2);
/* The same sum, with an r that is not its x: never holds. */
struct made made_lying(const struct curve *c, long d, long u1, long u2);

/*
 * r = x - n of a point whose x lies in [n, p), the k-th there is, and a key that makes it hold for this s and z. A sum whose x
 * was reduced modulo n: one signature in 2^128, were it not made so.
 */
struct made made_wrapped(const struct curve *c, unsigned k, long s, long z);

#endif
