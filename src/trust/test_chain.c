/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: one good chain, and every way to spoil it. */
#include "trust/chain.h"

#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include "tap.h"
#include "trust/pki_for_tests.h"

static bool holds_now(const struct signer *s)
{
    return signer_standing(s, PKI_NOW, NULL) == STANDING_TRUSTED;
}

static void assert_why(const struct signer *s, const char *what, const char *why)
{
    if (why ? s->n_paths != 0 || !strstr(s->path_why, why) : !holds_now(s))
        fail_msg("%s: %zu paths, %s", what, s->n_paths, s->path_why);
}

/* ---- one thing spoilt ---- */

/* Anything not given is as usual. why: part of the reason; NULL: it holds. */
struct spoilt {
    const char *what;
    struct pki_order root, ca, leaf;
    const char *why;
};

static void judge_spoilt(const struct spoilt *row)
{
    struct pki_dir dir = pki_dir();
    struct pki p;
    struct pki_order order = row->root;
    order.name = order.name ? order.name : "C=US/CN=Root";
    order.extensions = order.extensions ? order.extensions : PKI_ROOT;
    p.root = pki_make(&order);
    order = row->ca;
    order.name = order.name ? order.name : "C=US/CN=CA";
    order.extensions = order.extensions ? order.extensions : PKI_CA;
    order.issuer = p.root.x;
    order.issuer_key = p.root.key;
    p.ca = pki_make(&order);
    order = row->leaf;
    order.issuer = p.ca.x;
    order.issuer_key = p.ca.key;
    p.leaf = pki_make(&order);
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(p.leaf.x, p.ca.x));
    assert_why(s, row->what, row->why);
    pki_free(&p);
    pki_dir_remove(&dir);
}

#define JUDGE_ALL(rows)                                                                                      \
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)                                                            \
    judge_spoilt(&(rows)[i])

static void crt_040_cpf_003_cpf_004_the_keys_and_digests_of_real_cas_are_taken(void **state)
{
    static const struct spoilt rows[] = {
        { "P-256 throughout", { 0 }, { 0 }, { 0 }, NULL },
        { "P-384", { .key = "P-384", .digest = "SHA384" }, { .key = "P-384" }, { .digest = "SHA384" }, NULL },
        { "P-521", { .key = "P-521", .digest = "SHA512" }, { .key = "P-521" }, { .digest = "SHA512" }, NULL },
        { "RSA-2048 root", { .key = "RSA:2048" }, { 0 }, { 0 }, NULL },
        { "RSA-3072 CA", { 0 }, { .key = "RSA:3072" }, { 0 }, NULL },
        { "brainpool CA", { 0 }, { .key = "brainpoolP256r1" }, { 0 }, "P-256, P-384 or P-521 by name" },
        { "secp256k1 CA", { 0 }, { .key = "secp256k1" }, { 0 }, "P-256, P-384 or P-521 by name" },
        { "Ed25519 CA", { 0 }, { .key = "ED25519" }, { 0 }, "neither RSA nor ECDSA" },
        { "RSA-1024 CA", { 0 }, { .key = "RSA:1024" }, { 0 }, "too weak" },
        { "RSA-4352 CA", { 0 }, { .key = "RSA:4352" }, { 0 }, "2048 to 4096" },
    };
    (void)state;
    JUDGE_ALL(rows);
}

static void sec_018_a_ca_that_may_not_issue_leads_nowhere(void **state)
{
    static const struct spoilt rows[] = {
        { "no basicConstraints",
          { 0 },
          { .extensions = "keyUsage=critical,keyCertSign\n" PKI_KEY_IDS },
          { 0 },
          "invalid CA certificate" },
        { "CA:FALSE",
          { 0 },
          { .extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign\n" PKI_KEY_IDS },
          { 0 },
          "invalid CA certificate" },
        { "without keyCertSign",
          { 0 },
          { .extensions =
                "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n" PKI_KEY_IDS },
          { 0 },
          "key usage does not include certificate signing" },
        { "without keyUsage",
          { 0 },
          { .extensions = "basicConstraints=critical,CA:TRUE\n" PKI_KEY_IDS },
          { 0 },
          "below the anchor has no keyUsage" },
        { "an anchor without keyUsage, as two real ones",
          { .extensions = "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n" },
          { 0 },
          { 0 },
          NULL },
        { "an anchor whose pathlen is 0",
          { .extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage="
                          "keyCertSign\nsubjectKeyIdentifier=hash\n" },
          { 0 },
          { 0 },
          "path length constraint exceeded" },
        { "a version 1 CA",
          { 0 },
          { .extensions = "", .version = 1 },
          { .extensions = PKI_SPC },
          "invalid CA certificate" },
    };
    (void)state;
    JUDGE_ALL(rows);
}

static void sec_020_names_out_of_bounds_and_unknown_critical_extensions_are_refused(void **state)
{
    static const struct spoilt rows[] = {
        { "a DNS name outside",
          { 0 },
          { .extensions = PKI_CA "nameConstraints=critical,permitted;DNS:good.example\n" },
          { .extensions = PKI_LEAF "subjectAltName=DNS:sip.bad.example\n" },
          "permitted subtree violation" },
        { "a DNS name inside",
          { 0 },
          { .extensions = PKI_CA "nameConstraints=critical,permitted;DNS:good.example\n" },
          { .extensions = PKI_LEAF "subjectAltName=DNS:sip.good.example\n" },
          NULL },
        { "an excluded name",
          { 0 },
          { .extensions = PKI_CA "nameConstraints=critical,excluded;DNS:bad.example\n" },
          { .extensions = PKI_LEAF "subjectAltName=DNS:sip.bad.example\n" },
          "excluded subtree violation" },
        { "unknown and critical in the leaf",
          { 0 },
          { 0 },
          { .extensions = PKI_LEAF "1.2.3.4=critical,DER:05:00\n" },
          "unhandled critical extension" },
        { "unknown and critical in the CA",
          { 0 },
          { .extensions = PKI_CA "1.2.3.4=critical,DER:05:00\n" },
          { 0 },
          "unhandled critical extension" },
        { "unknown, not critical", { 0 }, { 0 }, { .extensions = PKI_LEAF "1.2.3.4=DER:05:00\n" }, NULL },
        { "crt_001: a critical TNAuthList is read",
          { 0 },
          { 0 },
          { .extensions = PKI_EE PKI_TNAUTH "critical,DER:30:08:A0:06:16:04:31:32:33:34\n" },
          NULL },
        { "a critical TNAuthList beside an unknown one",
          { 0 },
          { 0 },
          { .extensions = PKI_EE PKI_TNAUTH
            "critical,DER:30:08:A0:06:16:04:31:32:33:34\n1.2.3.4=critical,DER:05:00\n" },
          "unhandled critical extension" },
    };
    (void)state;
    JUDGE_ALL(rows);
}

static void sec_022_a_certificate_that_names_another_issuing_key_is_refused(void **state)
{
    static const struct spoilt rows[] = {
        { "another key identifier",
          { 0 },
          { 0 },
          { .extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                          "authorityKeyIdentifier=DER:30:16:80:14:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:"
                          "0F:10:11:12:13:14\n" PKI_SPC },
          "authority and subject key identifier mismatch" },
        { "another issuer and serial number",
          { 0 },
          { .serial = 7 },
          { .extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                          "authorityKeyIdentifier=DER:30:15:A1:10:A4:0E:30:0C:31:0A:30:08:06:03:55:04:03:0C:"
                          "01:58:82:01:09\n" PKI_SPC },
          "authority and issuer serial number mismatch" },
        { "no authorityKeyIdentifier at all",
          { 0 },
          { 0 },
          { .extensions =
                "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n" PKI_SPC },
          NULL },
    };
    (void)state;
    JUDGE_ALL(rows);
}

static void sec_023_sha1_and_md5_hold_nothing_together(void **state)
{
    static const struct spoilt rows[] = {
        { "a SHA-1 leaf", { 0 }, { 0 }, { .digest = "SHA1" }, "digest algorithm too weak" },
        { "a SHA-1 CA", { 0 }, { .digest = "SHA1" }, { 0 }, "digest algorithm too weak" },
        { "an MD5 CA under RSA",
          { .key = "RSA:2048" },
          { .digest = "MD5" },
          { 0 },
          "digest algorithm too weak" },
        { "an anchor's signature over itself proves nothing anyway",
          { .digest = "SHA1" },
          { 0 },
          { 0 },
          NULL },
        { "SHA-224 is 112 bits", { 0 }, { .digest = "SHA224" }, { 0 }, NULL },
    };
    (void)state;
    JUDGE_ALL(rows);
}

/* ---- time ---- */

static void sec_017_each_of_three_certificates_ends_the_path_to_the_second(void **state)
{
    static const utc_t from = PKI_FROM + 1000, to = PKI_TO - 1000;
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct pki_dir dir = pki_dir();
        struct pki p;
        p.root = pki_make(&(struct pki_order){ .name = "Root",
                                               .extensions = PKI_ROOT,
                                               .from = which == 0 ? from : 0,
                                               .to = which == 0 ? to : 0 });
        p.ca = pki_make(&(struct pki_order){ .name = "CA",
                                             .extensions = PKI_CA,
                                             .issuer = p.root.x,
                                             .issuer_key = p.root.key,
                                             .from = which == 1 ? from : 0,
                                             .to = which == 1 ? to : 0 });
        p.leaf = pki_make(&(struct pki_order){ .issuer = p.ca.x,
                                               .issuer_key = p.ca.key,
                                               .from = which == 2 ? from : 0,
                                               .to = which == 2 ? to : 0 });
        auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
        auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(p.leaf.x, p.ca.x));
        assert_int_equal(signer_standing(s, from - 1, NULL), STANDING_NOT_YET);
        assert_int_equal(signer_standing(s, from, NULL), STANDING_TRUSTED);
        assert_int_equal(signer_standing(s, to, NULL), STANDING_TRUSTED);
        assert_int_equal(signer_standing(s, to + 1, NULL), STANDING_EXPIRED);
        pki_free(&p);
        pki_dir_remove(&dir);
    }
}

static void certificates_that_are_never_valid_together_make_no_path(void **state)
{
    static const struct spoilt row = { "one ends before the other begins",
                                       { 0 },
                                       { .to = PKI_FROM + 10 },
                                       { .from = PKI_FROM + 11 },
                                       "never valid at the same time" };
    (void)state;
    judge_spoilt(&row);
}

/* ---- more than one way ---- */

static void a_path_is_found_among_roots_of_the_same_name(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    struct pki_pair other = pki_make(&(struct pki_order){
        .name = "C=US/CN=Root",
        .extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n" });
    struct pki_pair earlier = pki_make(&(struct pki_order){ .name = "C=US/CN=Root",
                                                            .extensions = PKI_ROOT,
                                                            .own = p.root.key,
                                                            .from = PKI_FROM - 5000,
                                                            .to = PKI_FROM + 500 });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, other.x, earlier.x, p.root.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(p.leaf.x, p.ca.x));
    assert_true(holds_now(s));
    assert_int_equal(s->n_paths, 2);
    assert_int_equal(signer_standing(s, PKI_FROM, NULL), STANDING_TRUSTED);
    pki_clear(&other);
    pki_clear(&earlier);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void a_renewed_ca_and_a_cross_certificate_each_add_their_time(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p;
    (void)state;
    p.root = pki_make(&(struct pki_order){ .name = "Root", .extensions = PKI_ROOT });
    struct pki_pair elder = pki_make(&(struct pki_order){ .name = "Elder", .extensions = PKI_ROOT });
    p.ca = pki_make(&(struct pki_order){ .name = "CA",
                                         .extensions = PKI_CA,
                                         .issuer = p.root.x,
                                         .issuer_key = p.root.key,
                                         .to = PKI_FROM + 1000 });
    struct pki_pair renewed = pki_make(&(struct pki_order){ .name = "CA",
                                                            .extensions = PKI_CA,
                                                            .issuer = p.root.x,
                                                            .issuer_key = p.root.key,
                                                            .own = p.ca.key,
                                                            .from = PKI_FROM + 2000,
                                                            .to = PKI_FROM + 3000 });
    struct pki_pair crossed = pki_make(&(struct pki_order){ .name = "CA",
                                                            .extensions = PKI_CA,
                                                            .issuer = elder.x,
                                                            .issuer_key = elder.key,
                                                            .own = p.ca.key,
                                                            .from = PKI_FROM + 4000 });
    p.leaf = pki_make(&(struct pki_order){ .issuer = p.ca.x, .issuer_key = p.ca.key });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x, elder.x);
    auto_(signer_destroy) struct signer *s =
        pki_signer(trust, PKI_PEM(p.leaf.x, p.ca.x, renewed.x, crossed.x));
    static const struct {
        utc_t after;
        enum signer_standing standing;
    } rows[] = { { 0, STANDING_TRUSTED },
                 { 1000, STANDING_TRUSTED },
                 { 1001, STANDING_NOT_YET },
                 { 2000, STANDING_TRUSTED },
                 { 3001, STANDING_NOT_YET },
                 { 4000, STANDING_TRUSTED },
                 { PKI_TO - PKI_FROM + 1, STANDING_EXPIRED } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (signer_standing(s, PKI_FROM + rows[i].after, NULL) != rows[i].standing)
            fail_msg("%lld s after the beginning", (long long)rows[i].after);
    pki_clear(&elder);
    pki_clear(&renewed);
    pki_clear(&crossed);
    pki_free(&p);
    pki_dir_remove(&dir);
}

/* Twelve namesakes that could all have issued each other: bounded work, and the good path still found. */
static void a_thicket_of_namesakes_is_bounded(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    struct pki_pair bush[5];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bush); i++)
        bush[i] = pki_make(&(struct pki_order){
            .name = "C=US/CN=CA",
            .issuer_name = "C=US/CN=CA",
            .extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
            .issuer_key = p.ca.key });
    struct pki_pair leaf = pki_make(&(struct pki_order){
        .issuer = p.ca.x,
        .issuer_key = p.ca.key,
        .extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n" PKI_SPC });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *s =
        pki_signer(trust, PKI_PEM(leaf.x, bush[0].x, bush[1].x, bush[2].x, bush[3].x, bush[4].x));
    assert_int_equal(s->n_paths, 0);
    for (size_t i = 0; i < ARRAY_SIZE(bush); i++)
        pki_clear(&bush[i]);
    pki_clear(&leaf);
    pki_free(&p);
    pki_dir_remove(&dir);
}

/* ---- what comes with the leaf ---- */

static void sec_021_any_order_of_blocks_is_read_and_a_missing_one_is_missed(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    struct pki_pair stranger = pki_make(&(struct pki_order){ .name = "Stranger", .extensions = PKI_ROOT });
    (void)state;
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    X509 *orders[][6] = {
        { p.leaf.x, p.ca.x },
        { p.ca.x, p.leaf.x },
        { p.root.x, p.ca.x, p.leaf.x },
        { p.leaf.x, p.root.x, p.ca.x },
        { p.leaf.x, p.leaf.x, p.ca.x, p.ca.x },
        { stranger.x, p.leaf.x, p.ca.x },
        { p.leaf.x, p.ca.x, stranger.x, p.root.x },
    };
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        auto_(signer_destroy) struct signer *s = pki_signer(trust, pki_pem(orders[i], 6));
        if (s->fitness != SIGNER_FIT || !holds_now(s))
            fail_msg("order %zu: %s: %s", i, s->why, s->path_why);
    }
    auto_(signer_destroy) struct signer *alone = pki_signer(trust, PKI_PEM(p.leaf.x));
    assert_why(alone, "without its CA", "no issuer of the chain leads to an anchor");
    auto_(signer_destroy) struct signer *with_stranger = pki_signer(trust, PKI_PEM(p.leaf.x, stranger.x));
    assert_why(with_stranger, "with another CA", "no issuer of the chain leads to an anchor");
    pki_clear(&stranger);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void an_intermediate_in_the_anchor_files_helps_and_is_no_anchor(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x, p.ca.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(p.leaf.x));
    assert_true(holds_now(s));
    assert_int_equal(trust_domain_anchors(trust, 0), 1);
    struct pki_pair other = pki_make(&(struct pki_order){ .name = "Other", .extensions = PKI_ROOT });
    auto_(trust_destroy) struct trust *partial = PKI_TRUST(&dir, NULL, other.x, p.ca.x);
    auto_(signer_destroy) struct signer *no = pki_signer(partial, PKI_PEM(p.leaf.x, p.ca.x));
    assert_why(no, "the CA alone is listed", "no issuer of the chain leads to an anchor");
    pki_clear(&other);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void sec_019_a_leaf_issues_nothing(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    struct pki_pair child =
        pki_make(&(struct pki_order){ .name = "Child", .issuer = p.leaf.x, .issuer_key = p.leaf.key });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(child.x, p.leaf.x, p.ca.x));
    assert_string_equal(s->subject, "CN=Child");
    assert_why(s, "issued by a leaf", "key usage does not include certificate signing");
    pki_clear(&child);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void sec_018_one_ca_too_many_below_a_path_length(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    struct pki_pair below = pki_make(&(struct pki_order){
        .name = "Below", .extensions = PKI_CA, .issuer = p.ca.x, .issuer_key = p.ca.key });
    struct pki_pair leaf = pki_make(&(struct pki_order){ .issuer = below.x, .issuer_key = below.key });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(leaf.x, below.x, p.ca.x));
    assert_why(s, "two CAs", "path length constraint exceeded");
    pki_clear(&below);
    pki_clear(&leaf);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void sec_016_a_self_signed_leaf_is_trusted_only_as_an_anchor(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    struct pki_pair own = pki_make(&(struct pki_order){ .name = "Own", .extensions = PKI_LEAF });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *stranger = pki_signer(trust, PKI_PEM(own.x));
    assert_why(stranger, "a stranger", "self-signed and no anchor");
    auto_(trust_destroy) struct trust *itself = PKI_TRUST(&dir, NULL, own.x);
    auto_(signer_destroy) struct signer *anchor = pki_signer(itself, PKI_PEM(own.x));
    assert_int_equal(anchor->fitness, SIGNER_FIT);
    assert_true(holds_now(anchor));
    /* The same name and another key is another certificate. */
    struct pki_pair twin = pki_make(&(struct pki_order){ .name = "Own", .extensions = PKI_LEAF });
    auto_(signer_destroy) struct signer *false_twin = pki_signer(itself, PKI_PEM(twin.x));
    assert_int_equal(false_twin->n_paths, 0);
    pki_clear(&twin);
    pki_clear(&own);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void a_forged_signature_holds_no_path(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    struct pki_pair forged = pki_make(&(struct pki_order){ .issuer = p.ca.x, .issuer_key = p.leaf.key });
    struct pki_pair forged_ca = pki_make(&(struct pki_order){ .name = "C=US/CN=CA",
                                                              .extensions = PKI_CA,
                                                              .own = p.leaf.key,
                                                              .issuer = p.root.x,
                                                              .issuer_key = p.leaf.key });
    struct pki_pair below =
        pki_make(&(struct pki_order){ .issuer = forged_ca.x, .issuer_key = forged_ca.key });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(forged.x, p.ca.x));
    assert_why(s, "a leaf signed by somebody else", "certificate signature failure");
    auto_(signer_destroy) struct signer *t = pki_signer(trust, PKI_PEM(below.x, forged_ca.x, p.ca.x));
    assert_why(t, "a CA signed by somebody else", "certificate signature failure");
    pki_clear(&forged);
    pki_clear(&forged_ca);
    pki_clear(&below);
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void sec_015_a_ca_with_spelled_out_curve_parameters_is_refused(void **state)
{
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    EVP_PKEY *key = pki_key("P-256");
    (void)state;
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
    struct pki_pair ca = pki_make(&(struct pki_order){
        .name = "CA2", .extensions = PKI_CA, .own = key, .issuer = p.root.x, .issuer_key = p.root.key });
    struct pki_pair leaf = pki_make(&(struct pki_order){ .issuer = ca.x, .issuer_key = ca.key });
    auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, NULL, p.root.x);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(leaf.x, ca.x));
    assert_why(s, "explicit parameters", "");
    EVP_PKEY_free(key);
    pki_clear(&ca);
    pki_clear(&leaf);
    pki_free(&p);
    pki_dir_remove(&dir);
}

/* ---- a domain's own rules ---- */

static void sec_025_policies_and_countries_of_the_domain_are_asked_for(void **state)
{
    static const char *const exact[] = { "2.16.840.1.114569.1.1.3", "2.16.840.1.114569.1.1.4" };
    static const char *const arc[] = { "2.16.840.1.114569.1.1.*" };
    static const char *const us[] = { "us" }, *const fr_ca[] = { "FR", "CA" };
    static const struct {
        const char *what, *leaf;
        const char *const *oids;
        size_t n_oids;
        const char *const *countries;
        size_t n_countries;
        const char *why;
    } rows[] = {
        { "one of them", PKI_LEAF "certificatePolicies=2.16.840.1.114569.1.1.4\n", exact, 2, NULL, 0, NULL },
        { "the arc", PKI_LEAF "certificatePolicies=2.16.840.1.114569.1.1.9\n", arc, 1, NULL, 0, NULL },
        { "the arc itself is no policy of it", PKI_LEAF "certificatePolicies=2.16.840.1.114569.1.1\n", arc, 1,
          NULL, 0, "no certificate policy" },
        { "another arc", PKI_LEAF "certificatePolicies=2.16.840.1.114569.1.11.4\n", arc, 1, NULL, 0,
          "no certificate policy" },
        { "another", PKI_LEAF "certificatePolicies=1.2.3.4\n", exact, 2, NULL, 0, "no certificate policy" },
        { "none", PKI_LEAF, exact, 2, NULL, 0, "no certificate policy" },
        { "the country", PKI_LEAF, NULL, 0, us, 1, NULL },
        { "other countries", PKI_LEAF, NULL, 0, fr_ca, 2, "country" },
    };
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct trust_domain_options o = { .name = "test",
                                                .policy_oids = rows[i].oids,
                                                .n_policy_oids = rows[i].n_oids,
                                                .subject_c = rows[i].countries,
                                                .n_subject_c = rows[i].n_countries };
        struct pki_pair leaf = pki_make(
            &(struct pki_order){ .extensions = rows[i].leaf, .issuer = p.ca.x, .issuer_key = p.ca.key });
        auto_(trust_destroy) struct trust *trust = PKI_TRUST(&dir, &o, p.root.x);
        auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(leaf.x, p.ca.x));
        assert_why(s, rows[i].what, rows[i].why);
        pki_clear(&leaf);
    }
    pki_free(&p);
    pki_dir_remove(&dir);
}

static void sec_026_a_delegate_speaks_for_no_more_than_its_issuer(void **state)
{
    /* range 12155551000 x 1000 */
    static const char parent[] =
        PKI_CA PKI_TNAUTH "DER:30:15:A1:13:30:11:16:0B:31:32:31:35:35:35:35:31:30:30:30:02:02:03:E8\n";
    static const struct spoilt rows[] = {
        { "the same range",
          { 0 },
          { .extensions = parent },
          { .extensions = PKI_EE PKI_TNAUTH
            "DER:30:15:A1:13:30:11:16:0B:31:32:31:35:35:35:35:31:30:30:30:02:02:03:E8\n" },
          NULL },
        { "a number of it",
          { 0 },
          { .extensions = parent },
          { .extensions = PKI_EE PKI_TNAUTH "DER:30:0F:A2:0D:16:0B:31:32:31:35:35:35:35:31:32:31:32\n" },
          NULL },
        { "one number more",
          { 0 },
          { .extensions = parent },
          { .extensions = PKI_EE PKI_TNAUTH
            "DER:30:15:A1:13:30:11:16:0B:31:32:31:35:35:35:35:31:30:30:30:02:02:03:E9\n" },
          "numbers its issuer does not have" },
        { "a number of another range",
          { 0 },
          { .extensions = parent },
          { .extensions = PKI_EE PKI_TNAUTH "DER:30:0F:A2:0D:16:0B:31:32:31:35:35:35:35:32:32:31:32\n" },
          "numbers its issuer does not have" },
        { "a whole carrier", { 0 }, { .extensions = parent }, { 0 }, "numbers its issuer does not have" },
        { "an issuer whose list cannot be read",
          { 0 },
          { .extensions = PKI_CA PKI_TNAUTH "DER:30:00\n" },
          { 0 },
          "numbers its issuer does not have" },
    };
    (void)state;
    JUDGE_ALL(rows);
}

static void tru_006_each_domain_judges_for_itself_in_the_order_of_configuration(void **state)
{
    static const char *const canada[] = { "CA" };
    struct pki_dir dir = pki_dir();
    struct pki p = pki_usual();
    const struct signer_path *path = NULL;
    char *message = NULL;
    struct trust *trust = NULL;
    (void)state;
    const char *anchor = pki_pem_file(&dir, "a.pem", &p.root.x, 1);
    const struct trust_domain_options domains[] = {
        { .name = "ca", .anchors = &anchor, .n_anchors = 1, .subject_c = canada, .n_subject_c = 1 },
        { .name = "us", .anchors = &anchor, .n_anchors = 1 },
        { .name = "lab", .anchors = &anchor, .n_anchors = 1, .lab = true },
    };
    assert_int_equal(trust_create(domains, 3, 1, PKI_NOW, &trust, &message), BF_OK);
    auto_(signer_destroy) struct signer *s = pki_signer(trust, PKI_PEM(p.leaf.x, p.ca.x));
    assert_int_equal(s->n_paths, 2);
    assert_int_equal(signer_standing(s, PKI_NOW, &path), STANDING_TRUSTED);
    assert_string_equal(trust_domain_name(trust, path->domain), "us");
    trust_destroy(trust);
    assert_int_equal(trust_create(NULL, 0, 1, PKI_NOW, &trust, &message), BF_OK);
    auto_(signer_destroy) struct signer *none = pki_signer(trust, PKI_PEM(p.leaf.x, p.ca.x));
    assert_int_equal(none->fitness, SIGNER_FIT);
    assert_why(none, "no domains", "no trust anchors are configured");
    trust_destroy(trust);
    pki_free(&p);
    pki_dir_remove(&dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crt_040_cpf_003_cpf_004_the_keys_and_digests_of_real_cas_are_taken),
        cmocka_unit_test(sec_018_a_ca_that_may_not_issue_leads_nowhere),
        cmocka_unit_test(sec_018_one_ca_too_many_below_a_path_length),
        cmocka_unit_test(sec_019_a_leaf_issues_nothing),
        cmocka_unit_test(sec_020_names_out_of_bounds_and_unknown_critical_extensions_are_refused),
        cmocka_unit_test(sec_021_any_order_of_blocks_is_read_and_a_missing_one_is_missed),
        cmocka_unit_test(sec_022_a_certificate_that_names_another_issuing_key_is_refused),
        cmocka_unit_test(sec_023_sha1_and_md5_hold_nothing_together),
        cmocka_unit_test(sec_015_a_ca_with_spelled_out_curve_parameters_is_refused),
        cmocka_unit_test(sec_016_a_self_signed_leaf_is_trusted_only_as_an_anchor),
        cmocka_unit_test(sec_017_each_of_three_certificates_ends_the_path_to_the_second),
        cmocka_unit_test(sec_025_policies_and_countries_of_the_domain_are_asked_for),
        cmocka_unit_test(sec_026_a_delegate_speaks_for_no_more_than_its_issuer),
        cmocka_unit_test(tru_006_each_domain_judges_for_itself_in_the_order_of_configuration),
        cmocka_unit_test(certificates_that_are_never_valid_together_make_no_path),
        cmocka_unit_test(a_path_is_found_among_roots_of_the_same_name),
        cmocka_unit_test(a_renewed_ca_and_a_cross_certificate_each_add_their_time),
        cmocka_unit_test(a_thicket_of_namesakes_is_bounded),
        cmocka_unit_test(an_intermediate_in_the_anchor_files_helps_and_is_no_anchor),
        cmocka_unit_test(a_forged_signature_holds_no_path),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
