/* SPDX-License-Identifier: Apache-2.0 */
#include "es256/cases_for_tests.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/obj_mac.h>

/* Without memory for a number there is no test. */
static void *sure(void *p)
{
    if (!p)
        abort();
    return p;
}

static void surely(int done)
{
    if (done != 1)
        abort();
}

struct curve curve_open(void)
{
    struct curve c = { .group = sure(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)),
                       .ctx = sure(BN_CTX_new()),
                       .n = sure(BN_new()),
                       .p = sure(BN_new()) };
    surely(EC_GROUP_get_order(c.group, c.n, c.ctx));
    surely(EC_GROUP_get_curve(c.group, c.p, NULL, NULL, c.ctx));
    return c;
}

void curve_close(struct curve *c)
{
    BN_free(c->p);
    BN_free(c->n);
    BN_CTX_free(c->ctx);
    EC_GROUP_free(c->group);
}

bool curve_bytes(const struct curve *c, const EC_POINT *point, uint8_t ret[64])
{
    uint8_t octets[65];
    if (EC_POINT_is_at_infinity(c->group, point))
        return false;
    if (EC_POINT_point2oct(c->group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, c->ctx) !=
        sizeof octets)
        abort();
    memcpy(ret, octets + 1, 64);
    return true;
}

EC_POINT *curve_sum(const struct curve *c, const BIGNUM *a, const EC_POINT *q, const BIGNUM *b)
{
    EC_POINT *r = sure(EC_POINT_new(c->group));
    surely(EC_POINT_mul(c->group, r, a, q, b, c->ctx));
    return r;
}

/* ret = a / b modulo n */
static void divide(const struct curve *c, BIGNUM *ret, const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *inverse = sure(BN_mod_inverse(NULL, b, c->n, c->ctx));
    surely(BN_mod_mul(ret, a, inverse, c->n, c->ctx));
    BN_free(inverse);
}

static void put(const BIGNUM *n, uint8_t ret[32])
{
    if (BN_bn2binpad(n, ret, 32) != 32)
        abort();
}

static struct made make(const struct curve *c, const BIGNUM *d, const BIGNUM *u1, const BIGNUM *u2, bool lie)
{
    struct made m = { .holds = false };
    uint8_t sum[64];
    BIGNUM *r = sure(BN_new()), *s = sure(BN_new()), *z = sure(BN_new());
    EC_POINT *q = curve_sum(c, d, NULL, NULL), *both = curve_sum(c, u1, q, u2);
    curve_bytes(c, q, m.point);
    m.holds = curve_bytes(c, both, sum);
    surely(m.holds ? BN_bin2bn(sum, 32, r) != NULL : BN_one(r));
    surely(BN_nnmod(r, r, c->n, c->ctx));
    if (lie) {
        surely(BN_mod_add(r, r, BN_value_one(), c->n, c->ctx));
        m.holds = false;
    }
    divide(c, s, r, u2);
    surely(BN_mod_mul(z, u1, s, c->n, c->ctx));
    put(r, m.signature);
    put(s, m.signature + 32);
    put(z, m.digest);
    EC_POINT_free(both);
    EC_POINT_free(q);
    BN_free(z);
    BN_free(s);
    BN_free(r);
    return m;
}

struct made made_backwards(const struct curve *c, const BIGNUM *d, const BIGNUM *u1, const BIGNUM *u2)
{
    return make(c, d, u1, u2, false);
}

static BIGNUM *small(const struct curve *c, long value)
{
    BIGNUM *n = sure(BN_new());
    surely(BN_set_word(n, (BN_ULONG)labs(value)));
    if (value < 0)
        surely(BN_sub(n, c->n, n));
    return n;
}

static struct made make_small(const struct curve *c, long d, long u1, long u2, bool lie)
{
    BIGNUM *bd = small(c, d), *b1 = small(c, u1), *b2 = small(c, u2);
    const struct made m = make(c, bd, b1, b2, lie);
    BN_free(b2);
    BN_free(b1);
    BN_free(bd);
    return m;
}

struct made made_small(const struct curve *c, long d, long u1, long u2)
{
    return make_small(c, d, u1, u2, false);
}

struct made made_lying(const struct curve *c, long d, long u1, long u2)
{
    return make_small(c, d, u1, u2, true);
}

struct made made_wrapped(const struct curve *c, unsigned k, long s_value, long z_value)
{
    struct made m = { .holds = true };
    BIGNUM *x = sure(BN_dup(c->n)), *r = small(c, 0), *s = small(c, s_value), *z = small(c, z_value);
    EC_POINT *point = sure(EC_POINT_new(c->group));
    for (k++; k;) { /* about every second x is one of a point */
        surely(BN_add_word(x, 1));
        k -= EC_POINT_set_compressed_coordinates(c->group, point, x, 0, c->ctx) == 1;
    }
    surely(BN_sub(r, x, c->n));
    put(r, m.signature);
    put(s, m.signature + 32);
    put(z, m.digest);
    divide(c, s, s, r); /* Q = (s / r) R - (z / r) G */
    divide(c, z, z, r);
    surely(BN_sub(z, c->n, z));
    EC_POINT *q = curve_sum(c, z, point, s);
    if (!curve_bytes(c, q, m.point))
        abort();
    EC_POINT_free(q);
    EC_POINT_free(point);
    BN_free(z);
    BN_free(s);
    BN_free(r);
    BN_free(x);
    return m;
}
