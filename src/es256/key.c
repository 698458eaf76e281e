/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys: taken from OpenSSL once, and checked once. */
#include "es256/key.h"

#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "es256/pkey.h"

/* OpenSSL does not tell: an EVP_PKEY on P-256 with its group and point, measured with mallinfo2 under OpenSSL 3.0. */
#define PKEY_BYTES 2176u

static bool read_coordinate(EVP_PKEY *pkey, const char *name, uint8_t out[static 32])
{
    BIGNUM *n = NULL;
    const bool ok = EVP_PKEY_get_bn_param(pkey, name, &n) == 1 && BN_bn2binpad(n, out, 32) == 32;
    BN_free(n);
    return ok;
}

static bool is_point(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    const bool ok = ctx && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

enum bf_err es256_key_create(EVP_PKEY *pkey, struct es256_key **ret)
{
    uint8_t point[64];
    if (!pkey || !pkey_is_p256(pkey) || !read_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_X, point) ||
        !read_coordinate(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, point + 32) || !is_point(pkey)) {
        ERR_clear_error();
        return BF_EUNSUP;
    }
    struct es256_key *key = calloc(1, sizeof *key);
    if (!key)
        return BF_ENOMEM;
    if (EVP_PKEY_up_ref(pkey) != 1) {
        free(key);
        return BF_ECRYPTO;
    }
    key->pkey = pkey;
    atomic_init(&key->refs, 1);
    memcpy(key->point, point, sizeof point);
    *ret = key;
    return BF_OK;
}

struct es256_key *key_ref(const struct es256_key *key)
{
    struct es256_key *const k = key_shared(key);
    atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
    return k;
}

void key_unref(struct es256_key *key)
{
    if (atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

void es256_key_destroy(struct es256_key *key)
{
    if (!key)
        return;
    atomic_store(&key->gone, true);
    key_unref(key);
}

const uint8_t *es256_key_point(const struct es256_key *key)
{
    return key->point;
}

size_t es256_key_bytes(const struct es256_key *key)
{
    return sizeof *key + PKEY_BYTES;
}
