/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bytes of a repository to what a call asks of its signer. Everything dear happens here, once: what is kept is
 * the key, the numbers, and the intervals in which a path holds, so that a verdict compares integers.
 */
#include "trust/signer.h"

#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/chain.h"
#include "trust/crl.h"
#include "trust/leaf.h"
#include "trust/pem.h"

#define NAME_MAX_TEXT 512u /* bytes of a subject that are kept */

void signer_destroy(struct signer *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_san_domains; i++)
        free(s->san_domains[i]);
    free(s->san_domains);
    es256_key_destroy(s->key);
    tnauth_destroy(s->tnauth);
    free(s->x5u);
    free(s->subject);
    free(s->issuer);
    free(s->serial);
    free(s->spc);
    free(s);
}

/* ---- which one is the leaf ---- */

static bool issued_another(STACK_OF(X509) * all, int at)
{
    X509 *x = sk_X509_value(all, at);
    for (int i = 0; i < sk_X509_num(all); i++)
        if (i != at && X509_check_issued(x, sk_X509_value(all, i)) == X509_V_OK)
            return true;
    return false;
}

/* The first that issued no other; a CA certificate only where nothing else is left. */
static X509 *find_leaf(STACK_OF(X509) * all)
{
    X509 *ca = NULL;
    for (int i = 0; i < sk_X509_num(all); i++) {
        X509 *x = sk_X509_value(all, i);
        if (issued_another(all, i))
            continue;
        if (X509_check_ca(x) == 0)
            return x;
        ca = ca ? ca : x;
    }
    return ca ? ca : sk_X509_value(all, 0);
}

/* ---- texts and digests ---- */

static char *copy(struct span s)
{
    char *text = malloc(s.n + 1);
    if (!text)
        return NULL;
    if (s.n)
        memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return text;
}

/* RFC 2253 escapes: printable ASCII only, whatever the name holds. */
static char *name_text(const X509_NAME *name)
{
    char *bytes = NULL, *text = NULL;
    BIO *out = BIO_new(BIO_s_mem());
    if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0) {
        const long n = BIO_get_mem_data(out, &bytes);
        text = copy(span_first(span_make(bytes, n > 0 ? (size_t)n : 0), NAME_MAX_TEXT));
    }
    BIO_free(out);
    return text;
}

static char *serial_text(const X509 *x)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    const int n = ASN1_STRING_length(serial) < 64 ? ASN1_STRING_length(serial) : 64;
    const uint8_t *bytes = ASN1_STRING_get0_data(serial);
    char *text = malloc(2 * (size_t)n + 1);
    for (int i = 0; text && i < n; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    if (text)
        text[2 * n] = '\0';
    return text;
}

static enum bf_err digests(const X509 *leaf, struct signer *s)
{
    unsigned char *spki = NULL;
    const int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &spki);
    enum bf_err err = n > 0 ? sha256_once(span_make(spki, (size_t)n), s->key_id) : BF_ECRYPTO;
    OPENSSL_free(spki);
    if (!err && X509_digest(leaf, EVP_sha256(), s->leaf_id, NULL) != 1)
        err = BF_ECRYPTO;
    return err;
}

static enum bf_err describe(X509 *leaf, struct signer *s)
{
    s->subject = name_text(X509_get_subject_name(leaf));
    s->issuer = name_text(X509_get_issuer_name(leaf));
    s->serial = serial_text(leaf);
    s->not_before = x509_not_before(leaf);
    s->not_after = x509_not_after(leaf);
    if (!s->subject || !s->issuer || !s->serial)
        return BF_ENOMEM;
    enum bf_err err = digests(leaf, s);
    return err ? err : leaf_san_domains(leaf, &s->san_domains, &s->n_san_domains);
}

/* ---- may it sign, and for whom ---- */

static enum bf_err unfit(struct signer *s, const char *why)
{
    s->fitness = SIGNER_UNFIT;
    s->why = why;
    return BF_OK;
}

/* A leaf must say whom it speaks for: by TNAuthList, or by a SIP domain (for identities that are URIs). */
static enum bf_err read_scope(const X509 *leaf, struct signer *s)
{
    struct fault fault = { 0, "a TNAuthorizationList that cannot be read" };
    enum bf_err err = leaf_tnauth(leaf, &s->tnauth, &fault);
    if (err == BF_ENOENT)
        return s->n_san_domains ? BF_OK
                                : unfit(s, "the certificate names neither numbers, carrier nor SIP domain");
    if (err == BF_EFORM || err == BF_ELIMIT)
        return unfit(s, fault.what);
    if (err)
        return err;
    s->spc = copy(tnauth_spc(s->tnauth));
    return s->spc ? BF_OK : BF_ENOMEM;
}

static enum bf_err judge_leaf(X509 *leaf, struct signer *s)
{
    enum bf_err err = read_scope(leaf, s);
    const char *why = leaf_unfit(leaf);
    if (!err && why)
        return unfit(s, why);
    if (err || s->fitness != SIGNER_FIT)
        return err;
    err = es256_key_create(X509_get0_pubkey(leaf), &s->key);
    if (err == BF_EUNSUP)
        return unfit(s, "the certificate's key is no point of P-256");
    return err;
}

/* ---- paths ---- */

struct collect {
    struct signer *signer;
    const struct domain *domain;
    uint8_t index;
};

/* Does another path of the domain already say as much, and no worse? */
static bool is_told(const struct signer *s, const struct signer_path *p)
{
    for (size_t i = 0; i < s->n_paths; i++) {
        const struct signer_path *q = &s->paths[i];
        if (q->domain == p->domain && q->revocation == p->revocation && q->from <= p->from && q->to >= p->to)
            return true;
    }
    return false;
}

static bool collect_path(void *arg, const struct chain *chain)
{
    struct collect *c = arg;
    struct signer *s = c->signer;
    const struct signer_path path = { c->index, chain->from, chain->to, crl_of_path(c->domain, chain) };
    if (!is_told(s, &path))
        s->paths[s->n_paths++] = path;
    return s->n_paths < SIGNER_PATHS;
}

static void find_paths(const struct trust *trust, X509 *leaf, STACK_OF(X509) * all, struct signer *s)
{
    s->path_why = "no trust anchors are configured";
    for (size_t i = 0; i < trust_domains(trust) && s->n_paths < SIGNER_PATHS; i++) {
        struct collect c = { s, trust_domain(trust, i), (uint8_t)i };
        const char *why = chain_explore(c.domain, CHAIN_FOR_CALLS, leaf, all, collect_path, &c);
        /* What the first domain says, unless a later one holds. */
        if (i == 0 || !why)
            s->path_why = why;
    }
    if (s->n_paths)
        s->path_why = "a path holds";
}

/* ---- the whole ---- */

static size_t memory_of(const struct signer *s)
{
    size_t bytes = sizeof *s + strlen(s->x5u) + strlen(s->subject) + strlen(s->issuer) + strlen(s->serial) +
                   strlen(s->spc) + 5;
    if (s->tnauth)
        bytes += sizeof *s->tnauth + s->tnauth->n * sizeof *s->tnauth->entries + s->tnauth->der_n;
    for (size_t i = 0; i < s->n_san_domains; i++)
        bytes += strlen(s->san_domains[i]) + 1;
    if (s->san_domains)
        bytes += LEAF_SAN_MAX * sizeof *s->san_domains;
    return bytes + (s->key ? es256_key_bytes(s->key) : 0);
}

static enum bf_err fill_texts(struct signer *s)
{
    char **const texts[] = { &s->subject, &s->issuer, &s->serial, &s->spc };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (!*texts[i] && !(*texts[i] = strdup("")))
            return BF_ENOMEM;
    return BF_OK;
}

static enum bf_err unparsed(struct signer *s, enum bf_err err)
{
    s->fitness = SIGNER_UNPARSED;
    s->why = err == BF_ELIMIT ? s->fetched
                                    ? "the repository's answer holds more than 6 certificates or 64 KiB"
                                    : "the given chain holds more than 64 certificates or 64 KiB"
                              : "the repository's answer holds no certificate, or one that cannot be read";
    s->path_why = s->why;
    return BF_OK;
}

static enum bf_err fill(const struct trust *trust, struct span pem, struct signer *s)
{
    STACK_OF(X509) *all = NULL;
    const size_t max = s->fetched ? LIMIT_CHAIN_CERTS : LIMIT_GIVEN_CERTS;
    enum bf_err err = pem.n > LIMIT_CHAIN_BYTES ? BF_ELIMIT : pem_certificates(pem, max, &all, NULL);
    if (err == BF_EFORM || err == BF_ELIMIT)
        return unparsed(s, err);
    if (err)
        return err;
    X509 *leaf = find_leaf(all);
    s->fitness = SIGNER_FIT;
    s->why = "the certificate may sign calls";
    s->n_certificates = (size_t)sk_X509_num(all);
    err = describe(leaf, s);
    if (!err)
        err = judge_leaf(leaf, s);
    if (!err)
        find_paths(trust, leaf, all, s);
    pem_certificates_free(all);
    return err;
}

enum bf_err signer_build(const struct trust *trust, struct span x5u, struct span pem, utc_t fetched,
                         struct signer **ret)
{
    auto_(signer_destroy) struct signer *s = calloc(1, sizeof *s);
    if (!s || !(s->x5u = copy(x5u)))
        return BF_ENOMEM;
    s->fetched = fetched;
    s->generation = trust_generation(trust);
    enum bf_err err = fill(trust, pem, s);
    ERR_clear_error();
    if (!err)
        err = fill_texts(s);
    if (err)
        return err;
    s->bytes = memory_of(s);
    *ret = s;
    s = NULL;
    return BF_OK;
}

/* ---- at a moment ---- */

/* Of two paths that hold in one domain: rather the one of which nothing bad is known. */
static bool is_better(const struct signer_path *a, const struct signer_path *b)
{
    static const int rank[] = {
        [REVOCATION_GOOD] = 0, [REVOCATION_NOT_ASKED] = 1, [REVOCATION_UNKNOWN] = 2, [REVOCATION_REVOKED] = 3
    };
    return a->domain == b->domain && rank[a->revocation] < rank[b->revocation];
}

enum signer_standing signer_standing(const struct signer *s, utc_t at, const struct signer_path **ret_path)
{
    const struct signer_path *best = NULL;
    bool later = false;
    for (size_t i = 0; i < s->n_paths; i++) {
        const struct signer_path *p = &s->paths[i];
        later = later || p->from > at;
        if (p->from <= at && at <= p->to && (!best || is_better(p, best)))
            best = p;
    }
    if (best) {
        if (ret_path)
            *ret_path = best;
        return STANDING_TRUSTED;
    }
    return s->n_paths == 0 ? STANDING_UNTRUSTED : later ? STANDING_NOT_YET : STANDING_EXPIRED;
}
