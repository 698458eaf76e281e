/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"
#include "tap.h"

#include <pthread.h>
#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "es256/es256.h"
#include "es256/signature.h"
#include "vectors.h"

static const uint8_t order[32] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
};

static EVP_PKEY *generate(const char *group)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
    assert_non_null(pkey);
    return pkey;
}

static struct es256_key *key_of(EVP_PKEY *pkey)
{
    struct es256_key *key = NULL;
    assert_int_equal(es256_key_create(pkey, &key), BF_OK);
    return key;
}

static struct es256_job job_of(const struct es256_key *key, EVP_PKEY *pkey, const char *message)
{
    struct es256_job job = { .key = key, .result = BF_EINVAL };
    assert_int_equal(sha256_once(span_of(message), job.digest), BF_OK);
    assert_int_equal(es256_sign(pkey, span_of(message), job.signature), BF_OK);
    return job;
}

/* a - b, 32 bytes big-endian */
static void subtract(const uint8_t a[32], const uint8_t b[32], uint8_t out[32])
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        const int d = a[i] - b[i] - borrow;
        borrow = d < 0;
        out[i] = (uint8_t)(d & 0xFF);
    }
}

static void many_jobs_of_many_keys_get_their_own_results(void **state)
{
    enum { KEYS = 5, JOBS = 64 };
    (void)state;
    auto_(es256_destroy) struct es256 *engine = NULL;
    EVP_PKEY *pkeys[KEYS];
    struct es256_key *keys[KEYS];
    struct es256_job jobs[JOBS];
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    assert_string_equal(es256_name(engine), engine_name());
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = key_of(pkeys[i] = generate("P-256"));
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = job_of(keys[i % KEYS], pkeys[i % KEYS], "a call");
        if (i % 3 == 1)
            jobs[i].key = keys[(i + 1) % KEYS]; /* another's key */
        if (i % 3 == 2)
            jobs[i].digest[i % 32] ^= 1;
    }
    for (int round = 0; round < 2; round++) {
        es256_verify_many(engine, jobs, JOBS);
        for (size_t i = 0; i < JOBS; i++)
            assert_int_equal(jobs[i].result, i % 3 == 0 ? BF_OK : BF_EFORM);
    }
    es256_verify_many(engine, NULL, 0);
    for (size_t i = 0; i < KEYS; i++) {
        es256_key_destroy(keys[i]);
        EVP_PKEY_free(pkeys[i]);
    }
}

static void pp_032_sec_013_r_and_s_outside_one_to_n_minus_one_never_hold(void **state)
{
    (void)state;
    auto_(es256_destroy) struct es256 *engine = NULL;
    EVP_PKEY *pkey = generate("P-256");
    auto_(es256_key_destroy) struct es256_key *key = key_of(pkey);
    const struct es256_job good = job_of(key, pkey, "a call");
    uint8_t values[6][32] = { { 0 } };
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    memcpy(values[1], order, 32);
    memcpy(values[2], order, 32);
    values[2][31]++;
    memset(values[3], 0xFF, 32);
    memset(values[4], 0, 32);
    values[4][31] = 1; /* in range, and wrong */
    subtract(order, values[4], values[5]);
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        for (size_t half = 0; half < 3; half++) {
            struct es256_job job = good;
            if (half != 1)
                memcpy(job.signature, values[i], 32);
            if (half != 0)
                memcpy(job.signature + 32, values[i], 32);
            assert_int_equal(signature_in_range(job.signature), i >= 4);
            es256_verify_many(engine, &job, 1);
            assert_int_equal(job.result, BF_EFORM);
        }
    EVP_PKEY_free(pkey);
}

static void pp_032_sec_042_the_twin_with_n_minus_s_holds_too(void **state)
{
    (void)state;
    auto_(es256_destroy) struct es256 *engine = NULL;
    EVP_PKEY *pkey = generate("P-256");
    auto_(es256_key_destroy) struct es256_key *key = key_of(pkey);
    struct es256_job job = job_of(key, pkey, "a call");
    uint8_t twin[32];
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    subtract(order, job.signature + 32, twin);
    memcpy(job.signature + 32, twin, 32);
    es256_verify_many(engine, &job, 1);
    assert_int_equal(job.result, BF_OK); /* so a replay is known by signer, signed bytes and r, never by s */
    EVP_PKEY_free(pkey);
}

static void sec_014_015_only_the_named_curve_p_256_is_taken(void **state)
{
    (void)state;
    EVP_PKEY *p384 = generate("P-384"), *k1 = generate("secp256k1"), *b = generate("brainpoolP256r1");
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
             *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    EVP_PKEY *others[] = { p384, k1, b, ed, rsa, NULL };
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct es256_key *key = NULL;
        assert_int_equal(es256_key_create(others[i], &key), BF_EUNSUP);
        assert_null(key);
        EVP_PKEY_free(others[i]);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static EVP_PKEY *with_explicit_parameters(EVP_PKEY *pkey)
{
    EVP_PKEY *copy = NULL;
    unsigned char *der = NULL;
    EVP_PKEY *dup = EVP_PKEY_dup(pkey);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(dup, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
    const int n = i2d_PUBKEY(dup, &der);
    assert_true(n > 200); /* the whole curve is spelled out */
    const unsigned char *p = der;
    copy = d2i_PUBKEY(NULL, &p, n);
    OPENSSL_free(der);
    EVP_PKEY_free(dup);
    return copy;
}

static void sec_015_explicit_parameters_are_refused_even_if_they_are_p_256(void **state)
{
    (void)state;
    EVP_PKEY *pkey = generate("P-256"), *spelled = with_explicit_parameters(pkey);
    struct es256_key *key = NULL;
    assert_non_null(spelled); /* OpenSSL takes it for P-256: it is for us to say no */
    assert_int_equal(es256_key_create(spelled, &key), BF_EUNSUP);
    assert_null(key);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(spelled);
}

static EVP_PKEY *from_point(const uint8_t *point, size_t n)
{
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("group", (char *)"P-256", 0),
                            OSSL_PARAM_construct_octet_string("pub", (void *)(uintptr_t)point, n),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return pkey;
}

static void sec_014_points_off_the_curve_are_refused_and_compressed_ones_read(void **state)
{
    (void)state;
    EVP_PKEY *pkey = generate("P-256");
    auto_(es256_key_destroy) struct es256_key *key = key_of(pkey);
    auto_(es256_key_destroy) struct es256_key *same = NULL;
    uint8_t point[65] = { 4 }, compressed[33];
    memcpy(point + 1, es256_key_point(key), 64);
    compressed[0] = (uint8_t)(2 + (point[64] & 1));
    memcpy(compressed + 1, point + 1, 32);
    EVP_PKEY *squeezed = from_point(compressed, sizeof compressed);
    assert_int_equal(es256_key_create(squeezed, &same), BF_OK);
    assert_memory_equal(es256_key_point(same), es256_key_point(key), 64);
    point[64] ^= 1;
    EVP_PKEY *off = from_point(point, sizeof point), *infinity = from_point((const uint8_t *)"", 1);
    struct es256_key *none = NULL;
    assert_int_equal(es256_key_create(off, &none), BF_EUNSUP);
    assert_int_equal(es256_key_create(infinity, &none), BF_EUNSUP);
    assert_null(none);
    EVP_PKEY_free(pkey), EVP_PKEY_free(squeezed), EVP_PKEY_free(off), EVP_PKEY_free(infinity);
}

/* Keys that come and go take each other's place in memory and in the engine's slots: none is taken for another. */
static void a_key_in_the_place_of_another_is_never_mistaken_for_it(void **state)
{
    (void)state;
    auto_(es256_destroy) struct es256 *engine = NULL;
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    struct es256_job before = { 0 };
    for (int round = 0; round < 300; round++) {
        EVP_PKEY *pkey = generate("P-256");
        struct es256_key *key = key_of(pkey);
        struct es256_job jobs[2] = { job_of(key, pkey, "a call"), before };
        jobs[1].key = key; /* the signature of the key that was freed */
        es256_verify_many(engine, jobs, round ? 2 : 1);
        assert_int_equal(jobs[0].result, BF_OK);
        if (round)
            assert_int_equal(jobs[1].result, BF_EFORM);
        before = jobs[0];
        es256_key_destroy(key);
        EVP_PKEY_free(pkey);
    }
}

struct worker {
    const struct es256_job *jobs;
    size_t n;
    bool ok;
};

static void *verify_all(void *arg)
{
    struct worker *w = arg;
    struct es256 *engine;
    w->ok = es256_create(engine_pool(), &engine) == BF_OK;
    for (int round = 0; w->ok && round < 50; round++) {
        struct es256_job jobs[8];
        memcpy(jobs, w->jobs, w->n * sizeof jobs[0]);
        es256_verify_many(engine, jobs, w->n);
        for (size_t i = 0; i < w->n; i++)
            w->ok = w->ok && jobs[i].result == (i % 2 ? BF_EFORM : BF_OK);
    }
    if (engine)
        es256_destroy(engine);
    return NULL;
}

static void engines_of_several_threads_share_keys(void **state)
{
    enum { THREADS = 4, JOBS = 8 };
    (void)state;
    EVP_PKEY *pkeys[2] = { generate("P-256"), generate("P-256") };
    struct es256_key *keys[2] = { key_of(pkeys[0]), key_of(pkeys[1]) };
    struct es256_job jobs[JOBS];
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = job_of(keys[i / 4], pkeys[i / 4], "a call");
        jobs[i].digest[0] ^= (uint8_t)(i % 2);
    }
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ jobs, JOBS, false };
        assert_int_equal(pthread_create(&threads[i], NULL, verify_all, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
    for (size_t i = 0; i < 2; i++) {
        es256_key_destroy(keys[i]);
        EVP_PKEY_free(pkeys[i]);
    }
}

static void a_key_takes_less_than_sixteen_kibibytes(void **state)
{
    (void)state;
    EVP_PKEY *pkey = generate("P-256");
    auto_(es256_key_destroy) struct es256_key *key = key_of(pkey);
    assert_in_range(es256_key_bytes(key), 64, 16384);
    EVP_PKEY_free(pkey);
}

static void pp_031_der_and_raw_signatures_turn_into_each_other(void **state)
{
    (void)state;
    uint8_t rs[64], back[64], der[ES256_DER_MOST];
    for (size_t zeros = 0; zeros < 32; zeros++)
        for (unsigned high = 0; high < 2; high++) {
            memset(rs, 0, 64);
            memset(rs + zeros, high ? 0x80 : 0x7F, 32 - zeros);
            memset(rs + 32, 0x11, 32);
            const size_t n = signature_to_der(rs, der);
            assert_true(n <= ES256_DER_MOST);
            assert_true(signature_of_der(der, n, back));
            assert_memory_equal(rs, back, 64);
            const unsigned char *p = der; /* and OpenSSL reads it as the same numbers */
            ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
            assert_non_null(sig);
            assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), back, 32), 32);
            assert_memory_equal(rs, back, 32);
            ECDSA_SIG_free(sig);
            for (size_t cut = 0; cut < n; cut++)
                assert_false(signature_of_der(der, cut, back));
        }
}

static void sec_012_der_that_is_not_the_one_form_of_its_numbers_is_refused(void **state)
{
    static const struct {
        const char *name;
        uint8_t der[12];
        size_t n;
        bool is;
    } forms[] = {
        { "r = 1, s = 2", { 0x30, 6, 2, 1, 1, 2, 1, 2 }, 8, true },
        { "a zero too many", { 0x30, 7, 2, 2, 0, 1, 2, 1, 2 }, 9, false },
        { "a negative r", { 0x30, 6, 2, 1, 0x81, 2, 1, 2 }, 8, false },
        { "a needed zero", { 0x30, 7, 2, 2, 0, 0x81, 2, 1, 2 }, 9, true },
        { "r = 0", { 0x30, 6, 2, 1, 0, 2, 1, 2 }, 8, false },
        { "an empty r", { 0x30, 5, 2, 0, 2, 1, 2 }, 7, false },
        { "a length in two bytes", { 0x30, 0x81, 6, 2, 1, 1, 2, 1, 2 }, 9, false },
        { "the length of an INTEGER in two bytes", { 0x30, 7, 2, 0x81, 1, 1, 2, 1, 2 }, 9, false },
        { "bytes behind", { 0x30, 6, 2, 1, 1, 2, 1, 2, 0 }, 9, false },
        { "bytes behind, inside", { 0x30, 7, 2, 1, 1, 2, 1, 2, 0 }, 9, false },
        { "a third number", { 0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3 }, 11, false },
        { "a SET", { 0x31, 6, 2, 1, 1, 2, 1, 2 }, 8, false },
        { "a BIT STRING", { 0x30, 6, 3, 1, 1, 2, 1, 2 }, 8, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        uint8_t rs[64];
        if (signature_of_der(forms[i].der, forms[i].n, rs) != forms[i].is)
            fail_msg("%s", forms[i].name);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_jobs_of_many_keys_get_their_own_results),
        cmocka_unit_test(pp_032_sec_013_r_and_s_outside_one_to_n_minus_one_never_hold),
        cmocka_unit_test(pp_032_sec_042_the_twin_with_n_minus_s_holds_too),
        cmocka_unit_test(sec_014_015_only_the_named_curve_p_256_is_taken),
        cmocka_unit_test(sec_015_explicit_parameters_are_refused_even_if_they_are_p_256),
        cmocka_unit_test(sec_014_points_off_the_curve_are_refused_and_compressed_ones_read),
        cmocka_unit_test(a_key_in_the_place_of_another_is_never_mistaken_for_it),
        cmocka_unit_test(engines_of_several_threads_share_keys),
        cmocka_unit_test(a_key_takes_less_than_sixteen_kibibytes),
        cmocka_unit_test(pp_031_der_and_raw_signatures_turn_into_each_other),
        cmocka_unit_test(sec_012_der_that_is_not_the_one_form_of_its_numbers_is_refused),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
