/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/anchors.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "trust/pki_for_tests.h"

static enum bf_err create(const char *path, struct trust **ret, char **ret_message)
{
    const struct trust_domain_options domain = { .name = "test", .anchors = &path, .n_anchors = 1 };
    return trust_create(&domain, 1, 7, PKI_NOW, ret, ret_message);
}

static void tru_003_anchors_come_from_a_file_of_any_shape_or_a_directory(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    struct pki_pair other =
        pki_make(&(struct pki_order){ .name = "Other", .extensions = PKI_ROOT, .to = PKI_TO - 5 });
    struct trust *trust = NULL;
    char *message = NULL, sub[300];
    unsigned char *der = NULL;
    (void)state;
    X509 *both[] = { p.root.x, other.x, p.root.x };
    assert_int_equal(create(pki_pem_file(&dir, "both.pem", both, 3), &trust, &message), BF_OK);
    assert_int_equal(trust_domain_anchors(trust, 0), 2);
    assert_int_equal(trust_first_expiry(trust), PKI_TO - 5);
    assert_int_equal(trust_generation(trust), 7);
    trust_destroy(trust);
    const int n = i2d_X509(p.root.x, &der);
    assert_int_equal(create(pki_file(&dir, "root.der", der, (size_t)n), &trust, &message), BF_OK);
    assert_int_equal(trust_domain_anchors(trust, 0), 1);
    trust_destroy(trust);
    OPENSSL_free(der);
    snprintf(sub, sizeof sub, "%s/more", dir.path);
    assert_int_equal(mkdir(sub, 0700), 0);
    struct pki_dir more;
    snprintf(more.path, sizeof more.path, "%.250s", sub);
    pki_pem_file(&more, "a.crt", &p.root.x, 1);
    pki_pem_file(&more, "b.pem", &other.x, 1);
    pki_file(&more, "README", "no certificate", 14);
    pki_file(&more, ".hidden.pem", "no certificate", 14);
    assert_int_equal(create(sub, &trust, &message), BF_OK);
    assert_int_equal(trust_domain_anchors(trust, 0), 2);
    trust_destroy(trust);
    pki_clear(&other);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void a_file_that_gives_no_anchor_is_refused_with_its_name(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    struct pki_pair weak =
        pki_make(&(struct pki_order){ .name = "Weak", .extensions = PKI_ROOT, .key = "RSA:1024" });
    struct pki_pair odd =
        pki_make(&(struct pki_order){ .name = "Odd", .extensions = PKI_ROOT, .key = "secp256k1" });
    char empty_dir[300];
    (void)state;
    snprintf(empty_dir, sizeof empty_dir, "%s/empty", dir.path);
    assert_int_equal(mkdir(empty_dir, 0700), 0);
    const struct {
        const char *path;
        enum bf_err err;
        const char *part;
    } rows[] = {
        { "/nonexistent/roots.pem", BF_EIO, "/nonexistent/roots.pem: cannot be read" },
        { pki_file(&dir, "empty.pem", "", 0), BF_EFORM, "no certificate" },
        { pki_file(&dir, "text.pem", "hello", 5), BF_EFORM, "text.pem" },
        { pki_file(&dir, "cut.pem", "-----BEGIN CERTIFICATE-----\nAA", 30), BF_EFORM, "without its END" },
        { pki_pem_file(&dir, "ca.pem", &p.ca.x, 1), BF_EFORM, "no self-signed certificate" },
        { pki_pem_file(&dir, "weak.pem", &weak.x, 1), BF_EUNSUP, "anchor 1 has an RSA key" },
        { pki_pem_file(&dir, "odd.pem", &odd.x, 1), BF_EUNSUP, "by name" },
        { empty_dir, BF_EFORM, "no .pem" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct trust *trust = NULL;
        char *message = NULL;
        assert_int_equal(create(rows[i].path, &trust, &message), rows[i].err);
        if (!message || !strstr(message, rows[i].part))
            fail_msg("%s: %s", rows[i].path, message ? message : "-");
        assert_null(trust);
        free(message);
    }
    pki_clear(&weak);
    pki_clear(&odd);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void int_006_a_domain_speaks_for_its_numbers_only(void **state)
{
    static const struct number_range ranges[] = { { { .digits = "1202", .n = 4 }, 0 },
                                                  { { .digits = "12155550100", .n = 11 }, 100 } };
    static const struct {
        struct number caller;
        bool spoken_for;
    } rows[] = {
        { { .digits = "12025550123", .n = 11 }, true },  { { .digits = "12125550123", .n = 11 }, false },
        { { .digits = "12155550100", .n = 11 }, true },  { { .digits = "12155550199", .n = 11 }, true },
        { { .digits = "12155550200", .n = 11 }, false }, { { .digits = "442071838750", .n = 12 }, false },
    };
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    const struct trust_domain_options some = { .name = "dc", .numbers = ranges, .n_numbers = 2, .lab = true };
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, &some, p.root.x);
    auto_(trust_destroy) struct trust *all = PKI_TRUST(&dir, NULL, p.root.x);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(trust_domain_speaks_for(trust, 0, &rows[i].caller), rows[i].spoken_for);
        assert_true(trust_domain_speaks_for(all, 0, &rows[i].caller));
        assert_false(trust_domain_speaks_for(all, 1, &rows[i].caller));
    }
    assert_string_equal(trust_domain_name(trust, 0), "dc");
    assert_true(trust_domain_is_lab(trust, 0));
    assert_false(trust_domain_is_lab(all, 0));
    assert_string_equal(trust_domain_name(all, 5), "");
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void no_domains_are_fine_and_nine_are_too_many(void **state)
{
    static const struct trust_domain_options domains[LIMIT_TRUST_DOMAINS + 1];
    struct trust *trust = NULL;
    char *message = NULL;
    (void)state;
    assert_int_equal(trust_create(NULL, 0, 1, PKI_NOW, &trust, &message), BF_OK);
    assert_int_equal(trust_domains(trust), 0);
    assert_int_equal(trust_first_expiry(trust), INT64_MAX);
    trust_destroy(trust);
    assert_int_equal(trust_create(domains, LIMIT_TRUST_DOMAINS + 1, 1, PKI_NOW, &trust, &message), BF_ELIMIT);
    assert_non_null(message);
    free(message);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tru_003_anchors_come_from_a_file_of_any_shape_or_a_directory),
        cmocka_unit_test(a_file_that_gives_no_anchor_is_refused_with_its_name),
        cmocka_unit_test(int_006_a_domain_speaks_for_its_numbers_only),
        cmocka_unit_test(no_domains_are_fine_and_nine_are_too_many),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
