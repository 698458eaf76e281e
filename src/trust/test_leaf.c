/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that signs: what makes it unfit, whoever issued it. */
#include "trust/leaf.h"

#include <stdlib.h>
#include <openssl/core_names.h>

#include "tap.h"
#include "trust/pki_for_tests.h"

static struct signer *build_alone(const struct pki_order *order)
{
    struct trust *none = NULL;
    struct pki_pair leaf = pki_make(order);
    assert_int_equal(trust_create(NULL, 0, 1, PKI_NOW, &none, NULL), BF_OK);
    struct signer *s = pki_signer(none, PKI_PEM(leaf.x));
    pki_clear(&leaf);
    trust_destroy(none);
    return s;
}

static void crt_062_sec_014_sec_019_only_certificates_that_may_sign_calls_are_fit(void **state)
{
    static const struct {
        const char *what;
        struct pki_order leaf;
        const char *why; /* part of it; NULL: fit */
    } rows[] = {
        { "usual", { 0 }, NULL },
        { "sec_014: P-384", { .key = "P-384" }, "not on P-256 by name" },
        { "sec_014: P-521", { .key = "P-521" }, "not on P-256 by name" },
        { "sec_014: secp256k1", { .key = "secp256k1" }, "not on P-256 by name" },
        { "sec_014: brainpool of the same size", { .key = "brainpoolP256r1" }, "not on P-256 by name" },
        { "sec_014: RSA", { .key = "RSA:2048" }, "not on P-256 by name" },
        { "sec_014: Ed25519", { .key = "ED25519" }, "not on P-256 by name" },
        { "crt_062: a CA", { .extensions = PKI_CA PKI_SPC }, "a CA certificate" },
        { "crt_062: a CA that has digitalSignature",
          { .extensions = "basicConstraints=CA:TRUE\nkeyUsage=digitalSignature\n" PKI_SPC },
          "a CA certificate" },
        { "sec_019: keyUsage without digitalSignature",
          { .extensions = "basicConstraints=CA:FALSE\nkeyUsage=keyAgreement\n" PKI_SPC },
          "lacks digitalSignature" },
        { "keyCertSign without basicConstraints",
          { .extensions = "keyUsage=digitalSignature,keyCertSign\n" PKI_SPC },
          "a CA certificate" },
        { "no keyUsage", { .extensions = "basicConstraints=CA:FALSE\n" PKI_SPC }, "no keyUsage" },
        { "no basicConstraints", { .extensions = "keyUsage=digitalSignature\n" PKI_SPC }, NULL },
        { "more usages, as 74 real ones",
          { .extensions = "keyUsage=digitalSignature,nonRepudiation,keyEncipherment\n" PKI_SPC },
          NULL },
        { "version 1", { .extensions = "", .version = 1 }, "" },
        { "sec_025: no TNAuthList and no SIP domain",
          { .extensions = PKI_EE },
          "neither numbers, carrier nor SIP domain" },
        { "a SIP domain instead", { .extensions = PKI_EE "subjectAltName=URI:sip:example.com\n" }, NULL },
        { "a mail address is none",
          { .extensions = PKI_EE "subjectAltName=email:a@example.com\n" },
          "neither numbers" },
        { "an empty TNAuthList", { .extensions = PKI_EE PKI_TNAUTH "DER:30:00\n" }, "an empty list" },
        { "sec_025: two SPCs are one list",
          { .extensions = PKI_EE PKI_TNAUTH "DER:30:10:A0:06:16:04:31:32:33:34:A0:06:16:04:37:30:39:4A\n" },
          NULL },
        { "two TNAuthLists",
          { .extensions = PKI_EE PKI_TNAUTH "DER:30:08:A0:06:16:04:31:32:33:34\n"
                                            "1.3.6.1.5.5.7.1.026=DER:30:08:A0:06:16:04:31:32:33:35\n" },
          "two TNAuthorizationLists" },
        { "crt_020: claim constraints",
          { .extensions = PKI_LEAF "1.3.6.1.5.5.7.1.27=DER:30:00\n" },
          "claim constraints" },
        { "crt_021: enhanced ones",
          { .extensions = PKI_LEAF "1.3.6.1.5.5.7.1.33=DER:30:00\n" },
          "claim constraints" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(signer_destroy) struct signer *s = build_alone(&rows[i].leaf);
        const bool right = rows[i].why ? s->fitness == SIGNER_UNFIT && strstr(s->why, rows[i].why) && !s->key
                                       : s->fitness == SIGNER_FIT && s->key;
        if (!right)
            fail_msg("%s: %d, %s", rows[i].what, (int)s->fitness, s->why);
    }
}

/* How the key's parameters or point are written. */
static struct signer *build_written(const char *parameter, const char *value)
{
    EVP_PKEY *key = pki_key("P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, parameter, value), 1);
    const struct pki_order order = { .own = key };
    struct signer *s = build_alone(&order);
    EVP_PKEY_free(key);
    return s;
}

static void sec_015_spelled_out_curve_parameters_are_unfit(void **state)
{
    (void)state;
    auto_(signer_destroy) struct signer *s =
        build_written(OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
    assert_int_equal(s->fitness, SIGNER_UNFIT);
    assert_non_null(strstr(s->why, "not on P-256 by name"));
}

static void sec_014_a_compressed_point_is_the_same_point(void **state)
{
    (void)state;
    auto_(signer_destroy) struct signer *s =
        build_written(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed");
    assert_int_equal(s->fitness, SIGNER_FIT);
}

static void sec_014_a_point_off_the_curve_is_unfit(void **state)
{
    struct pki p = pki_usual();
    unsigned char *der = NULL;
    struct trust *none = NULL;
    struct signer *s = NULL;
    (void)state;
    const int n = i2d_X509(p.leaf.x, &der);
    const int point_n = 65;
    const ASN1_BIT_STRING *point = X509_get0_pubkey_bitstr(p.leaf.x);
    assert_int_equal(ASN1_STRING_length(point), point_n);
    unsigned char *at = memmem(der, (size_t)n, ASN1_STRING_get0_data(point), (size_t)point_n);
    assert_non_null(at);
    assert_int_equal(trust_create(NULL, 0, 1, PKI_NOW, &none, NULL), BF_OK);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            at[40] ^= 1; /* off the curve */
        else
            memset(at + 1, 0, 64); /* no point at all */
        assert_int_equal(signer_build(none, SPAN(""), span_make(der, (size_t)n), 0, &s), BF_OK);
        assert_int_equal(s->fitness, SIGNER_UNFIT);
        signer_destroy(s);
    }
    trust_destroy(none);
    OPENSSL_free(der);
    pki_free(&p);
}

static void a_signer_says_who_it_is(void **state)
{
    static const struct pki_order order = {
        .name = "C=US/O=Lab, \"Telco\"/CN=SHAKEN 1234",
        .serial = 0x0102030405,
        .extensions = PKI_LEAF "subjectAltName=URI:sip:Example.COM,DNS:two.example,URI:sip:bob@example.com,"
                               "URI:https://example.com,DNS:*.wild.example,DNS:sub.two.example\n",
    };
    static const char *const domains[] = { "example.com", "two.example", "sub.two.example" };
    (void)state;
    auto_(signer_destroy) struct signer *s = build_alone(&order);
    assert_string_equal(s->subject, "CN=SHAKEN 1234,O=Lab\\, \\\"Telco\\\",C=US");
    assert_string_equal(s->serial, "0102030405");
    assert_string_equal(s->spc, "1234");
    assert_string_equal(s->x5u, "https://test.example/1.pem");
    assert_int_equal(s->not_before, PKI_FROM);
    assert_int_equal(s->not_after, PKI_TO);
    assert_int_equal(s->n_certificates, 1);
    assert_int_equal(s->fetched, PKI_NOW);
    assert_int_equal(s->n_san_domains, ARRAY_SIZE(domains));
    for (size_t i = 0; i < ARRAY_SIZE(domains); i++)
        assert_string_equal(s->san_domains[i], domains[i]);
    assert_true(s->bytes > sizeof *s && s->bytes < 16384);
}

static void control_bytes_of_a_subject_do_not_come_through(void **state)
{
    static const struct pki_order order = { .name = "CN=evil\nline\x1B[31m\xC3\xA9" };
    (void)state;
    auto_(signer_destroy) struct signer *s = build_alone(&order);
    for (const char *p = s->subject; *p; p++)
        assert_true(*p >= 0x20 && *p < 0x7F);
}

static void bytes_that_hold_no_chain_are_unparsed_with_a_reason(void **state)
{
    static const struct span rows[] = {
        { "", 0 },
        SPAN("<html>not here</html>"),
        SPAN("-----BEGIN CERTIFICATE-----\n"),
        SPAN("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        SPAN("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"),
        SPAN("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        SPAN("\x30\x82\x01\x00"),
    };
    struct trust *none = NULL;
    (void)state;
    assert_int_equal(trust_create(NULL, 0, 1, PKI_NOW, &none, NULL), BF_OK);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct signer *s = NULL;
        assert_int_equal(signer_build(none, SPAN("u"), rows[i], 0, &s), BF_OK);
        assert_int_equal(s->fitness, SIGNER_UNPARSED);
        assert_int_equal(signer_standing(s, PKI_NOW, NULL), STANDING_UNTRUSTED);
        assert_string_equal(s->subject, "");
        signer_destroy(s);
    }
    trust_destroy(none);
}

static void x5u_009_a_body_beyond_the_caps_is_unparsed(void **state)
{
    struct pki p = pki_usual();
    struct trust *none = NULL;
    struct signer *s = NULL;
    (void)state;
    assert_int_equal(trust_create(NULL, 0, 1, PKI_NOW, &none, NULL), BF_OK);
    X509 *seven[] = { p.leaf.x, p.ca.x, p.root.x, p.ca.x, p.root.x, p.ca.x, p.root.x };
    auto_(signer_destroy) struct signer *six = pki_signer(none, pki_pem(seven, 6));
    assert_int_equal(six->fitness, SIGNER_FIT);
    auto_(signer_destroy) struct signer *too_many = pki_signer(none, pki_pem(seven, 7));
    assert_int_equal(too_many->fitness, SIGNER_UNPARSED);
    char *pem = PKI_PEM(p.leaf.x), *padded = malloc(LIMIT_CHAIN_BYTES + 1);
    memset(padded, '\n', LIMIT_CHAIN_BYTES + 1);
    memcpy(padded, pem, strlen(pem));
    assert_int_equal(signer_build(none, SPAN(""), span_make(padded, LIMIT_CHAIN_BYTES), 0, &s), BF_OK);
    assert_int_equal(s->fitness, SIGNER_FIT);
    signer_destroy(s);
    assert_int_equal(signer_build(none, SPAN(""), span_make(padded, LIMIT_CHAIN_BYTES + 1), 0, &s), BF_OK);
    assert_int_equal(s->fitness, SIGNER_UNPARSED);
    signer_destroy(s);
    free(pem);
    free(padded);
    trust_destroy(none);
    pki_free(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crt_062_sec_014_sec_019_only_certificates_that_may_sign_calls_are_fit),
        cmocka_unit_test(sec_015_spelled_out_curve_parameters_are_unfit),
        cmocka_unit_test(sec_014_a_compressed_point_is_the_same_point),
        cmocka_unit_test(sec_014_a_point_off_the_curve_is_unfit),
        cmocka_unit_test(a_signer_says_who_it_is),
        cmocka_unit_test(control_bytes_of_a_subject_do_not_come_through),
        cmocka_unit_test(bytes_that_hold_no_chain_are_unparsed_with_a_reason),
        cmocka_unit_test(x5u_009_a_body_beyond_the_caps_is_unparsed),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
