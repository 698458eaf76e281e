/* SPDX-License-Identifier: Apache-2.0 */
#include "credential/lab.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/x509v3.h>

#include "tap.h"
#include "trust/signer.h"

#define MORNING 1443208345
#define DAY     86400

static struct lab *make_lab(enum lab_key kind)
{
    const struct lab_options options = { MORNING, MORNING + 30 * DAY, "Lab", kind };
    struct lab *lab = NULL;
    assert_int_equal(lab_create(&options, &lab), BF_OK);
    return lab;
}

static char *temporary(char out[static 256])
{
    const char *base = getenv("TMPDIR");
    snprintf(out, 256, "%s/bonafide-lab-XXXXXX", base ? base : P_tmpdir);
    assert_non_null(mkdtemp(out));
    return out;
}

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char name[1024];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (unlink(name) != 0)
            remove_all(name);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A trust whose one anchor is the lab's root. */
static struct trust *trust_lab(struct lab *lab, const char *dir, const char *policy)
{
    char path[300];
    char *pem = lab_root_pem(lab), *message = NULL;
    snprintf(path, sizeof path, "%s/anchor.pem", dir);
    assert_non_null(pem);
    assert_non_null(pem);
    write_file(path, pem);
    free(pem);
    const char *anchors[] = { path }, *policies[] = { policy }, *countries[] = { "US" };
    const struct trust_domain_options domain = { .name = "lab",
                                                 .anchors = anchors,
                                                 .n_anchors = 1,
                                                 .policy_oids = policies,
                                                 .n_policy_oids = policy != NULL,
                                                 .subject_c = countries,
                                                 .n_subject_c = 1,
                                                 .lab = true };
    struct trust *trust = NULL;
    if (trust_create(&domain, 1, 1, MORNING, &trust, &message) != BF_OK)
        fail_msg("%s", message);
    unlink(path);
    return trust;
}

static void ex_004_a_carrier_of_every_kind_of_ca_is_believed(void **state)
{
    static const enum lab_key kinds[] = { LAB_P256, LAB_P384, LAB_P521, LAB_RSA2048 };
    char dir[256];
    (void)state;
    temporary(dir);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        auto_(lab_destroy) struct lab *lab = make_lab(kinds[i]);
        auto_(trust_destroy) struct trust *trust = trust_lab(lab, dir, "2.16.840.1.114569.1.1.*");
        auto_(signer_destroy) struct signer *signer = NULL;
        const struct signer_path *path = NULL;
        const struct lab_carrier_options options = { .spc = "1234" };
        struct lab_carrier carrier;
        assert_int_equal(lab_carrier(lab, &options, &carrier), BF_OK);
        char *pem = lab_chain_pem(lab, &carrier);
        assert_non_null(pem);
        assert_int_equal(signer_build(trust, SPAN("https://lab.example/1.pem"), span_of(pem), 0, &signer),
                         BF_OK);
        assert_string_equal(signer->why, "the certificate may sign calls");
        assert_string_equal(signer->spc, "1234");
        assert_string_equal(signer->subject, "CN=SHAKEN 1234,O=Lab Telco,C=US");
        assert_int_equal(signer_standing(signer, MORNING, &path), STANDING_TRUSTED);
        assert_int_equal(signer_standing(signer, MORNING - 1, NULL), STANDING_NOT_YET);
        assert_int_equal(signer_standing(signer, MORNING + 30 * DAY + 1, NULL), STANDING_EXPIRED);
        free(pem);
        lab_carrier_clear(&carrier);
    }
    remove_all(dir);
}

static void cpf_a_carrier_carries_what_the_profile_asks_for(void **state)
{
    auto_(lab_destroy) struct lab *lab = make_lab(LAB_P256);
    const struct lab_carrier_options options = { .spc = "709J" };
    struct lab_carrier carrier;
    (void)state;
    assert_int_equal(lab_carrier(lab, &options, &carrier), BF_OK);
    X509 *x = carrier.leaf;
    assert_int_equal(X509_get_version(x), X509_VERSION_3);
    assert_true(X509_get_extension_flags(x) & EXFLAG_BCONS);
    assert_int_equal(X509_check_ca(x), 0);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(x)), 16);
    assert_int_equal(ASN1_STRING_length(X509_get0_subject_key_id(x)), 20);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x), X509_get0_subject_key_id(lab_intermediate(lab))),
        0);
    assert_true(X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0);
    assert_true(X509_get_ext_by_NID(x, NID_certificate_policies, -1) >= 0);
    assert_int_equal(X509_get_pathlen(lab_intermediate(lab)), 0);
    assert_int_equal(X509_get_key_usage(lab_root(lab)), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    lab_carrier_clear(&carrier);
}

static void a_carrier_may_have_its_own_key_numbers_and_days(void **state)
{
    static const struct tnauth_entry numbers[] = { { TNAUTH_RANGE, SPAN("12155550100"), 100 } };
    auto_(lab_destroy) struct lab *lab = make_lab(LAB_P256);
    char dir[256];
    auto_(trust_destroy) struct trust *trust = trust_lab(lab, temporary(dir), NULL);
    auto_(signer_destroy) struct signer *signer = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    const struct lab_carrier_options options = { "1234", numbers, 1, MORNING + DAY, MORNING + 2 * DAY, key };
    struct lab_carrier carrier;
    (void)state;
    assert_int_equal(lab_carrier(lab, &options, &carrier), BF_OK);
    char *pem = lab_chain_pem(lab, &carrier);
    assert_non_null(pem);
    assert_int_equal(signer_build(trust, SPAN(""), span_of(pem), 0, &signer), BF_OK);
    assert_true(EVP_PKEY_eq(carrier.key, key));
    assert_int_equal(tnauth_covers(signer->tnauth, SPAN("12155550199")), TNAUTH_BY_NUMBER);
    assert_int_equal(tnauth_covers(signer->tnauth, SPAN("12155550200")), TNAUTH_NOT);
    assert_int_equal(signer_standing(signer, MORNING, NULL), STANDING_NOT_YET);
    assert_int_equal(signer_standing(signer, MORNING + 2 * DAY, NULL), STANDING_TRUSTED);
    free(pem);
    lab_carrier_clear(&carrier);
    EVP_PKEY_free(key);
    remove_all(dir);
}

static void assert_mode(const char *dir, const char *name, mode_t mode)
{
    struct stat st;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, mode);
}

static void count_steps(void *arg, size_t done, size_t all)
{
    size_t *steps = arg;
    ++*steps;
    assert_int_equal(done, *steps);
    assert_int_equal(all, 37);
}

static void a_directory_holds_keys_that_only_their_owner_reads(void **state)
{
    auto_(lab_destroy) struct lab *lab = make_lab(LAB_P256);
    char base[256], dir[300], path[128], *message = NULL;
    size_t steps = 0;
    (void)state;
    snprintf(dir, sizeof dir, "%s/lab", temporary(base));
    assert_int_equal(lab_write(lab, dir, 37, "https://lab.example/", count_steps, &steps, &message), BF_OK);
    assert_null(message);
    assert_int_equal(steps, 37);
    assert_mode(base, "lab", 0700);
    assert_mode(dir, "carriers/0001/key.pem", 0600);
    assert_mode(dir, "carriers/0010/chain.pem", 0644);
    assert_mode(dir, "carriers/0011/key.pem", 0600);
    assert_mode(dir, "lab.json", 0644);
    /* SHA-256 of https://lab.example/0001.pem */
    uint8_t digest[SHA256_BYTES];
    assert_int_equal(sha256_once(SPAN("https://lab.example/0001.pem"), digest), BF_OK);
    size_t at = (size_t)snprintf(path, sizeof path, "certs/");
    for (size_t i = 0; i < sizeof digest; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, "%02x", digest[i]);
    snprintf(path + at, sizeof path - at, ".pem");
    assert_mode(dir, path, 0644);
    remove_all(base);
}

static void a_directory_with_something_in_it_is_left_alone(void **state)
{
    auto_(lab_destroy) struct lab *lab = make_lab(LAB_P256);
    char dir[256], path[300], *message = NULL;
    (void)state;
    snprintf(path, sizeof path, "%s/mine", temporary(dir));
    write_file(path, "mine");
    assert_int_equal(lab_write(lab, dir, 1, "https://lab.example/", NULL, NULL, &message), BF_EIO);
    assert_non_null(strstr(message, "not empty"));
    free(message);
    snprintf(path, sizeof path, "%s/root.pem", dir);
    assert_int_not_equal(access(path, F_OK), 0);
    remove_all(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ex_004_a_carrier_of_every_kind_of_ca_is_believed),
        cmocka_unit_test(cpf_a_carrier_carries_what_the_profile_asks_for),
        cmocka_unit_test(a_carrier_may_have_its_own_key_numbers_and_days),
        cmocka_unit_test(a_directory_holds_keys_that_only_their_owner_reads),
        cmocka_unit_test(a_directory_with_something_in_it_is_left_alone),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
