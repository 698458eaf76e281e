/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/pem.h"

#include <stdlib.h>

#include "tap.h"
#include "trust/pki_for_tests.h"

static void blocks_are_found_in_any_surroundings(void **state)
{
    static const char text[] =
        "Subject: CN=x\r\n-----BEGIN A-----\r\nQUI=\r\n-----END A-----\r\nnoise ----- END\n"
        "-----BEGIN B C-----QUJD-----END B C-----";
    struct pem_block block;
    struct fault fault;
    uint8_t *bytes = NULL;
    size_t at = 0, n = 0;
    (void)state;
    assert_int_equal(pem_next(SPAN(text), &at, &block, &fault), BF_OK);
    assert_true(span_equal(block.label, SPAN("A")));
    assert_int_equal(block.at, 15);
    assert_int_equal(pem_decode(&block, &bytes, &n, &fault), BF_OK);
    assert_true(span_equal(span_make(bytes, n), SPAN("AB")));
    free(bytes);
    assert_int_equal(pem_next(SPAN(text), &at, &block, &fault), BF_OK);
    assert_true(span_equal(block.label, SPAN("B C")));
    assert_int_equal(pem_decode(&block, &bytes, &n, &fault), BF_OK);
    assert_true(span_equal(span_make(bytes, n), SPAN("ABC")));
    free(bytes);
    assert_int_equal(pem_next(SPAN(text), &at, &block, &fault), BF_ENOENT);
}

static void blocks_that_do_not_end_are_refused(void **state)
{
    static const struct span rows[] = {
        SPAN("-----BEGIN A"),
        SPAN("-----BEGIN A\n-----\n-----END A-----"),
        SPAN("-----BEGIN A-----\nAAAA"),
        SPAN("-----BEGIN A-----\n-----END B-----"),
        SPAN("-----BEGIN A-----\n-----END A"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct pem_block block;
        struct fault fault = { 99, NULL };
        size_t at = 0;
        assert_int_equal(pem_next(rows[i], &at, &block, &fault), BF_EFORM);
        assert_int_equal(fault.at, 0);
    }
}

static void cpf_016_certificates_are_taken_in_order_once_each_and_the_rest_ignored(void **state)
{
    struct pki p = pki_usual();
    char *leaf = PKI_PEM(p.leaf.x), *ca = PKI_PEM(p.ca.x), *text = NULL;
    STACK_OF(X509) *all = NULL;
    struct fault fault;
    (void)state;
    assert_true(asprintf(&text,
                         "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n%s"
                         "-----BEGIN PRIVATE KEY-----\nnot even base64\n-----END PRIVATE KEY-----\n%s%s",
                         ca, leaf, ca) > 0);
    assert_int_equal(pem_certificates(span_of(text), 3, &all, &fault), BF_OK);
    assert_int_equal(sk_X509_num(all), 2);
    assert_int_equal(X509_cmp(sk_X509_value(all, 0), p.ca.x), 0);
    pem_certificates_free(all);
    assert_int_equal(pem_certificates(span_of(text), 2, &all, &fault), BF_ELIMIT);
    free(text);
    free(leaf);
    free(ca);
    pki_free(&p);
}

static void a_certificate_with_a_byte_behind_it_is_refused(void **state)
{
    struct pki p = pki_usual();
    unsigned char *der = NULL;
    STACK_OF(X509) *all = NULL;
    struct fault fault;
    (void)state;
    const size_t n = (size_t)i2d_X509(p.leaf.x, &der);
    unsigned char *longer = malloc(n + 1);
    memcpy(longer, der, n);
    longer[n] = 0;
    assert_int_equal(pem_certificates(span_make(der, n), 1, &all, &fault), BF_OK);
    pem_certificates_free(all);
    assert_int_equal(pem_certificates(span_make(longer, n + 1), 1, &all, &fault), BF_EFORM);
    assert_int_equal(pem_certificates(span_make(der, n - 1), 1, &all, &fault), BF_EFORM);
    free(longer);
    OPENSSL_free(der);
    pki_free(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_found_in_any_surroundings),
        cmocka_unit_test(blocks_that_do_not_end_are_refused),
        cmocka_unit_test(cpf_016_certificates_are_taken_in_order_once_each_and_the_rest_ignored),
        cmocka_unit_test(a_certificate_with_a_byte_behind_it_is_refused),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
