/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"
#include "tap.h"

#include <pthread.h>
#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>

#include "es256/es256.h"

static EVP_PKEY *generate(const char *group)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
    assert_non_null(pkey);
    return pkey;
}

static struct es256_signer *make_signer(void)
{
    struct es256_signer *signer = NULL;
    assert_int_equal(es256_signer_create(&signer), BF_OK);
    return signer;
}

static enum bf_err sign_kept(struct es256_signer *signer, EVP_PKEY *pkey, const char *message,
                             uint8_t out[static 64])
{
    uint8_t digest[SHA256_BYTES];
    assert_int_equal(sha256_once(span_of(message), digest), BF_OK);
    return es256_sign_digest(signer, pkey, digest, out);
}

static bool holds(struct es256 *engine, const struct es256_key *key, const char *message,
                  const uint8_t signature[static 64])
{
    struct es256_job job = { .key = key, .result = BF_EINVAL };
    memcpy(job.signature, signature, 64);
    assert_int_equal(sha256_once(span_of(message), job.digest), BF_OK);
    es256_verify_many(engine, &job, 1);
    return job.result == BF_OK;
}

/* More keys than a signer keeps, each coming round again: contexts are found, made, pushed out and made again. */
static void every_key_signs_with_its_own_number_however_many_there_are(void **state)
{
    enum { KEYS = 300, ROUNDS = 2 };
    (void)state;
    auto_(es256_destroy) struct es256 *engine = NULL;
    auto_(es256_signer_destroy) struct es256_signer *signer = make_signer();
    EVP_PKEY *pkeys[KEYS];
    struct es256_key *keys[KEYS];
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    for (size_t i = 0; i < KEYS; i++) {
        pkeys[i] = generate("P-256");
        assert_int_equal(es256_key_create(pkeys[i], &keys[i]), BF_OK);
    }
    for (size_t i = 0; i < KEYS * ROUNDS; i++) {
        uint8_t signature[64];
        char message[24];
        snprintf(message, sizeof message, "call %zu", i);
        assert_int_equal(sign_kept(signer, pkeys[i % KEYS], message, signature), BF_OK);
        assert_true(holds(engine, keys[i % KEYS], message, signature));
        assert_false(holds(engine, keys[(i + 1) % KEYS], message, signature));
    }
    for (size_t i = 0; i < KEYS; i++) {
        es256_key_destroy(keys[i]);
        EVP_PKEY_free(pkeys[i]);
    }
}

static void count_freed(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    if (ptr)
        ++*(int *)ptr;
}

static void sec_056_a_retired_key_is_gone_when_the_signer_forgets(void **state)
{
    (void)state;
    auto_(es256_signer_destroy) struct es256_signer *signer = make_signer();
    const int index = EVP_PKEY_get_ex_new_index(0, NULL, NULL, NULL, count_freed);
    EVP_PKEY *pkey = generate("P-256");
    uint8_t signature[64];
    int freed = 0;
    assert_int_equal(EVP_PKEY_set_ex_data(pkey, index, &freed), 1);
    assert_int_equal(sign_kept(signer, pkey, "call", signature), BF_OK);
    assert_int_equal(sign_kept(signer, pkey, "call", signature), BF_OK);
    EVP_PKEY_free(pkey);
    assert_int_equal(freed, 0);
    es256_signer_forget(signer);
    assert_int_equal(freed, 1);
    pkey = generate("P-256"); /* and it signs on, with others */
    assert_int_equal(sign_kept(signer, pkey, "call", signature), BF_OK);
    EVP_PKEY_free(pkey);
}

struct thread {
    EVP_PKEY *pkey;
    const struct es256_key *key;
    bool ok;
};

static void *sign_alone(void *arg)
{
    struct thread *t = arg;
    struct es256_signer *signer = NULL;
    struct es256 *engine = NULL;
    t->ok = es256_signer_create(&signer) == BF_OK && es256_create(engine_pool(), &engine) == BF_OK;
    for (size_t i = 0; t->ok && i < 64; i++) {
        struct es256_job job = { .key = t->key, .digest = { (uint8_t)i } };
        t->ok = es256_sign_digest(signer, t->pkey, job.digest, job.signature) == BF_OK;
        es256_verify_many(engine, &job, 1);
        t->ok = t->ok && job.result == BF_OK;
    }
    es256_signer_destroy(signer);
    es256_destroy(engine);
    return NULL;
}

static void signers_of_several_threads_share_a_key(void **state)
{
    enum { THREADS = 4 };
    (void)state;
    EVP_PKEY *pkey = generate("P-256");
    auto_(es256_key_destroy) struct es256_key *key = NULL;
    pthread_t threads[THREADS];
    struct thread workers[THREADS];
    assert_int_equal(es256_key_create(pkey, &key), BF_OK);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct thread){ pkey, key, false };
        assert_int_equal(pthread_create(&threads[i], NULL, sign_alone, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
    EVP_PKEY_free(pkey);
}

static void signing_with_a_key_of_another_kind_is_an_error(void **state)
{
    static const char *const groups[] = { "P-384", "P-521", "secp256k1" };
    (void)state;
    auto_(es256_signer_destroy) struct es256_signer *signer = make_signer();
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        uint8_t signature[64];
        EVP_PKEY *other = generate(groups[i]);
        assert_int_equal(es256_sign(other, SPAN("x"), signature), BF_ECRYPTO);
        assert_int_equal(sign_kept(signer, other, "x", signature), BF_ECRYPTO);
        EVP_PKEY_free(other);
    }
}

static void a_key_without_its_private_half_signs_nothing(void **state)
{
    (void)state;
    auto_(es256_signer_destroy) struct es256_signer *signer = make_signer();
    EVP_PKEY *whole = generate("P-256"), *half = EVP_PKEY_new();
    unsigned char *point = NULL;
    uint8_t signature[64];
    const size_t n = EVP_PKEY_get1_encoded_public_key(whole, &point);
    assert_int_equal(EVP_PKEY_copy_parameters(half, whole), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(half, point, n), 1);
    assert_int_equal(es256_sign(half, SPAN("x"), signature), BF_ECRYPTO);
    assert_int_equal(sign_kept(signer, half, "x", signature), BF_ECRYPTO);
    OPENSSL_free(point);
    EVP_PKEY_free(half);
    EVP_PKEY_free(whole);
}

static EVP_PKEY *private_of_hex(const char *d, const char *x, const char *y)
{
    uint8_t point[65] = { 4 };
    BIGNUM *n[3] = { NULL, NULL, NULL };
    BN_hex2bn(&n[0], d), BN_hex2bn(&n[1], x), BN_hex2bn(&n[2], y);
    BN_bn2binpad(n[1], point + 1, 32), BN_bn2binpad(n[2], point + 33, 32);
    unsigned char native[32];
    BN_bn2nativepad(n[0], native, 32);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("group", (char *)"P-256", 0),
                            OSSL_PARAM_construct_octet_string("pub", point, 65),
                            OSSL_PARAM_construct_BN("priv", native, 32), OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
    EVP_PKEY_CTX_free(ctx);
    for (size_t i = 0; i < 3; i++)
        BN_free(n[i]);
    return pkey;
}

static bool openssl_fixes_nonces(void)
{
    return OPENSSL_version_major() > 3 || (OPENSSL_version_major() == 3 && OPENSSL_version_minor() >= 2);
}

static void assert_signs(EVP_PKEY *pkey, struct es256_signer *signer, const char *message, const char *rs)
{
    uint8_t signature[64];
    char hex[129];
    assert_int_equal(signer ? sign_kept(signer, pkey, message, signature)
                            : es256_sign(pkey, span_of(message), signature),
                     BF_OK);
    for (size_t k = 0; k < 64; k++)
        snprintf(hex + 2 * k, 3, "%02x", signature[k]);
    assert_string_equal(hex, rs);
}

static void sec_057_pp_033_signatures_are_those_of_rfc_6979_where_openssl_can(void **state)
{
    /* RFC 6979 A.2.5, P-256 with SHA-256 */
    static const struct {
        const char *message, *rs;
    } rows[] = { { "sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
                 { "test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                           "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083" } };
    (void)state;
    if (!openssl_fixes_nonces()) {
        tap_skip("this OpenSSL is older than 3.2 and cannot sign by RFC 6979");
        return;
    }
    auto_(es256_signer_destroy) struct es256_signer *signer = make_signer();
    EVP_PKEY *pkey = private_of_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
                                    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
                                    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_signs(pkey, NULL, rows[i].message, rows[i].rs);
        assert_signs(pkey, signer, rows[i].message, rows[i].rs);
        assert_signs(pkey, signer, rows[i].message, rows[i].rs);
    }
    EVP_PKEY_free(pkey);
}

static void sec_057_two_messages_never_share_a_nonce(void **state)
{
    (void)state;
    auto_(es256_signer_destroy) struct es256_signer *signer = make_signer();
    EVP_PKEY *pkey = generate("P-256");
    uint8_t seen[128][64];
    for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
        char message[24];
        snprintf(message, sizeof message, "call %zu", i);
        assert_int_equal(i % 2 ? es256_sign(pkey, span_of(message), seen[i])
                               : sign_kept(signer, pkey, message, seen[i]),
                         BF_OK);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[i], seen[k], 32); /* r is the nonce's */
    }
    EVP_PKEY_free(pkey);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_signs_with_its_own_number_however_many_there_are),
        cmocka_unit_test(sec_056_a_retired_key_is_gone_when_the_signer_forgets),
        cmocka_unit_test(signers_of_several_threads_share_a_key),
        cmocka_unit_test(signing_with_a_key_of_another_kind_is_an_error),
        cmocka_unit_test(a_key_without_its_private_half_signs_nothing),
        cmocka_unit_test(sec_057_pp_033_signatures_are_those_of_rfc_6979_where_openssl_can),
        cmocka_unit_test(sec_057_two_messages_never_share_a_nonce),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
