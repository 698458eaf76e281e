/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's ECDSA behind es256.h.
 *
 * Setting up a verification (fetching the algorithm, tying it to a key) costs locks and allocations that the
 * arithmetic does not need. So an engine, which belongs to one thread, keeps one set-up context for each key it met
 * lately. A slot is found and proven by the key's point, never by an address: a key that was freed and another
 * one that took its place in memory cannot be mistaken for each other.
 */
#include "es256/es256.h"

#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "es256/pkey.h"
#include "es256/signature.h"

struct es256_key {
    EVP_PKEY *pkey;
    uint8_t point[64];
};

#define SLOTS 256u
struct slot {
    EVP_PKEY_CTX *ctx; /* NULL: free. Holds a reference of its own to the key */
    uint8_t point[64];
};

struct es256 {
    struct slot slots[SLOTS];
};

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
    memcpy(key->point, point, sizeof point);
    *ret = key;
    return BF_OK;
}

void es256_key_destroy(struct es256_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

const uint8_t *es256_key_point(const struct es256_key *key)
{
    return key->point;
}

size_t es256_key_bytes(const struct es256_key *key)
{
    return sizeof *key + PKEY_BYTES;
}

enum bf_err es256_create(struct es256_pool *pool, struct es256 **ret)
{
    (void)pool;
    struct es256 *engine = calloc(1, sizeof *engine);
    if (!engine)
        return BF_ENOMEM;
    *ret = engine;
    return BF_OK;
}

void es256_destroy(struct es256 *engine)
{
    if (!engine)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        EVP_PKEY_CTX_free(engine->slots[i].ctx);
    free(engine);
}

const char *es256_name(const struct es256 *engine)
{
    (void)engine;
    return "openssl";
}

static EVP_PKEY_CTX *context_create(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx && EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

/* The context kept for this key; one is made when there is none. NULL when OpenSSL fails. */
static EVP_PKEY_CTX *context_of(struct es256 *engine, const struct es256_key *key)
{
    struct slot *const slot = &engine->slots[key->point[31] % SLOTS];
    if (slot->ctx && memcmp(slot->point, key->point, sizeof slot->point) == 0)
        return slot->ctx;
    EVP_PKEY_CTX *ctx = context_create(key->pkey);
    if (!ctx)
        return NULL;
    EVP_PKEY_CTX_free(slot->ctx);
    slot->ctx = ctx;
    memcpy(slot->point, key->point, sizeof slot->point);
    return ctx;
}

static enum bf_err verify_one(struct es256 *engine, const struct es256_job *job)
{
    uint8_t der[ES256_DER_MOST];
    if (!signature_in_range(job->signature))
        return BF_EFORM;
    EVP_PKEY_CTX *const ctx = context_of(engine, job->key);
    if (!ctx) {
        ERR_clear_error();
        return BF_ECRYPTO;
    }
    const size_t n = signature_to_der(job->signature, der);
    const int holds = EVP_PKEY_verify(ctx, der, n, job->digest, sizeof job->digest);
    if (holds == 1)
        return BF_OK;
    ERR_clear_error();
    return holds == 0 ? BF_EFORM : BF_ECRYPTO;
}

void es256_verify_many(struct es256 *engine, struct es256_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        jobs[i].result = verify_one(engine, &jobs[i]);
}
