/* SPDX-License-Identifier: Apache-2.0 */
#include "es256/door_for_tests.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "es256/openssl.h"

static struct fake_lanes fake;

struct lanes {
    const void *generator;
    struct contexts *contexts;
};

#define GENERATOR_MARK "the generator"

struct fake_lanes *fake_lanes_reset(void)
{
    memset(&fake, 0, sizeof fake);
    return &fake;
}

static bool supported(void)
{
    return !fake.unsupported;
}

/* The first 64 bytes say whose it is; the last one shows that all of it may be written. */
static enum bf_err table_build(const uint8_t point[static 64], void *ret_table)
{
    if (fake.no_memory)
        return BF_ENOMEM;
    while (fake.held_up) {
        fake.waits = true;
        sched_yield();
    }
    memcpy(ret_table, point, 64);
    ((uint8_t *)ret_table)[LANES_TABLE_BYTES - 1] = point[63];
    fake.tables_built++;
    return BF_OK;
}

static enum bf_err generator_build(void *ret_table)
{
    if (fake.no_memory)
        return BF_ENOMEM;
    memcpy(ret_table, GENERATOR_MARK, sizeof GENERATOR_MARK);
    ((uint8_t *)ret_table)[LANES_GENERATOR_BYTES - 1] = 1;
    fake.generators_built++;
    return BF_OK;
}

static enum bf_err create(const void *generator, struct lanes **ret)
{
    struct lanes *l = calloc(1, sizeof *l);
    if (!l || contexts_create(&l->contexts) != BF_OK) {
        free(l);
        return BF_ENOMEM;
    }
    l->generator = generator;
    *ret = l;
    return BF_OK;
}

static void destroy(struct lanes *l)
{
    contexts_destroy(l->contexts);
    free(l);
}

static EVP_PKEY *pkey_of(const uint8_t *point)
{
    uint8_t octets[65] = { 4 };
    memcpy(octets + 1, point, 64);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("group", (char *)"P-256", 0),
                            OSSL_PARAM_construct_octet_string("pub", octets, 65),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static bool holds(struct lanes *l, const struct lanes_job *job)
{
    EVP_PKEY *pkey = pkey_of(job->point);
    struct es256_key *key = NULL;
    const bool yes = pkey && es256_key_create(pkey, &key) == BF_OK &&
                     contexts_verify(l->contexts, key, job->digest, job->signature) == BF_OK;
    es256_key_destroy(key);
    EVP_PKEY_free(pkey);
    return yes;
}

static void verify(struct lanes *l, struct lanes_job *jobs, size_t n)
{
    fake.batches++;
    if (atomic_exchange(&fake.stop_next, false)) {
        fake.walks = true;
        while (!fake.go_on)
            sched_yield();
    }
    if (memcmp(l->generator, GENERATOR_MARK, sizeof GENERATOR_MARK) != 0)
        abort();
    for (size_t i = 0; i < n; i++) {
        jobs[i].holds = fake.accepts_all || holds(l, &jobs[i]);
        if (jobs[i].table)
            fake.warm++;
        else
            fake.cold++;
        /* afterwards: while a reader is inside, nobody else may write there */
        if (jobs[i].table && memcmp(jobs[i].table, jobs[i].point, 64) != 0)
            fake.wrong_tables++;
    }
}

const struct lanes_door fake_door = { supported, table_build, generator_build, create, destroy, verify };
