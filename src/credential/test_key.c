/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "credential/key.h"
#include "vectors.h"

static char dir[256], path[300];

static int make_dir(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/bonafide-key-XXXXXX", base ? base : P_tmpdir);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key.pem", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void write_file(const char *text, size_t n, mode_t mode)
{
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static char *pem_of(const char *group_or_rsa, bool public_only)
{
    EVP_PKEY *pkey = strcmp(group_or_rsa, "RSA") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                                                      : EVP_PKEY_Q_keygen(NULL, NULL, "EC", group_or_rsa);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_non_null(pkey);
    if (public_only)
        PEM_write_bio_PUBKEY(bio, pkey);
    else
        PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    char *bytes, *pem;
    const long n = BIO_get_mem_data(bio, &bytes);
    pem = strndup(bytes, (size_t)n);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return pem;
}

static enum bf_err load(char **ret_message)
{
    auto_(key_destroy) struct key *key = NULL;
    return key_load(path, &key, ret_message);
}

static void sec_056_a_key_others_can_read_is_refused_with_its_remedy(void **state)
{
    static const struct {
        mode_t mode;
        enum bf_err err;
    } rows[] = { { 0600, BF_OK },      { 0400, BF_OK },      { 0640, BF_EDENIED }, { 0604, BF_EDENIED },
                 { 0644, BF_EDENIED }, { 0660, BF_EDENIED }, { 0601, BF_EDENIED }, { 0777, BF_EDENIED } };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *message = NULL;
        write_file(VECTOR_A1_PRIVATE, strlen(VECTOR_A1_PRIVATE), rows[i].mode);
        const enum bf_err err = load(&message);
        if (err != rows[i].err)
            fail_msg("mode %o: %d", rows[i].mode, err);
        if (err != BF_OK) {
            assert_non_null(strstr(message, path));
            assert_non_null(strstr(message, "chmod 600"));
        }
        free(message);
    }
}

static void sec_056_messages_never_hold_key_bytes(void **state)
{
    (void)state;
    char *message = NULL;
    char broken[] = VECTOR_A1_PRIVATE;
    broken[60] = '!';
    write_file(broken, strlen(broken), 0600);
    assert_int_equal(load(&message), BF_EFORM);
    assert_null(strstr(message, "MIGH"));
    assert_null(strstr(message, "8bbab64d"));
    free(message);
}

static void keys_that_are_none_or_of_another_kind_are_refused_with_a_sentence(void **state)
{
    (void)state;
    char *p384 = pem_of("P-384", false), *k1 = pem_of("secp256k1", false), *rsa = pem_of("RSA", false);
    char *public = pem_of("P-256", true);
    char *large = calloc(1, 70000);
    memset(large, 'x', 69999);
    const struct {
        const char *text;
        enum bf_err err;
    } rows[] = { { p384, BF_EUNSUP },  { k1, BF_EUNSUP }, { rsa, BF_EUNSUP },
                 { public, BF_EFORM }, { "", BF_EFORM },  { "-----BEGIN PRIVATE KEY-----\nAAAA\n", BF_EFORM },
                 { large, BF_EFORM } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *message = NULL;
        write_file(rows[i].text, strlen(rows[i].text), 0600);
        const enum bf_err err = load(&message);
        if (err != rows[i].err)
            fail_msg("row %zu: %d %s", i, err, message ? message : "");
        assert_non_null(strstr(message, path));
        free(message);
    }
    free(p384), free(k1), free(rsa), free(public), free(large);
}

static void a_key_with_a_passphrase_is_refused_and_nobody_is_asked(void **state)
{
    (void)state;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_256_cbc(), "geheim", 6, NULL, NULL), 1);
    char *bytes;
    const long n = BIO_get_mem_data(bio, &bytes);
    struct key *key = NULL;
    struct fault fault;
    assert_int_equal(key_read(span_make(bytes, (size_t)n), &key, &fault), BF_EFORM);
    assert_null(key);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static void both_forms_of_pem_are_read_and_the_public_half_is_right(void **state)
{
    (void)state;
    struct fault fault;
    auto_(key_destroy) struct key *pkcs8 = NULL;
    auto_(key_destroy) struct key *sec1 = NULL;
    char hex[129] = "";
    assert_int_equal(key_read(SPAN(VECTOR_A1_PRIVATE), &pkcs8, &fault), BF_OK);
    assert_int_equal(key_read(SPAN(VECTOR_8946_PRIVATE), &sec1, &fault), BF_OK);
    for (size_t i = 0; i < 64; i++)
        snprintf(hex + 2 * i, 3, "%02x", es256_key_point(key_public(pkcs8))[i]);
    assert_string_equal(hex, VECTOR_A1_X VECTOR_A1_Y);
}

static void halves_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    /* the private number of RFC 8225 A.1 with the point of A.2 behind it */
    static const char mixed[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgi7q2TZvN9VDFg8Vy\n"
                                "qCP06bETrR2v8MRvr89rn4i+UAahRANCAATwc1tB39Oa8IrA8oeQwX19Jxq8Z4fv\n"
                                "xhNTyotLwjkcsdJKaUBMtyyVAyE0L86GVYFgLbrqciWjtd55thLtJvfu\n"
                                "-----END PRIVATE KEY-----\n";
    struct key *key = NULL;
    struct fault fault;
    assert_int_equal(key_read(SPAN(mixed), &key, &fault), BF_EFORM);
    assert_null(key);
}

static void a_missing_file_and_a_directory_are_told_by_name(void **state)
{
    (void)state;
    struct key *key = NULL;
    char *message = NULL;
    assert_int_equal(key_load("/nonexistent/key.pem", &key, &message), BF_EIO);
    assert_non_null(strstr(message, "/nonexistent/key.pem"));
    free(message);
    assert_int_equal(key_load(dir, &key, &message), BF_EIO);
    assert_non_null(strstr(message, dir));
    free(message);
}

static void what_a_key_signs_its_public_half_verifies(void **state)
{
    (void)state;
    struct fault fault;
    auto_(key_destroy) struct key *key = NULL;
    auto_(es256_destroy) struct es256 *engine = NULL;
    assert_int_equal(key_read(SPAN(VECTOR_A1_PRIVATE), &key, &fault), BF_OK);
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    struct es256_job job = { .key = key_public(key) };
    assert_int_equal(key_sign(key, SPAN("message"), job.signature, NULL, NULL), BF_OK);
    assert_int_equal(sha256_once(SPAN("message"), job.digest), BF_OK);
    es256_verify_many(engine, &job, 1);
    assert_int_equal(job.result, BF_OK);
}

static void a_batch_is_signed_each_digest_by_its_own_key(void **state)
{
    static const char *const pems[] = { VECTOR_A1_PRIVATE, VECTOR_8946_PRIVATE };
    (void)state;
    auto_(es256_destroy) struct es256 *engine = NULL;
    auto_(es256_signer_destroy) struct es256_signer *signer = NULL;
    struct key *keys[2] = { NULL, NULL };
    struct key_job signs[9];
    struct es256_job checks[9];
    assert_int_equal(es256_create(engine_pool(), &engine), BF_OK);
    assert_int_equal(es256_signer_create(&signer), BF_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(key_read(span_of(pems[i]), &keys[i], NULL), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
        signs[i] = (struct key_job){ .key = keys[i % 2], .digest = { (uint8_t)i }, .result = BF_EINVAL };
    key_sign_many(signer, signs, ARRAY_SIZE(signs));
    for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
        assert_int_equal(signs[i].result, BF_OK);
        checks[i] = (struct es256_job){ .key = key_public(keys[i % 2]), .digest = { (uint8_t)i } };
        memcpy(checks[i].signature, signs[i].signature, 64);
    }
    es256_verify_many(engine, checks, ARRAY_SIZE(checks));
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
        assert_int_equal(checks[i].result, BF_OK);
    for (size_t i = 0; i < 2; i++)
        key_destroy(keys[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sec_056_a_key_others_can_read_is_refused_with_its_remedy, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(sec_056_messages_never_hold_key_bytes, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(keys_that_are_none_or_of_another_kind_are_refused_with_a_sentence,
                                        make_dir, remove_dir),
        cmocka_unit_test(a_key_with_a_passphrase_is_refused_and_nobody_is_asked),
        cmocka_unit_test(both_forms_of_pem_are_read_and_the_public_half_is_right),
        cmocka_unit_test(halves_that_do_not_belong_together_are_refused),
        cmocka_unit_test_setup_teardown(a_missing_file_and_a_directory_are_told_by_name, make_dir,
                                        remove_dir),
        cmocka_unit_test(what_a_key_signs_its_public_half_verifies),
        cmocka_unit_test(a_batch_is_signed_each_digest_by_its_own_key),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
