/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/crl.h"

#include <stdlib.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "base/epoch.h"
#include "tap.h"
#include "trust/crl_numbers.h"
#include "trust/own.h"
#include "trust/domain.h"
#include "trust/pki_for_tests.h"
#include "trust/signer.h"

/* ---- lists made at run time ---- */

struct entry_order {
    const X509 *revoked;
    const X509 *issuer; /* certificateIssuer; NULL: inherited, or the list's own */
    int reason;         /* CRL_REASON_…; 0: none is given */
};
struct list_order {
    X509 *issuer;
    EVP_PKEY *key;
    const struct entry_order *entries;
    size_t n;
    bool indirect;
    long number;    /* 0: none */
    utc_t at, next; /* 0: PKI_NOW - 100, PKI_NOW + 100; next -1: none */
    const char *digest;
    const char *extra; /* an OID: a critical extension nobody knows */
    bool user_attributes_only;
};

static void add_indirect(X509_CRL *list, const struct list_order *o)
{
    ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();
    idp->indirectCRL = o->indirect ? 0xFF : 0;
    idp->onlyattr = o->user_attributes_only ? 0xFF : 0;
    assert_int_equal(X509_CRL_add1_ext_i2d(list, NID_issuing_distribution_point, idp, 1, 0), 1);
    ISSUING_DIST_POINT_free(idp);
}

static void add_issuer(X509_REVOKED *entry, const X509 *issuer)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    name->type = GEN_DIRNAME;
    name->d.directoryName = X509_NAME_dup(X509_get_subject_name(issuer));
    sk_GENERAL_NAME_push(names, name);
    assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0), 1);
    GENERAL_NAMES_free(names);
}

static void add_entry(X509_CRL *list, const struct entry_order *o)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, PKI_NOW - 200);
    X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(o->revoked));
    X509_REVOKED_set_revocationDate(entry, when);
    if (o->issuer)
        add_issuer(entry, o->issuer);
    if (o->reason) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        ASN1_ENUMERATED_set(reason, o->reason);
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
        ASN1_ENUMERATED_free(reason);
    }
    assert_int_equal(X509_CRL_add0_revoked(list, entry), 1);
    ASN1_TIME_free(when);
}

static void add_unknown(X509_CRL *list, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    X509_CRL_add_ext(list, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static void set_time(X509_CRL *list, int (*set)(X509_CRL *, const ASN1_TIME *), utc_t at)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)at);
    set(list, time);
    ASN1_TIME_free(time);
}

static X509_CRL *make_list(const struct list_order *o)
{
    X509_CRL *list = X509_CRL_new();
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(o->issuer));
    set_time(list, X509_CRL_set1_lastUpdate, o->at ? o->at : PKI_NOW - 100);
    if (o->next >= 0)
        set_time(list, X509_CRL_set1_nextUpdate, o->next ? o->next : PKI_NOW + 100);
    if (o->indirect || o->user_attributes_only)
        add_indirect(list, o);
    if (o->extra)
        add_unknown(list, o->extra);
    if (o->number) {
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        ASN1_INTEGER_set(number, o->number);
        X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0);
        ASN1_INTEGER_free(number);
    }
    for (size_t i = 0; i < o->n; i++)
        add_entry(list, &o->entries[i]);
    assert_true(X509_CRL_sign(list, o->key, EVP_get_digestbyname(o->digest ? o->digest : "SHA256")) > 0);
    return list;
}

/* A file with the list, and the signer's certificate behind it where given. */
static const char *list_file(const struct pki_dir *dir, const char *name, const struct list_order *o,
                             X509 *signer)
{
    char *bytes;
    X509_CRL *list = make_list(o);
    BIO *out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509_CRL(out, list);
    if (signer)
        PEM_write_bio_X509(out, signer);
    const long n = BIO_get_mem_data(out, &bytes);
    const char *path = pki_file(dir, name, bytes, (size_t)n);
    BIO_free(out);
    X509_CRL_free(list);
    return path;
}

/* ---- a world: two CAs under one root, an administrator who signs the indirect list ---- */

struct world {
    struct pki_dir dir;
    struct pki p;
    struct pki_pair ca2, leaf2; /* leaf2 has leaf's serial number under another issuer */
    struct pki_pair admin_root, admin;
};

#define LIST_SIGNER "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,cRLSign\n" PKI_KEY_IDS

static struct world make_world(void)
{
    struct world w = { .dir = pki_dir(), .p = pki_usual() };
    pki_clear(&w.p.leaf);
    w.p.leaf = pki_make(&(struct pki_order){ .issuer = w.p.ca.x, .issuer_key = w.p.ca.key, .serial = 42 });
    w.ca2 = pki_make(&(struct pki_order){
        .name = "C=US/CN=CA2", .extensions = PKI_CA, .issuer = w.p.root.x, .issuer_key = w.p.root.key });
    w.leaf2 = pki_make(
        &(struct pki_order){ .name = "Leaf2", .issuer = w.ca2.x, .issuer_key = w.ca2.key, .serial = 42 });
    w.admin_root = pki_make(&(struct pki_order){ .name = "C=US/CN=Administrator", .extensions = PKI_ROOT });
    w.admin = pki_make(&(struct pki_order){ .name = "C=US/O=STI-PA/CN=STI-PA CRL",
                                            .extensions = LIST_SIGNER,
                                            .issuer = w.admin_root.x,
                                            .issuer_key = w.admin_root.key });
    return w;
}

static void free_world(struct world *w)
{
    pki_clear(&w->ca2);
    pki_clear(&w->leaf2);
    pki_clear(&w->admin_root);
    pki_clear(&w->admin);
    pki_free(&w->p);
    pki_dir_remove(&w->dir);
}

static struct trust *trust_with(const struct world *w, const char *const *lists, size_t n)
{
    const struct trust_domain_options o = { .name = "test", .crls = lists, .n_crls = n };
    return PKI_TRUST(&w->dir, &o, w->p.root.x, w->admin_root.x);
}

static enum revocation of_chain(const struct trust *trust, X509 *leaf, X509 *ca)
{
    const struct signer_path *path = NULL;
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(leaf, ca));
    assert_int_equal(signer_standing(s, PKI_NOW, &path), STANDING_TRUSTED);
    return path->revocation;
}

static enum revocation domain_state(const struct trust *trust, utc_t now)
{
    return trust_domain_crl(trust, 0, now, NULL);
}

static void assert_fault(const struct trust *trust, utc_t now, const char *part)
{
    const char *file = NULL, *why = trust_domain_crl_fault(trust, 0, now, &file);
    if (!why || !strstr(why, part))
        fail_msg("fault: %s", why ? why : "none");
    assert_non_null(file);
}

/* ---- the tests ---- */

static void tru_004_sec_024_an_indirect_list_revokes_by_issuer_and_serial_number(void **state)
{
    struct world w = make_world();
    const struct entry_order entries[] = { { w.p.leaf.x, w.p.ca.x, 0 } };
    const struct list_order order = { w.admin.x, w.admin.key, entries, 1, .indirect = true, .number = 1 };
    const char *list = list_file(&w.dir, "list.pem", &order, w.admin.x);
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_GOOD);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_REVOKED);
    assert_int_equal(of_chain(trust, w.leaf2.x, w.ca2.x), REVOCATION_GOOD);
    free_world(&w);
}

static void tru_004_sec_024_an_entry_without_an_issuer_inherits_the_one_before(void **state)
{
    struct world w = make_world();
    struct pki_pair other =
        pki_make(&(struct pki_order){ .issuer = w.ca2.x, .issuer_key = w.ca2.key, .serial = 99 });
    struct pki_pair other1 =
        pki_make(&(struct pki_order){ .issuer = w.p.ca.x, .issuer_key = w.p.ca.key, .serial = 99 });
    /* 42 of CA2, then 99, still of CA2. */
    const struct entry_order entries[] = { { w.leaf2.x, w.ca2.x, 0 }, { other.x, NULL, 0 } };
    const struct list_order order = { w.admin.x, w.admin.key, entries, 2, .indirect = true };
    const char *list = list_file(&w.dir, "list.pem", &order, w.admin.x);
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(of_chain(trust, other.x, w.ca2.x), REVOCATION_REVOKED);
    assert_int_equal(of_chain(trust, w.leaf2.x, w.ca2.x), REVOCATION_REVOKED);
    assert_int_equal(of_chain(trust, other1.x, w.p.ca.x), REVOCATION_GOOD);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_GOOD);
    pki_clear(&other);
    pki_clear(&other1);
    free_world(&w);
}

static void a_revoked_ca_revokes_its_leaves_and_a_removed_entry_does_not(void **state)
{
    struct world w = make_world();
    const struct entry_order entries[] = { { w.ca2.x, w.p.root.x, 0 }, { w.p.ca.x, w.p.root.x, 8 } };
    const struct list_order order = { w.admin.x, w.admin.key, entries, 2, .indirect = true };
    const char *list = list_file(&w.dir, "list.pem", &order, w.admin.x);
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(of_chain(trust, w.leaf2.x, w.ca2.x), REVOCATION_REVOKED);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_GOOD);
    free_world(&w);
}

/* Our own chain may end anywhere: its root need not be an anchor, and the file may hold the leaf alone. */
static void sec_066_a_list_names_our_own_certificate_or_one_above_it(void **state)
{
    struct world w = make_world();
    struct pki stranger = pki_usual();
    struct pki_pair own =
        pki_make(&(struct pki_order){ .issuer = stranger.ca.x, .issuer_key = stranger.ca.key, .serial = 77 });
    const struct entry_order entries[] = { { w.ca2.x, w.p.root.x, 0 }, { own.x, stranger.ca.x, 0 } };
    const struct list_order order = { w.admin.x, w.admin.key, entries, 2, .indirect = true };
    const char *list = list_file(&w.dir, "list.pem", &order, w.admin.x);
    const struct {
        X509 *leaf, *above;
        enum revocation asked, unasked;
    } rows[] = {
        { w.leaf2.x, w.ca2.x, REVOCATION_REVOKED, REVOCATION_NOT_ASKED },
        { w.p.leaf.x, w.p.ca.x, REVOCATION_GOOD, REVOCATION_NOT_ASKED },
        { own.x, stranger.ca.x, REVOCATION_REVOKED, REVOCATION_NOT_ASKED },
        { own.x, NULL, REVOCATION_REVOKED, REVOCATION_NOT_ASKED },
        { stranger.leaf.x, stranger.ca.x, REVOCATION_GOOD, REVOCATION_NOT_ASKED },
    };
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    auto_(trust_destroy) struct trust *bare = trust_with(&w, NULL, 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        STACK_OF(X509) *chain = sk_X509_new_null();
        sk_X509_push(chain, rows[i].leaf);
        if (rows[i].above)
            sk_X509_push(chain, rows[i].above);
        assert_int_equal(trust_own_revoked(trust, rows[i].leaf, chain), rows[i].asked);
        assert_int_equal(trust_own_revoked(bare, rows[i].leaf, chain), rows[i].unasked);
        sk_X509_free(chain);
    }
    pki_clear(&own);
    pki_free(&stranger);
    free_world(&w);
}

static void a_direct_list_speaks_for_its_own_issuer_only(void **state)
{
    struct world w = make_world();
    const struct entry_order entries[] = { { w.p.leaf.x, NULL, 0 } };
    const struct list_order order = { w.p.ca.x, w.p.ca.key, entries, 1, .indirect = false };
    unsigned char *der = NULL;
    X509_CRL *made = make_list(&order);
    const int n = i2d_X509_CRL(made, &der);
    const char *list = pki_file(&w.dir, "list.der", der, (size_t)n);
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_REVOKED);
    assert_int_equal(of_chain(trust, w.leaf2.x, w.ca2.x), REVOCATION_NOT_ASKED);
    OPENSSL_free(der);
    X509_CRL_free(made);
    free_world(&w);
}

static void a_list_about_its_issuer_alone_says_nothing_about_a_signer(void **state)
{
    struct world w = make_world();
    const struct list_order order = { w.p.root.x, w.p.root.key, .indirect = false };
    const char *list = list_file(&w.dir, "list.pem", &order, NULL);
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_NOT_ASKED);
    free_world(&w);
}

static void crt_043_without_lists_nothing_is_asked(void **state)
{
    struct world w = make_world();
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, NULL, 0);
    assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_NOT_ASKED);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_NOT_ASKED);
    free_world(&w);
}

static void sec_024_a_list_that_nobody_we_trust_signed_leaves_revocation_unknown(void **state)
{
    struct world w = make_world();
    const struct entry_order entries[] = { { w.p.leaf.x, w.p.ca.x, 0 } };
    struct pki_pair stranger =
        pki_make(&(struct pki_order){ .name = "C=US/O=STI-PA/CN=STI-PA CRL", .extensions = PKI_ROOT });
    struct pki_pair no_use = pki_make(
        &(struct pki_order){ .name = "No use", .issuer = w.admin_root.x, .issuer_key = w.admin_root.key });
    struct pki_pair ended = pki_make(&(struct pki_order){ .name = "Ended",
                                                          .extensions = LIST_SIGNER,
                                                          .to = PKI_NOW - 1,
                                                          .issuer = w.admin_root.x,
                                                          .issuer_key = w.admin_root.key });
    const struct {
        const char *what;
        struct list_order order;
        X509 *signer;
    } rows[] = {
        { "a stranger of the same name",
          { stranger.x, stranger.key, entries, 1, .indirect = true },
          stranger.x },
        { "the right name, another key",
          { w.admin.x, stranger.key, entries, 1, .indirect = true },
          w.admin.x },
        { "the signer's certificate is missing",
          { w.admin.x, w.admin.key, entries, 1, .indirect = true },
          NULL },
        { "a signer without cRLSign", { no_use.x, no_use.key, entries, 1, .indirect = true }, no_use.x },
        { "a signer whose time is over", { ended.x, ended.key, entries, 1, .indirect = true }, ended.x },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *list = list_file(&w.dir, "list.pem", &rows[i].order, rows[i].signer);
        auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
        if (domain_state(trust, PKI_NOW) != REVOCATION_UNKNOWN ||
            of_chain(trust, w.p.leaf.x, w.p.ca.x) != REVOCATION_UNKNOWN)
            fail_msg("%s", rows[i].what);
        assert_fault(trust, PKI_NOW, "vouches for its signature");
    }
    pki_clear(&stranger);
    pki_clear(&no_use);
    pki_clear(&ended);
    free_world(&w);
}

static void a_direct_list_with_a_false_signature_makes_its_issuer_unknown(void **state)
{
    struct world w = make_world();
    const struct list_order order = { w.p.ca.x, w.ca2.key, .indirect = false };
    const char *list = list_file(&w.dir, "list.pem", &order, NULL);
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_UNKNOWN);
    assert_int_equal(of_chain(trust, w.leaf2.x, w.ca2.x), REVOCATION_NOT_ASKED);
    free_world(&w);
}

static void lists_that_cannot_be_used_say_why(void **state)
{
    struct world w = make_world();
    const struct {
        const char *what;
        struct list_order order;
        const char *part;
    } rows[] = {
        { "SHA-1", { w.admin.x, w.admin.key, .indirect = true, .digest = "SHA1" }, "weak digest" },
        { "an unknown critical extension",
          { w.admin.x, w.admin.key, .indirect = true, .extra = "1.2.3.4" },
          "unknown critical" },
        { "a delta list", { w.admin.x, w.admin.key, .extra = "2.5.29.27" }, "delta" },
        { "no nextUpdate", { w.admin.x, w.admin.key, .indirect = true, .next = -1 }, "does not say when" },
        { "attribute certificates only",
          { w.admin.x, w.admin.key, .user_attributes_only = true },
          "attribute" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *list = list_file(&w.dir, "list.pem", &rows[i].order, w.admin.x);
        auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
        assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_UNKNOWN);
        assert_fault(trust, PKI_NOW, rows[i].part);
    }
    const char *const files[] = { "/nonexistent/list.crl", pki_file(&w.dir, "junk.crl", "junk", 4),
                                  pki_file(&w.dir, "cut.pem", "-----BEGIN X509 CRL-----\nAA", 27) };
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        auto_(trust_destroy) struct trust *trust = trust_with(&w, &files[i], 1);
        assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_UNKNOWN);
        assert_int_equal(of_chain(trust, w.p.leaf.x, w.p.ca.x), REVOCATION_UNKNOWN);
    }
    const char *signer_only = pki_pem_file(&w.dir, "signer.pem", &w.admin.x, 1);
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &signer_only, 1);
    assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_UNKNOWN);
    free_world(&w);
}

static void tru_005_a_list_counts_for_72_hours_past_its_next_update(void **state)
{
    struct world w = make_world();
    const struct list_order order = { w.admin.x, w.admin.key, .indirect = true, .at = PKI_NOW - 50,
                                      .next = PKI_NOW + 10 };
    const char *list = list_file(&w.dir, "list.pem", &order, w.admin.x);
    int64_t age;
    (void)state;
    auto_(trust_destroy) struct trust *trust = trust_with(&w, &list, 1);
    assert_int_equal(trust_domain_crl(trust, 0, PKI_NOW, &age), REVOCATION_GOOD);
    assert_int_equal(age, 50);
    assert_int_equal(domain_state(trust, PKI_NOW + 10 + CRL_GRACE_S), REVOCATION_GOOD);
    assert_int_equal(domain_state(trust, PKI_NOW + 11 + CRL_GRACE_S), REVOCATION_UNKNOWN);
    assert_fault(trust, PKI_NOW + 11 + CRL_GRACE_S, "72 hours overdue");
    assert_int_equal(domain_state(trust, PKI_NOW - 50 - 301), REVOCATION_UNKNOWN);
    free_world(&w);
}

/* The number the domain's only list has. */
static long number_in_use(const struct trust *trust)
{
    const struct domain *d = trust_domain(trust, 0);
    assert_int_equal(d->n_crls, 1);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(d->crls[0]->list, NID_crl_number, NULL, NULL);
    const long value = number ? ASN1_INTEGER_get(number) : 0;
    ASN1_INTEGER_free(number);
    return value;
}

static void sec_067_a_reload_never_goes_back_to_an_older_list(void **state)
{
    static const struct {
        long before, after, in_use;
    } rows[] = { { 5, 6, 6 }, { 5, 5, 5 }, { 5, 4, 5 }, { 5, 0, 5 } };
    struct world w = make_world();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct list_order before = { w.admin.x, w.admin.key, .indirect = true,
                                           .number = rows[i].before };
        const struct list_order after = { w.admin.x, w.admin.key, .indirect = true, .number = rows[i].after };
        const char *list = list_file(&w.dir, "list.pem", &before, w.admin.x);
        auto_(trust_destroy) struct trust *old = trust_with(&w, &list, 1);
        list = list_file(&w.dir, "list.pem", &after, w.admin.x);
        auto_(trust_destroy) struct trust *new = trust_with(&w, &list, 1);
        trust_succeed(new, old);
        assert_int_equal(number_in_use(new), rows[i].in_use);
        assert_int_equal(trust_generation(new), 2);
        assert_int_equal(domain_state(new, PKI_NOW), REVOCATION_GOOD);
    }
    free_world(&w);
}

/* Reads the list anew, as a program that was started again does, and lets the numbers of before speak. */
static struct trust *after_a_start(const struct world *w, const struct list_order *order, bool with_signer,
                                   bool keep, enum bf_err want)
{
    const char *list = list_file(&w->dir, "list.pem", order, with_signer ? w->admin.x : NULL);
    struct trust *trust = trust_with(w, &list, 1);
    assert_int_equal(crl_numbers_heed(trust, w->dir.path, keep), want);
    return trust;
}

static void sec_067_an_older_list_is_known_for_what_it_is_after_a_restart(void **state)
{
    static const struct {
        long number;
        bool keep;
        enum revocation want;
    } rows[] = {
        { 5, false, REVOCATION_GOOD },     { 4, true, REVOCATION_GOOD }, /* a look leaves nothing behind */
        { 5, true, REVOCATION_GOOD },      { 4, true, REVOCATION_UNKNOWN },
        { 4, false, REVOCATION_UNKNOWN },  { 0, true, REVOCATION_UNKNOWN },
        { 5, true, REVOCATION_GOOD },      { 300, true, REVOCATION_GOOD },
        { 299, true, REVOCATION_UNKNOWN }, { 0x1000000, true, REVOCATION_GOOD },
        { 300, true, REVOCATION_UNKNOWN },
    };
    struct world w = make_world();
    struct stat st;
    char path[500];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct list_order order = { w.admin.x, w.admin.key, .indirect = true,
                                          .number = rows[i].number };
        auto_(trust_destroy) struct trust *trust = after_a_start(&w, &order, true, rows[i].keep, BF_OK);
        if (domain_state(trust, PKI_NOW) != rows[i].want)
            fail_msg("row %zu", i);
        if (rows[i].want == REVOCATION_UNKNOWN)
            assert_fault(trust, PKI_NOW, "older");
    }
    snprintf(path, sizeof path, "%s/crl-numbers", w.dir.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free_world(&w);
}

static void sec_067_only_a_list_that_is_signed_by_one_of_ours_raises_the_number(void **state)
{
    struct world w = make_world();
    const struct list_order ours = { w.admin.x, w.admin.key, .indirect = true, .number = 5 };
    const struct list_order foreign = { w.admin.x, w.p.leaf.key, .indirect = true, .number = 99 };
    const struct list_order other = { w.admin.x, w.admin.key, .number = 99 }; /* another kind of list */
    const struct list_order unsettled = { w.p.ca.x, w.p.ca.key, .number = 99 };
    const struct list_order before = { w.p.ca.x, w.p.ca.key, .number = 98 };
    (void)state;
    trust_destroy(after_a_start(&w, &ours, true, true, BF_OK));
    trust_destroy(after_a_start(&w, &foreign, true, true, BF_OK));
    trust_destroy(after_a_start(&w, &other, true, true, BF_OK));
    trust_destroy(after_a_start(&w, &unsettled, false, true, BF_OK)); /* its issuer was not met yet */
    auto_(trust_destroy) struct trust *trust = after_a_start(&w, &ours, true, true, BF_OK);
    assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_GOOD);
    auto_(trust_destroy) struct trust *direct = after_a_start(&w, &before, false, true, BF_OK);
    assert_int_equal(domain_state(direct, PKI_NOW), REVOCATION_GOOD);
    free_world(&w);
}

static void a_file_of_numbers_that_is_none_begins_anew_and_says_so(void **state)
{
    static const char head[] = "bonafide-crl-numbers 1\n";
    static const char *const files[] = { "", "bonafide-crl-numbers 2\n", "bonafide-crl-numbers 1\nx\n",
                                         NULL };
    struct world w = make_world();
    const struct list_order order = { w.admin.x, w.admin.key, .indirect = true, .number = 5 };
    char *large = malloc(1 << 20);
    (void)state;
    memset(large, 'a', 1 << 20);
    memcpy(large, head, sizeof head - 1);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        pki_file(&w.dir, "crl-numbers", files[i] ? files[i] : large, files[i] ? strlen(files[i]) : 1 << 20);
        auto_(trust_destroy) struct trust *trust = after_a_start(&w, &order, true, true, BF_EFORM);
        assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_GOOD);
        trust_destroy(after_a_start(&w, &order, true, true, BF_OK));
    }
    free(large);
    char part[500];
    snprintf(part, sizeof part, "%s/absent", w.dir.path);
    auto_(trust_destroy) struct trust *trust = after_a_start(&w, &order, true, false, BF_OK);
    assert_int_equal(crl_numbers_heed(trust, part, true), BF_EIO); /* there is no such directory */
    assert_int_equal(domain_state(trust, PKI_NOW), REVOCATION_GOOD);
    free_world(&w);
}

/* The whole way: an index of signers that is made, told of new lists, ended and made again. */
static void sec_067_the_index_of_signers_heeds_the_numbers(void **state)
{
    static const struct {
        long number, then; /* 0: no reload */
        enum revocation want;
    } rows[] = { { 5, 6, REVOCATION_GOOD },
                 { 5, 0, REVOCATION_UNKNOWN },
                 { 6, 0, REVOCATION_GOOD },
                 { 4, 7, REVOCATION_GOOD },
                 { 6, 0, REVOCATION_UNKNOWN } };
    struct world w = make_world();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct list_order first = { w.admin.x, w.admin.key, .indirect = true,
                                          .number = rows[i].number };
        const struct list_order then = { w.admin.x, w.admin.key, .indirect = true, .number = rows[i].then };
        struct clock_fixed clock = { { clock_fixed_now }, { .utc = PKI_NOW } };
        auto_(epoch_destroy) struct epoch *epoch = NULL;
        struct signers *s = NULL;
        const char *list = list_file(&w.dir, "list.pem", &first, w.admin.x);
        assert_int_equal(epoch_create(&epoch), BF_OK);
        const struct signers_options options = {
            .trust = trust_with(&w, &list, 1), .epoch = epoch, .clock = &clock.source, .cache_dir = w.dir.path
        };
        assert_int_equal(signers_create(&options, &s), BF_OK);
        if (rows[i].then) {
            list = list_file(&w.dir, "list.pem", &then, w.admin.x);
            signers_retrust(s, trust_with(&w, &list, 1));
        }
        if (domain_state(signers_trust(s), PKI_NOW) != rows[i].want)
            fail_msg("row %zu", i);
        signers_destroy(s);
    }
    free_world(&w);
}

static void the_last_good_list_stays_when_the_file_breaks(void **state)
{
    struct world w = make_world();
    const struct entry_order entries[] = { { w.p.leaf.x, w.p.ca.x, 0 } };
    const struct list_order order = { w.admin.x, w.admin.key, entries, 1, .indirect = true, .number = 1 };
    const char *list = list_file(&w.dir, "list.pem", &order, w.admin.x);
    (void)state;
    auto_(trust_destroy) struct trust *old = trust_with(&w, &list, 1);
    list = pki_file(&w.dir, "list.pem", "", 0);
    auto_(trust_destroy) struct trust *new = trust_with(&w, &list, 1);
    assert_int_equal(domain_state(new, PKI_NOW), REVOCATION_UNKNOWN);
    trust_succeed(new, old);
    assert_int_equal(domain_state(new, PKI_NOW), REVOCATION_GOOD);
    assert_int_equal(of_chain(new, w.p.leaf.x, w.p.ca.x), REVOCATION_REVOKED);
    free_world(&w);
}

static bool any_path(void *arg, const struct chain *chain)
{
    *(utc_t *)arg = chain->to;
    return false;
}

static void the_signer_of_the_real_list_leads_to_the_administrator_s_root(void **state)
{
    const char *roots[] = { tap_shared("certs/stipa-root-1.pem"), tap_shared("certs/stipa-root-2.pem") };
    const char *signer = tap_shared("certs/stipa-crl-signer.pem");
    const struct trust_domain_options domain = {
        .name = "us", .anchors = roots, .n_anchors = 2, .crls = &signer, .n_crls = 1
    };
    struct trust *trust = NULL;
    utc_t until = 0;
    (void)state;
    if (!signer)
        return;
    assert_int_equal(trust_create(&domain, 1, 1, 1700000000, &trust, NULL), BF_OK);
    const struct domain *d = trust_domain(trust, 0);
    assert_int_equal(sk_X509_num(d->crl_signers), 1);
    X509 *x = sk_X509_value(d->crl_signers, 0);
    assert_true(X509_get_key_usage(x) & KU_CRL_SIGN);
    assert_null(chain_explore(d, CHAIN_FOR_LISTS, x, NULL, any_path, &until));
    assert_true(until > 1700000000);
    /* The file holds no list: nothing is known of any certificate. */
    assert_int_equal(domain_state(trust, 1700000000), REVOCATION_UNKNOWN);
    trust_destroy(trust);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tru_004_sec_024_an_indirect_list_revokes_by_issuer_and_serial_number),
        cmocka_unit_test(tru_004_sec_024_an_entry_without_an_issuer_inherits_the_one_before),
        cmocka_unit_test(sec_024_a_list_that_nobody_we_trust_signed_leaves_revocation_unknown),
        cmocka_unit_test(a_revoked_ca_revokes_its_leaves_and_a_removed_entry_does_not),
        cmocka_unit_test(sec_066_a_list_names_our_own_certificate_or_one_above_it),
        cmocka_unit_test(a_direct_list_speaks_for_its_own_issuer_only),
        cmocka_unit_test(a_direct_list_with_a_false_signature_makes_its_issuer_unknown),
        cmocka_unit_test(a_list_about_its_issuer_alone_says_nothing_about_a_signer),
        cmocka_unit_test(crt_043_without_lists_nothing_is_asked),
        cmocka_unit_test(lists_that_cannot_be_used_say_why),
        cmocka_unit_test(tru_005_a_list_counts_for_72_hours_past_its_next_update),
        cmocka_unit_test(sec_067_a_reload_never_goes_back_to_an_older_list),
        cmocka_unit_test(sec_067_an_older_list_is_known_for_what_it_is_after_a_restart),
        cmocka_unit_test(sec_067_only_a_list_that_is_signed_by_one_of_ours_raises_the_number),
        cmocka_unit_test(a_file_of_numbers_that_is_none_begins_anew_and_says_so),
        cmocka_unit_test(sec_067_the_index_of_signers_heeds_the_numbers),
        cmocka_unit_test(the_last_good_list_stays_when_the_file_breaks),
        cmocka_unit_test(the_signer_of_the_real_list_leads_to_the_administrator_s_root),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
