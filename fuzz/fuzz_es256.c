/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch to both engines: their verdicts must be the same. A job is eight bytes of input: what it is made of (scalars
 * that are small, or small multiples of a window's weight, so that sums meet), then what is broken in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "es256/cases_for_tests.h"
#include "es256/es256.h"
#include "es256/lanes.h"

enum { JOBS = 24, KEYS = 16, JOB_BYTES = 8 };

static struct {
    struct curve curve;
    void *generator;
    struct lanes *lanes;
    struct es256 *openssl;
    uint8_t points[KEYS][64];
    void *tables[KEYS];
} stage;

static struct es256_key *key_of(const uint8_t point[64])
{
    uint8_t octets[65] = { 4 };
    char group[] = "P-256";
    EVP_PKEY *pkey = NULL;
    struct es256_key *key = NULL;
    memcpy(octets + 1, point, 64);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof octets),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1 ||
        es256_key_create(pkey, &key) != BF_OK)
        abort();
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return key;
}

/* d of 1 to 8, and their opposites. */
static long number_of_key(unsigned i)
{
    return i % 2 ? -(long)(1 + i / 2) : (long)(1 + i / 2);
}

static void open_stage(void)
{
    stage.curve = curve_open();
    stage.generator = aligned_alloc(64, LANES_GENERATOR_BYTES);
    if (!stage.generator || lanes_generator_build(stage.generator) != BF_OK ||
        lanes_create(stage.generator, &stage.lanes) != BF_OK || es256_create(NULL, &stage.openssl) != BF_OK)
        abort();
    for (unsigned i = 0; i < KEYS; i++) {
        const struct made m = made_small(&stage.curve, number_of_key(i), 1, 7);
        memcpy(stage.points[i], m.point, 64);
        stage.tables[i] = aligned_alloc(64, LANES_TABLE_BYTES);
        if (!stage.tables[i] || lanes_table_build(m.point, stage.tables[i]) != BF_OK)
            abort();
    }
}

/* A signed byte times the weight of a window of either table. */
static long scalar_of(uint8_t value, uint8_t weight)
{
    return (int8_t)value * (1L << weight % 40);
}

static const void *make(const uint8_t in[JOB_BYTES], struct made *m)
{
    const unsigned key = in[0] % KEYS;
    const long u1 = scalar_of(in[1], in[2]), u2 = scalar_of(in[3], in[4]);
    *m = in[5] & 1 ? made_lying(&stage.curve, number_of_key(key), u1, u2 ? u2 : 1)
                   : made_small(&stage.curve, number_of_key(key), u1, u2 ? u2 : 1);
    if (in[5] & 2)
        m->signature[in[6] % 64] ^= in[7];
    if (in[5] & 4)
        m->digest[in[6] % 32] ^= in[7];
    if (in[5] & 8)
        memset(m->signature + in[6] % 2 * 32, in[7], 32);
    if (in[5] & 16)
        memcpy(m->point, stage.points[in[7] % KEYS], 64);
    return in[5] & 32 ? NULL : stage.tables[in[5] & 16 ? in[7] % KEYS : key];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct made made[JOBS];
    struct lanes_job jobs[JOBS];
    if (!lanes_supported())
        return 0;
    if (!stage.lanes)
        open_stage();
    size_t n = size / JOB_BYTES < JOBS ? size / JOB_BYTES : JOBS;
    for (size_t i = 0; i < n; i++) {
        const void *table = make(data + i * JOB_BYTES, &made[i]);
        jobs[i] = (struct lanes_job){
            .point = made[i].point, .table = table, .digest = made[i].digest, .signature = made[i].signature
        };
    }
    lanes_verify(stage.lanes, jobs, n);
    for (size_t i = 0; i < n; i++) {
        struct es256_key *key = key_of(made[i].point);
        struct es256_job job = { .key = key };
        memcpy(job.digest, made[i].digest, 32);
        memcpy(job.signature, made[i].signature, 64);
        es256_verify_many(stage.openssl, &job, 1);
        if (jobs[i].holds != (job.result == BF_OK))
            abort();
        es256_key_destroy(key);
    }
    return 0;
}
