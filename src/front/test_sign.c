/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include "bonafide/sign.h"
#include "bonafide/verify.h"
#include "base/fault.h"
#include "base/span.h"
#include "tap.h"

static const char url[] = "https://certs.example.net/sp.pem";

/* A fresh P-256 key, PEM, to be freed. */
static char *fresh_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    long n = BIO_get_mem_data(bio, &data);
    char *pem = strndup(data, (size_t)n);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return pem;
}

static struct bf_signer *signer(void)
{
    char *pem = fresh_key(), *message = NULL;
    struct bf_signer *s = NULL;
    enum bf_err err = bf_signer_create_pem(pem, strlen(pem), url, &s, &message);
    if (err)
        fail_msg("%s", message ? message : bf_err_text(err));
    free(pem);
    return s;
}

static const char *const one[] = { "+1 (202) 555-0142" };

static void a_shaken_value_names_its_certificate_and_type(void **state)
{
    (void)state;
    struct bf_signer *s = signer();
    struct bf_sign_request r = { .size = sizeof r,
                                 .orig = "12025550100",
                                 .dest = one,
                                 .n_dest = 1,
                                 .attestation = 'A',
                                 .iat = 1443208345 };
    char *identity = NULL;
    assert_int_equal(bf_sign(s, &r, &identity, NULL), BF_OK);
    assert_non_null(strstr(identity, ";info=<https://certs.example.net/sp.pem>;alg=ES256;ppt=\"shaken\""));
    assert_int_equal(strncmp(identity, "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIs", 40), 0);
    free(identity);
    bf_signer_destroy(s);
}

static void two_calls_get_two_origids(void **state)
{
    (void)state;
    struct bf_signer *s = signer();
    struct bf_sign_request r = { .size = sizeof r,
                                 .orig = "12025550100",
                                 .dest = one,
                                 .n_dest = 1,
                                 .attestation = 'A',
                                 .iat = 1443208345 };
    char *first = NULL, *second = NULL;
    assert_int_equal(bf_sign(s, &r, &first, NULL), BF_OK);
    assert_int_equal(bf_sign(s, &r, &second, NULL), BF_OK);
    char *dot = strrchr(first, '.');
    assert_int_not_equal(strncmp(first, second, (size_t)(dot - first)), 0);
    free(first);
    free(second);
    bf_signer_destroy(s);
}

static void a_baseline_token_has_no_type(void **state)
{
    (void)state;
    struct bf_signer *s = signer();
    const char *uris[] = { "sip:alice@EXAMPLE.com" };
    struct bf_sign_request r = {
        .size = sizeof r, .orig = "12155551212", .dest = uris, .n_dest = 1, .iat = 1471375418
    };
    char *identity = NULL;
    assert_int_equal(bf_sign(s, &r, &identity, NULL), BF_OK);
    assert_null(strstr(identity, "ppt"));
    /* {"dest":{"uri":["sip:alice@example.com"]},"iat":1471375418,"orig":{"tn":"12155551212"}} */
    assert_non_null(strstr(identity,
                           ".eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NT"
                           "QxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUxMjEyIn19."));
    free(identity);
    bf_signer_destroy(s);
}

static void what_no_token_can_say_is_refused(void **state)
{
    (void)state;
    struct bf_signer *s = signer();
    const char *letters[] = { "1202ABCD" }, *missing[] = { NULL };
    const struct {
        const char *what;
        struct bf_sign_request r;
        enum bf_err err;
    } rows[] = {
        { "no dest", { sizeof rows[0].r, "12025550100", one, 0, 'A', 0, NULL }, BF_EINVAL },
        { "no array", { sizeof rows[0].r, "12025550100", NULL, 1, 'A', 0, NULL }, BF_EINVAL },
        { "attestation D", { sizeof rows[0].r, "12025550100", one, 1, 'D', 0, NULL }, BF_EINVAL },
        { "another size", { 3, "12025550100", one, 1, 'A', 0, NULL }, BF_EINVAL },
        { "no caller", { sizeof rows[0].r, NULL, one, 1, 'A', 0, NULL }, BF_EINVAL },
        { "no called", { sizeof rows[0].r, "12025550100", missing, 1, 'A', 0, NULL }, BF_EINVAL },
        { "letters", { sizeof rows[0].r, "12025550100", letters, 1, 'A', 0, NULL }, BF_EFORM },
        { "caller of letters", { sizeof rows[0].r, "alice", one, 1, 'A', 0, NULL }, BF_EFORM },
        { "sixteen digits", { sizeof rows[0].r, "1202555010012345", one, 1, 'A', 0, NULL }, BF_EFORM },
        { "origid", { sizeof rows[0].r, "12025550100", one, 1, 'A', 0, "not a uuid" }, BF_EFORM },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *identity = (char *)"untouched";
        struct bf_fault f = { 0, NULL };
        enum bf_err err = bf_sign(s, &rows[i].r, &identity, &f);
        if (err != rows[i].err || identity)
            fail_msg("%s: %s, %s", rows[i].what, bf_err_text(err), identity ? identity : "(none)");
        assert_non_null(f.what);
    }
    bf_signer_destroy(s);
}

static void a_signer_that_cannot_be_says_why(void **state)
{
    (void)state;
    char *pem = fresh_key(), *message = NULL;
    struct bf_signer *s = NULL;
    assert_int_equal(bf_signer_create_pem("no key", 6, url, &s, &message), BF_EFORM);
    assert_non_null(message);
    free(message);
    assert_int_equal(bf_signer_create_pem(pem, strlen(pem), "ftp://x/y.pem", &s, &message), BF_EINVAL);
    assert_non_null(message);
    free(message);
    assert_int_equal(bf_signer_create_pem(pem, strlen(pem), NULL, &s, NULL), BF_EINVAL);
    assert_int_equal(bf_signer_create("/nonexistent/key.pem", url, &s, &message), BF_EIO);
    assert_non_null(strstr(message, "/nonexistent/key.pem"));
    free(message);
    assert_int_equal(bf_signer_create(NULL, url, &s, NULL), BF_EINVAL);
    assert_null(s);
    bf_signer_destroy(NULL);
    free(pem);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shaken_value_names_its_certificate_and_type),
        cmocka_unit_test(two_calls_get_two_origids),
        cmocka_unit_test(a_baseline_token_has_no_type),
        cmocka_unit_test(what_no_token_can_say_is_refused),
        cmocka_unit_test(a_signer_that_cannot_be_says_why),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
