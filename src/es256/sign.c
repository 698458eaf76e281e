/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing, which is OpenSSL's. What we add is that nothing is set up twice: EVP_DigestSignInit fetches the algorithm
 * and ties it to the key for every signature, and costs a tenth of it; EVP_PKEY_sign on a context that is kept, over a
 * digest that was made elsewhere, costs the signature alone.
 *
 * A context is found by the address of its key. It holds a reference of that key, so nobody else can have the address
 * as long as the context is there.
 */
#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "es256/es256.h"
#include "es256/pkey.h"
#include "es256/signature.h"

#define SLOTS 256u /* a context takes about a kilobyte */

struct slot {
    EVP_PKEY_CTX *ctx; /* NULL: free */
    EVP_PKEY *pkey;    /* of ctx */
};

struct es256_signer {
    struct slot slots[SLOTS];
};

enum bf_err es256_signer_create(struct es256_signer **ret)
{
    struct es256_signer *signer = calloc(1, sizeof *signer);
    if (!signer)
        return BF_ENOMEM;
    *ret = signer;
    return BF_OK;
}

void es256_signer_forget(struct es256_signer *signer)
{
    for (size_t i = 0; i < SLOTS; i++) {
        EVP_PKEY_CTX_free(signer->slots[i].ctx);
        signer->slots[i] = (struct slot){ NULL, NULL };
    }
}

void es256_signer_destroy(struct es256_signer *signer)
{
    if (!signer)
        return;
    es256_signer_forget(signer);
    free(signer);
}

bool pkey_is_p256(EVP_PKEY *pkey)
{
    char group[32];
    int explicit_params = 0;
    if (EVP_PKEY_is_a(pkey, "EC") != 1 || EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1)
        return false;
    if (strcmp(group, "prime256v1") != 0 && strcmp(group, "P-256") != 0)
        return false;
    /* parameters spelled out can be P-256 in all but the generator (SEC-015) */
    if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_params) == 1)
        return explicit_params == 0;
    return true;
}

/* From OpenSSL 3.2 on the nonce can be derived from key and message (RFC 6979); before, it is OpenSSL's random one. */
static bool ask_for_fixed_nonce(EVP_PKEY_CTX *ctx)
{
    unsigned kind = 1;
    OSSL_PARAM params[] = { OSSL_PARAM_construct_uint("nonce-type", &kind), OSSL_PARAM_construct_end() };
    const OSSL_PARAM *known = EVP_PKEY_CTX_settable_params(ctx);
    if (!known || !OSSL_PARAM_locate_const(known, "nonce-type"))
        return true;
    return EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

static EVP_PKEY_CTX *context_create(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = pkey_is_p256(pkey) ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;
    if (ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
        ask_for_fixed_nonce(ctx))
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

static struct slot *slot_of(struct es256_signer *signer, const EVP_PKEY *pkey)
{
    const uint64_t spread = (uint64_t)(uintptr_t)pkey * UINT64_C(0x9E3779B97F4A7C15);
    return &signer->slots[spread >> 56];
}
_Static_assert(SLOTS == 256, "a slot's number is the top byte of a product");

/* The context kept for this key; one is made when there is none. NULL when OpenSSL fails. */
static EVP_PKEY_CTX *context_of(struct es256_signer *signer, EVP_PKEY *pkey)
{
    struct slot *const slot = slot_of(signer, pkey);
    if (slot->ctx && slot->pkey == pkey)
        return slot->ctx;
    EVP_PKEY_CTX *ctx = context_create(pkey);
    if (!ctx)
        return NULL;
    EVP_PKEY_CTX_free(slot->ctx);
    *slot = (struct slot){ ctx, pkey };
    return ctx;
}

static enum bf_err sign_with(EVP_PKEY_CTX *ctx, const uint8_t digest[static SHA256_BYTES],
                             uint8_t out[static 64])
{
    uint8_t der[ES256_DER_MOST];
    size_t n = sizeof der;
    if (ctx && EVP_PKEY_sign(ctx, der, &n, digest, SHA256_BYTES) == 1 && signature_of_der(der, n, out))
        return BF_OK;
    ERR_clear_error();
    return BF_ECRYPTO;
}

enum bf_err es256_sign_digest(struct es256_signer *signer, EVP_PKEY *pkey,
                              const uint8_t digest[static SHA256_BYTES], uint8_t out[static 64])
{
    return sign_with(context_of(signer, pkey), digest, out);
}

enum bf_err es256_sign(EVP_PKEY *pkey, struct span message, uint8_t out[static 64])
{
    uint8_t digest[SHA256_BYTES];
    enum bf_err err = sha256_once(message, digest);
    if (err == BF_OK) {
        EVP_PKEY_CTX *ctx = context_create(pkey);
        err = sign_with(ctx, digest, out);
        EVP_PKEY_CTX_free(ctx);
    }
    return err;
}
