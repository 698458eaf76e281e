/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's ECDSA.
 *
 * Setting up a verification (fetching the algorithm, tying it to a key) costs locks and allocations that the
 * arithmetic does not need. So whoever asks, and that is one thread, keeps one set-up context for each key it met
 * lately. A slot is found and proven by the key's point, never by an address: a key that was freed and another
 * one that took its place in memory cannot be mistaken for each other.
 */
#include "es256/openssl.h"

#include <stdlib.h>
#include <openssl/err.h>

#include "es256/key.h"
#include "es256/signature.h"

#define SLOTS 256u
struct slot {
    EVP_PKEY_CTX *ctx; /* NULL: free. Holds a reference of its own to the key */
    uint8_t point[64];
};

struct contexts {
    struct slot slots[SLOTS];
};

enum bf_err contexts_create(struct contexts **ret)
{
    struct contexts *c = calloc(1, sizeof *c);
    if (!c)
        return BF_ENOMEM;
    *ret = c;
    return BF_OK;
}

void contexts_destroy(struct contexts *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        EVP_PKEY_CTX_free(c->slots[i].ctx);
    free(c);
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
static EVP_PKEY_CTX *context_of(struct contexts *c, const struct es256_key *key)
{
    struct slot *const slot = &c->slots[key->point[31] % SLOTS];
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

enum bf_err contexts_verify(struct contexts *c, const struct es256_key *key,
                            const uint8_t digest[static SHA256_BYTES], const uint8_t signature[static 64])
{
    uint8_t der[ES256_DER_MOST];
    if (!signature_in_range(signature))
        return BF_EFORM;
    EVP_PKEY_CTX *const ctx = context_of(c, key);
    if (!ctx) {
        ERR_clear_error();
        return BF_ECRYPTO;
    }
    const size_t n = signature_to_der(signature, der);
    const int holds = EVP_PKEY_verify(ctx, der, n, digest, SHA256_BYTES);
    if (holds == 1)
        return BF_OK;
    ERR_clear_error();
    return holds == 0 ? BF_EFORM : BF_ECRYPTO;
}
