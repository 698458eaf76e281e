/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures alone, digest included: OpenSSL with contexts and keys that are kept, beside the engine with warm keys and
 * with cold ones, by size of the batch. A thousand signers in turn, and several signatures of each, so that neither the
 * keys nor the rows of their tables stay in the nearest cache, which would be nobody's traffic.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/meter.h"
#include "cli/bench/run.h"
#include "cli/bench/vouch.h"
#include "es256/lanes.h"
#include "es256/signature.h"

#define MESSAGE 420u /* a shaken token's signing input, about */
#define EACH    16u  /* signatures of a signer */
#define ALL     (FIGURE_SIGNERS * EACH)
#define BATCH   64u

struct signature {
    char message[MESSAGE];
    uint8_t raw[64], der[ES256_DER_MOST], der_n;
};

struct signatures {
    EVP_PKEY *pkeys[FIGURE_SIGNERS];
    EVP_MD_CTX *contexts[FIGURE_SIGNERS];
    struct es256_key *keys[FIGURE_SIGNERS];
    EVP_MD_CTX *signing;
    struct signature *all; /* signature i is of signer i % FIGURE_SIGNERS */
    struct sha256 *sha;
    struct es256_pool *warm_pool, *cold_pool;
    struct es256 *warm, *cold;
    bool is_warm; /* every signer has its table */
    void *room;   /* for a table */
};

/* What one subject measures. */
struct trial {
    struct signatures *s;
    struct es256 *engine;
    size_t batch, next;
};

/* ---- what is measured ---- */

static bool verify_openssl(void *arg, uint64_t n)
{
    struct trial *t = arg;
    for (uint64_t i = 0; i < n; i++, t->next++) {
        const size_t at = t->next % ALL;
        const struct signature *sig = &t->s->all[at];
        EVP_MD_CTX *ctx = t->s->contexts[at % FIGURE_SIGNERS];
        /* NULL type and key: the context keeps both */
        if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, NULL) != 1 ||
            EVP_DigestVerify(ctx, sig->der, sig->der_n, (const uint8_t *)sig->message, MESSAGE) != 1)
            return false;
    }
    return true;
}

static bool verify_engine(void *arg, uint64_t n)
{
    struct trial *t = arg;
    struct es256_job jobs[BATCH];
    for (uint64_t done = 0; done < n; done += t->batch) {
        for (size_t i = 0; i < t->batch; i++, t->next++) {
            const size_t at = t->next % ALL;
            jobs[i].key = t->s->keys[at % FIGURE_SIGNERS];
            memcpy(jobs[i].signature, t->s->all[at].raw, 64);
            if (sha256_one(t->s->sha, span_make(t->s->all[at].message, MESSAGE), jobs[i].digest) != BF_OK)
                return false;
        }
        es256_verify_many(t->engine, jobs, t->batch);
        for (size_t i = 0; i < t->batch; i++)
            if (jobs[i].result != BF_OK)
                return false;
    }
    return true;
}

static bool sign_openssl(void *arg, uint64_t n)
{
    struct trial *t = arg;
    for (uint64_t i = 0; i < n; i++, t->next++) {
        uint8_t der[ES256_DER_MOST];
        size_t size = sizeof der;
        if (EVP_DigestSignInit(t->s->signing, NULL, NULL, NULL, NULL) != 1 ||
            EVP_DigestSign(t->s->signing, der, &size, (const uint8_t *)t->s->all[t->next % ALL].message,
                           MESSAGE) != 1)
            return false;
    }
    return true;
}

static bool build_table(void *arg, uint64_t n)
{
    struct trial *t = arg;
    for (uint64_t i = 0; i < n; i++, t->next++)
        if (lanes_table_build(es256_key_point(t->s->keys[t->next % FIGURE_SIGNERS]), t->s->room) != BF_OK)
            return false;
    return true;
}

/* ---- what is needed ---- */

static bool signature_make(struct signatures *s, struct es256_signer *signer, size_t i)
{
    struct signature *sig = &s->all[i];
    uint8_t digest[SHA256_BYTES];
    memset(sig->message, (int)('A' + i % 26), MESSAGE);
    memcpy(sig->message, &i, sizeof i);
    if (sha256_one(s->sha, span_make(sig->message, MESSAGE), digest) != BF_OK ||
        es256_sign_digest(signer, s->pkeys[i % FIGURE_SIGNERS], digest, sig->raw) != BF_OK)
        return false;
    sig->der_n = (uint8_t)signature_to_der(sig->raw, sig->der);
    return true;
}

static bool signer_make(struct signatures *s, size_t i)
{
    return (s->pkeys[i] = EVP_EC_gen("P-256")) && (s->contexts[i] = EVP_MD_CTX_new()) &&
           EVP_DigestVerifyInit(s->contexts[i], NULL, EVP_sha256(), NULL, s->pkeys[i]) == 1 &&
           es256_key_create(s->pkeys[i], &s->keys[i]) == BF_OK;
}

static bool prepare(struct signatures *s)
{
    struct es256_signer *signer = NULL;
    bool good = (s->all = calloc(ALL, sizeof *s->all)) && sha256_create(&s->sha) == BF_OK &&
                es256_signer_create(&signer) == BF_OK;
    for (size_t i = 0; good && i < FIGURE_SIGNERS; i++)
        good = signer_make(s, i);
    /* a signer's in a row: signer keeps but the last few keys set up */
    for (size_t i = 0; good && i < FIGURE_SIGNERS; i++)
        for (size_t k = 0; good && k < EACH; k++)
            good = signature_make(s, signer, k * FIGURE_SIGNERS + i);
    es256_signer_destroy(signer);
    return good && (s->signing = EVP_MD_CTX_new()) &&
           EVP_DigestSignInit(s->signing, NULL, EVP_sha256(), NULL, s->pkeys[0]) == 1;
}

static void clear(struct signatures *s)
{
    es256_destroy(s->warm);
    es256_destroy(s->cold);
    es256_pool_destroy(s->warm_pool);
    es256_pool_destroy(s->cold_pool);
    for (size_t i = 0; i < FIGURE_SIGNERS; i++) {
        es256_key_destroy(s->keys[i]);
        EVP_MD_CTX_free(s->contexts[i]);
        EVP_PKEY_free(s->pkeys[i]);
    }
    EVP_MD_CTX_free(s->signing);
    sha256_destroy(s->sha);
    free(s->room);
    free(s->all);
    free(s);
}

/* Until every signer has its table: the pool builds them behind our back. It may not come to all of them in time. */
static bool warm_up(struct bench_run *r, struct signatures *s)
{
    struct trial t = { .s = s, .engine = s->warm, .batch = BATCH };
    struct es256_counts counts = es256_pool_counts(s->warm_pool);
    while (counts.tables < FIGURE_SIGNERS && !run_over(r)) {
        if (!verify_engine(&t, BATCH * 4))
            return false;
        es256_pool_settle(s->warm_pool);
        counts = es256_pool_counts(s->warm_pool);
    }
    s->is_warm = counts.tables >= FIGURE_SIGNERS;
    if (counts.tables)
        r->figures->table_bytes = (double)counts.bytes / (double)counts.tables;
    return true;
}

static bool lanes_prepare(struct bench_run *r, struct signatures *s)
{
    if (r->figures->why_no_lanes)
        return true;
    s->room = aligned_alloc(64, LANES_TABLE_BYTES);
    return s->room && run_pool(ES256_AUTO, true, &s->warm_pool) &&
           run_pool(ES256_LANES, false, &s->cold_pool) && es256_create(s->warm_pool, &s->warm) == BF_OK &&
           es256_create(s->cold_pool, &s->cold) == BF_OK && warm_up(r, s);
}

/* ---- measuring ---- */

static bool failed(const char *name)
{
    return command_fail("bench", false, "%s: a signature that must hold was not verified.",
                        name ? name : "memory");
}

#define PLAIN    4 /* subjects that have nothing to do with batches */
#define SUBJECTS (PLAIN + 2 * FIGURE_SIZES)

/* Engines by size of the batch, behind the n plain subjects. How many there are then. */
static size_t trials_add(struct signatures *s, struct trial *trials, struct subject *subjects, size_t n)
{
    for (size_t i = s->is_warm ? 0 : FIGURE_SIZES; i < 2 * FIGURE_SIZES; i++) {
        const bool cold = i >= FIGURE_SIZES;
        trials[i] = (struct trial){ s, cold ? s->cold : s->warm, figure_size(i % FIGURE_SIZES), i * 571 };
        subjects[n++] =
            (struct subject){ cold ? "lanes, cold" : "lanes, warm", verify_engine, &trials[i], 256, 0 };
    }
    return n;
}

static void take_figures(struct figures *f, const struct trial *trials, const struct subject *subjects,
                         size_t n)
{
    f->openssl_ns = subjects[0].ns;
    f->sign_ns = subjects[1].ns;
    f->identity_ns = subjects[2].ns;
    for (size_t i = 3; i < n; i++) {
        const size_t trial = (size_t)((const struct trial *)subjects[i].arg - trials);
        if (subjects[i].run == build_table)
            f->table_ns = subjects[i].ns;
        else
            (trial < FIGURE_SIZES ? f->warm_ns : f->cold_ns)[trial % FIGURE_SIZES] = subjects[i].ns;
    }
}

static bool measure(struct bench_run *r, struct signatures *s, struct vouch *vouch)
{
    struct trial plain = { .s = s }, trials[2 * FIGURE_SIZES];
    struct subject subjects[SUBJECTS] = { { "EVP_DigestVerify", verify_openssl, &plain, 128, 0 },
                                          { "EVP_DigestSign", sign_openssl, &plain, 128, 0 },
                                          { "an Identity value", vouch_run, vouch, 128, 0 },
                                          { "a table", build_table, &plain, 4, 0 } };
    const char *name = NULL;
    const size_t n = r->figures->why_no_lanes ? PLAIN - 1 : trials_add(s, trials, subjects, PLAIN);
    if (!meter_in_turns(subjects, n, r->quick ? 9 : 41, r->quick ? MONO_MS(1500) : MONO_S(15), &name))
        return failed(name);
    take_figures(r->figures, trials, subjects, n);
    return true;
}

bool measure_signatures(struct bench_run *r)
{
    char path[SCRATCH_PATH + 64];
    struct signatures *s = calloc(1, sizeof *s);
    if (!s)
        return false;
    snprintf(path, sizeof path, "%s/lab/carriers/0001/key.pem", r->lab->dir);
    struct vouch *vouch = vouch_create(path);
    bool good = vouch && prepare(s) && lanes_prepare(r, s);
    run_step(r);
    good = good && !run_stopped(NULL) && measure(r, s, vouch);
    vouch_destroy(vouch);
    clear(s);
    run_step(r);
    return good;
}
