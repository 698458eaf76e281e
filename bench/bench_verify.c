/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine beside OpenSSL's plain way: es256_verify_many on a warm key, digest included, batches of 64 and of one,
 * against EVP_DigestVerify with a context and key that are kept and signatures that are DER already.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "bench.h"
#include "es256/es256.h"

#define BATCH   64u
#define MESSAGE 420u /* a shaken token's signing input, about */

struct work {
    EVP_PKEY *pkey;
    struct es256_key *key;
    struct es256 *engine;
    struct sha256 *sha;
    EVP_MD_CTX *ctx;
    size_t batch;
    char messages[BATCH][MESSAGE];
    uint8_t raw[BATCH][64];
    uint8_t der[BATCH][80];
    size_t der_n[BATCH];
};

static bool run_ours(void *arg, uint64_t n)
{
    struct work *w = arg;
    struct es256_job jobs[BATCH];
    for (uint64_t done = 0; done < n; done += w->batch) {
        for (size_t i = 0; i < w->batch; i++) {
            const size_t k = (done + i) % BATCH;
            jobs[i].key = w->key;
            memcpy(jobs[i].signature, w->raw[k], 64);
            if (sha256_one(w->sha, span_make(w->messages[k], MESSAGE), jobs[i].digest) != BF_OK)
                return false;
        }
        es256_verify_many(w->engine, jobs, w->batch);
        for (size_t i = 0; i < w->batch; i++)
            if (jobs[i].result != BF_OK)
                return false;
    }
    return true;
}

static bool run_openssl(void *arg, uint64_t n)
{
    struct work *w = arg;
    for (uint64_t done = 0; done < n; done++) {
        const size_t k = done % BATCH;
        /* NULL type and key: the context keeps both */
        if (EVP_DigestVerifyInit(w->ctx, NULL, NULL, NULL, NULL) != 1 ||
            EVP_DigestVerify(w->ctx, w->der[k], w->der_n[k], (const uint8_t *)w->messages[k], MESSAGE) != 1)
            return false;
    }
    return true;
}

static bool der_of(const uint8_t raw[static 64], uint8_t out[static 80], size_t *ret_n)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1)
        return false;
    const int n = i2d_ECDSA_SIG(sig, &out);
    ECDSA_SIG_free(sig);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool prepare(struct work *w)
{
    w->pkey = EVP_EC_gen("P-256");
    w->ctx = EVP_MD_CTX_new();
    if (!w->pkey || !w->ctx || EVP_DigestVerifyInit(w->ctx, NULL, EVP_sha256(), NULL, w->pkey) != 1)
        return false;
    if (es256_key_create(w->pkey, &w->key) != BF_OK || es256_create(NULL, &w->engine) != BF_OK ||
        sha256_create(&w->sha) != BF_OK)
        return false;
    for (size_t i = 0; i < BATCH; i++) {
        memset(w->messages[i], (int)('A' + i % 26), MESSAGE);
        w->messages[i][0] = (char)i;
        if (es256_sign(w->pkey, span_make(w->messages[i], MESSAGE), w->raw[i]) != BF_OK ||
            !der_of(w->raw[i], w->der[i], &w->der_n[i]))
            return false;
    }
    return true;
}

static bool measure(struct work *w, size_t batch, const char *name, double goal, bool *good)
{
    double ns[2];
    w->batch = batch;
    const struct subject subjects[2] = { { name, run_ours, w }, { "EVP_DigestVerify", run_openssl, w } };
    if (!bench_in_turns(subjects, 15, 1024, ns))
        return false;
    *good = bench_say(name, ns[0], ns[1], "EVP_DigestVerify", goal) && *good;
    return true;
}

int main(void)
{
    struct work *w = calloc(1, sizeof *w);
    bool good = true;
    const bool done = w && prepare(w) && measure(w, BATCH, "verify engine, 64 at a time", 1.10, &good) &&
                      measure(w, 1, "verify engine, one at a time", 1.10, &good);
    if (!done)
        fprintf(stderr, "a signature that must hold was not verified\n");
    if (w) {
        sha256_destroy(w->sha);
        es256_destroy(w->engine);
        es256_key_destroy(w->key);
        EVP_MD_CTX_free(w->ctx);
        EVP_PKEY_free(w->pkey);
    }
    free(w);
    return done && good ? 0 : 1;
}
