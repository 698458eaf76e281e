/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A depth-first walk over "could have issued" (names, key identifiers, keyCertSign: X509_check_issued), which ends at
 * anchors; each candidate goes to X509_verify_cert with exactly its own certificates, so that what OpenSSL says, it says
 * of this path. Time is left out there and kept as the intersection of all validities.
 */
#include "trust/chain.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "trust/tnauth.h"
#include "trust/leaf.h"

struct walk {
    const struct domain *domain;
    enum chain_use use;
    STACK_OF(X509) * extra;
    struct chain path;
    chain_found *found;
    void *arg;
    unsigned tries, steps;
    bool stopped, held;
    int refused;        /* what X509_check_issued said to a namesake; 0: there was none */
    const char *judged; /* why the last candidate that was judged does not hold */
};

/* ---- what a key may be ---- */

static int named_curve(const X509 *x)
{
    X509_ALGOR *algor = NULL;
    const ASN1_OBJECT *type = NULL;
    const void *parameter = NULL;
    int kind = 0;
    X509_PUBKEY *key = X509_get_X509_PUBKEY(x);
    if (!key || X509_PUBKEY_get0_param(NULL, NULL, NULL, &algor, key) != 1)
        return NID_undef;
    X509_ALGOR_get0(&type, &kind, &parameter, algor);
    if (OBJ_obj2nid(type) != NID_X9_62_id_ecPublicKey || kind != V_ASN1_OBJECT)
        return NID_undef;
    return OBJ_obj2nid(parameter);
}

bool chain_key_is_p256(const X509 *x)
{
    return named_curve(x) == NID_X9_62_prime256v1 && X509_get0_pubkey(x);
}

const char *chain_key_refused(const X509 *x)
{
    const EVP_PKEY *key = X509_get0_pubkey(x);
    if (!key) {
        ERR_clear_error();
        return "a key that cannot be read, or is no point of its curve";
    }
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
        const int bits = EVP_PKEY_get_bits(key);
        return bits < 2048 || bits > 4096 ? "an RSA key that is not of 2048 to 4096 bits" : NULL;
    }
    case EVP_PKEY_EC: {
        const int curve = named_curve(x);
        return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1
                   ? NULL
                   : "an elliptic curve that is not P-256, P-384 or P-521 by name";
    }
    default: return "a key that is neither RSA nor ECDSA";
    }
}

/* ---- one candidate ---- */

/* OpenSSL does not know TNAuthList: a critical one is read by us, so it is not unknown (CRT-001). */
static bool only_tnauth_is_critical(X509 *x)
{
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *extension = X509_get_ext(x, i);
        if (X509_EXTENSION_get_critical(extension) && !X509_supported_extension(extension) &&
            !leaf_is_tnauth_list(extension))
            return false;
    }
    return true;
}

static int on_verify(int good, X509_STORE_CTX *ctx)
{
    if (!good && X509_STORE_CTX_get_error(ctx) == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION &&
        only_tnauth_is_critical(X509_STORE_CTX_get_current_cert(ctx))) {
        X509_STORE_CTX_set_error(ctx, X509_V_OK);
        return 1;
    }
    return good;
}

/* Level 2 refuses RSA below 2048, curves below 224 bits, and signatures over SHA-1 or MD5, the anchor's own excepted. */
static void set_rules(X509_STORE_CTX *ctx)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    X509_VERIFY_PARAM_set_depth(param, (int)CHAIN_DEPTH);
    X509_STORE_CTX_set_verify_cb(ctx, on_verify);
}

/* Exactly this path: one anchor to trust, its own intermediates and no others. NULL: it holds. */
static const char *openssl_verdict(const struct chain *path, STACK_OF(X509) * anchor,
                                   STACK_OF(X509) * between)
{
    const char *why = "out of memory";
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    for (size_t i = 1; i + 1 < path->n; i++)
        if (sk_X509_push(between, path->certificates[i]) <= 0)
            goto out;
    if (!ctx || sk_X509_push(anchor, path->certificates[path->n - 1]) <= 0 ||
        X509_STORE_CTX_init(ctx, NULL, path->certificates[0], between) != 1)
        goto out;
    X509_STORE_CTX_set0_trusted_stack(ctx, anchor);
    set_rules(ctx);
    const int good = X509_verify_cert(ctx);
    const int error = X509_STORE_CTX_get_error(ctx);
    why = good == 1 && error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
    if (!why && (size_t)sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) != path->n)
        why = "a shorter path was found"; /* which is explored as a candidate of its own */
out:
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return why;
}

static const char *ask_openssl(const struct chain *path)
{
    STACK_OF(X509) *anchor = sk_X509_new_null(), *between = sk_X509_new_null();
    const char *why = anchor && between ? openssl_verdict(path, anchor, between) : "out of memory";
    sk_X509_free(anchor);
    sk_X509_free(between);
    return why;
}

/* What OpenSSL lets pass and the profile does not: CPF-003, CPF-004, CPF-009, RFC 9060 section 4 (CRT-061). */
static const char *profile_verdict(const struct chain *path)
{
    for (size_t i = 1; i < path->n; i++) {
        X509 *ca = path->certificates[i];
        const char *why = chain_key_refused(ca);
        if (why)
            return why;
        if (i + 1 < path->n && !(X509_get_extension_flags(ca) & EXFLAG_KUSAGE))
            return "a CA certificate below the anchor has no keyUsage";
        if (!leaf_scope_lies_within(path->certificates[0], ca))
            return "the certificate speaks for numbers its issuer does not have";
    }
    return NULL;
}

static bool policy_matches(const char *wanted, const char *found)
{
    const size_t n = strlen(wanted);
    if (n > 2 && strcmp(wanted + n - 2, ".*") == 0)
        return strncmp(wanted, found, n - 1) == 0 && found[n - 1] != '\0';
    return strcmp(wanted, found) == 0;
}

static bool has_policy(const struct domain *d, const X509 *leaf)
{
    bool found = false;
    char text[POLICY_TEXT];
    CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(leaf, NID_certificate_policies, NULL, NULL);
    for (int i = 0; i < sk_POLICYINFO_num(policies) && !found; i++) {
        const int n = OBJ_obj2txt(text, sizeof text, sk_POLICYINFO_value(policies, i)->policyid, 1);
        for (size_t k = 0; k < d->n_policy_oids && n > 0 && (size_t)n < sizeof text; k++)
            found = found || policy_matches(d->policy_oids[k], text);
    }
    CERTIFICATEPOLICIES_free(policies);
    ERR_clear_error();
    return found;
}

/* Exactly one country in the subject (CPF-005), and one of the domain's. */
static bool has_country(const struct domain *d, const X509 *leaf)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    const int at = X509_NAME_get_index_by_NID(subject, NID_countryName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_countryName, at) >= 0)
        return false;
    const ASN1_STRING *c = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    const struct span found = span_make(ASN1_STRING_get0_data(c), (size_t)ASN1_STRING_length(c));
    for (size_t i = 0; i < d->n_subject_c; i++)
        if (span_equal_nocase(found, span_of(d->subject_c[i])))
            return true;
    return false;
}

static const char *domain_verdict(const struct domain *d, const X509 *leaf)
{
    if (d->n_policy_oids && !has_policy(d, leaf))
        return "the certificate carries no certificate policy of the trust domain";
    if (d->n_subject_c && !has_country(d, leaf))
        return "the subject's country is not the trust domain's";
    return NULL;
}

static void set_interval(struct chain *path)
{
    path->from = INT64_MIN;
    path->to = INT64_MAX;
    for (size_t i = 0; i < path->n; i++) {
        const utc_t from = x509_not_before(path->certificates[i]), to = x509_not_after(path->certificates[i]);
        path->from = from > path->from ? from : path->from;
        path->to = to < path->to ? to : path->to;
    }
}

static void judge(struct walk *w)
{
    const char *why = ask_openssl(&w->path);
    w->tries++;
    if (!why)
        why = profile_verdict(&w->path);
    if (!why && w->use == CHAIN_FOR_CALLS)
        why = domain_verdict(w->domain, w->path.certificates[0]);
    set_interval(&w->path);
    if (!why && w->path.from > w->path.to)
        why = "the certificates of the path are never valid at the same time";
    if (why) {
        w->judged = why;
        return;
    }
    w->held = true;
    w->stopped = !w->found(w->arg, &w->path);
}

/* ---- the walk ---- */

static bool on_path(const struct walk *w, const X509 *x)
{
    for (size_t i = 0; i < w->path.n; i++)
        if (X509_cmp(w->path.certificates[i], x) == 0)
            return true;
    return false;
}

static bool may_issue(struct walk *w, X509 *issuer, X509 *subject)
{
    const int answer = X509_check_issued(issuer, subject);
    if (answer != X509_V_OK && answer != X509_V_ERR_SUBJECT_ISSUER_MISMATCH && !w->refused)
        w->refused = answer;
    return answer == X509_V_OK;
}

static bool go_on(const struct walk *w)
{
    return !w->stopped && w->tries < CHAIN_TRIES && w->steps < CHAIN_STEPS && w->path.n < CHAIN_DEPTH;
}

static void climb(struct walk *w);

static void step(struct walk *w, X509 *issuer, bool is_anchor)
{
    w->path.certificates[w->path.n++] = issuer;
    if (is_anchor)
        judge(w);
    else
        climb(w);
    w->path.n--;
}

static void climb_through(struct walk *w, STACK_OF(X509) * candidates, bool are_anchors)
{
    X509 *top = w->path.certificates[w->path.n - 1];
    for (int i = 0; i < sk_X509_num(candidates) && go_on(w); i++) {
        X509 *x = sk_X509_value(candidates, i);
        w->steps++;
        /* A self-signed certificate that is no anchor leads nowhere. */
        if (!are_anchors && (X509_get_extension_flags(x) & EXFLAG_SS))
            continue;
        if (!on_path(w, x) && may_issue(w, x, top))
            step(w, x, are_anchors);
    }
}

static void climb(struct walk *w)
{
    climb_through(w, w->domain->anchors, true);
    climb_through(w, w->extra, false);
    climb_through(w, w->domain->known, false);
}

static bool is_among(STACK_OF(X509) * all, const X509 *x)
{
    for (int i = 0; i < sk_X509_num(all); i++)
        if (X509_cmp(sk_X509_value(all, i), x) == 0)
            return true;
    return false;
}

static const char *explain(const struct walk *w, X509 *leaf)
{
    if (w->held)
        return NULL;
    if (w->judged)
        return w->judged;
    if (sk_X509_num(w->domain->anchors) == 0)
        return "the trust domain has no anchors";
    if (X509_get_extension_flags(leaf) & EXFLAG_SS)
        return "the certificate is self-signed and no anchor";
    if (w->refused)
        return X509_verify_cert_error_string(w->refused);
    return "no issuer of the chain leads to an anchor";
}

const char *chain_explore(const struct domain *domain, enum chain_use use, X509 *leaf, STACK_OF(X509) * extra,
                          chain_found *found, void *arg)
{
    struct walk w = { .domain = domain, .use = use, .extra = extra, .found = found, .arg = arg };
    w.path.certificates[0] = leaf;
    w.path.n = 1;
    if (is_among(domain->anchors, leaf))
        judge(&w);
    else
        climb(&w);
    return explain(&w, leaf);
}
