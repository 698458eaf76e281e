/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL reads lists and follows certificateIssuer from entry to entry (X509_CRL_get0_by_cert); who may have signed
 * one, what in it is critical, and whether it is newer than the one before, is decided here.
 */
#include "trust/crl.h"

#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/pem.h"

void crl_destroy(struct crl *crl)
{
    if (!crl)
        return;
    X509_CRL_free(crl->list);
    free(crl->path);
    free(crl);
}

/* ---- reading ---- */

static bool read_time(const ASN1_TIME *time, utc_t *ret)
{
    struct tm tm;
    if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *ret = timegm(&tm);
    return true;
}

static bool is_known(X509_EXTENSION *extension, const int *nids, size_t n)
{
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    for (size_t i = 0; i < n; i++)
        if (nid == nids[i])
            return true;
    return false;
}

static bool list_extensions_are_known(const X509_CRL *list)
{
    static const int known[] = { NID_issuing_distribution_point, NID_authority_key_identifier,
                                 NID_crl_number };
    for (int i = 0; i < X509_CRL_get_ext_count(list); i++) {
        X509_EXTENSION *e = X509_CRL_get_ext(list, i);
        if (X509_EXTENSION_get_critical(e) && !is_known(e, known, ARRAY_SIZE(known)))
            return false;
    }
    return true;
}

static bool entry_extensions_are_known(X509_CRL *list)
{
    static const int known[] = { NID_certificate_issuer, NID_crl_reason, NID_invalidity_date };
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        for (int k = 0; k < X509_REVOKED_get_ext_count(entry); k++) {
            X509_EXTENSION *e = X509_REVOKED_get_ext(entry, k);
            if (X509_EXTENSION_get_critical(e) && !is_known(e, known, ARRAY_SIZE(known)))
                return false;
        }
    }
    return true;
}

static bool digest_is_strong(const X509_CRL *list)
{
    int digest = NID_undef;
    OBJ_find_sigid_algs(X509_CRL_get_signature_nid(list), &digest, NULL);
    return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

static const char *read_distribution_point(struct crl *crl)
{
    int critical = -1;
    ISSUING_DIST_POINT *idp =
        X509_CRL_get_ext_d2i(crl->list, NID_issuing_distribution_point, &critical, NULL);
    if (!idp)
        return critical == -1 ? NULL : "its issuingDistributionPoint cannot be read";
    crl->indirect = idp->indirectCRL > 0;
    const bool partial = idp->onlysomereasons || idp->onlyattr > 0;
    ISSUING_DIST_POINT_free(idp);
    return partial ? "it covers only some reasons or attribute certificates" : NULL;
}

/* Everything that can be said without knowing who signed. */
static const char *judge_list(struct crl *crl)
{
    if (X509_CRL_get_ext_by_NID(crl->list, NID_delta_crl, -1) >= 0)
        return "it is a delta list";
    if (!list_extensions_are_known(crl->list) || !entry_extensions_are_known(crl->list))
        return "it has an unknown critical extension";
    if (!read_time(X509_CRL_get0_lastUpdate(crl->list), &crl->this_update) ||
        !read_time(X509_CRL_get0_nextUpdate(crl->list), &crl->next_update))
        return "it does not say when it was made and when the next one is due";
    if (!digest_is_strong(crl->list))
        return "it is signed over a weak digest";
    return read_distribution_point(crl);
}

/* Takes list over; why: for a row without a list. */
static enum bf_err add(const char *path, X509_CRL *list, const char *why, struct crl ***lists, size_t *n)
{
    struct crl *crl = calloc(1, sizeof *crl);
    struct crl **more = crl ? realloc(*lists, (*n + 1) * sizeof(struct crl *)) : NULL;
    if (more)
        *lists = more;
    if (!more || !(crl->path = strdup(path))) {
        free(crl);
        X509_CRL_free(list);
        return BF_ENOMEM;
    }
    crl->list = list;
    crl->why = list ? judge_list(crl) : why;
    ERR_clear_error();
    more[(*n)++] = crl;
    return BF_OK;
}

static X509_CRL *read_der(struct span der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509_CRL *list = der.n ? d2i_X509_CRL(NULL, &p, (long)der.n) : NULL;
    if (list && p != (const unsigned char *)der.p + der.n) {
        X509_CRL_free(list);
        list = NULL;
    }
    ERR_clear_error();
    return list;
}

static enum bf_err add_signer(STACK_OF(X509) * signers, struct span der)
{
    X509 *x = pem_x509(der);
    if (!x)
        return BF_OK; /* a signer that cannot be read proves nothing: the list will say so */
    if (sk_X509_push(signers, x) > 0)
        return BF_OK;
    X509_free(x);
    return BF_ENOMEM;
}

static enum bf_err read_block(const char *path, const struct pem_block *block, struct crl ***lists, size_t *n,
                              STACK_OF(X509) * signers)
{
    const bool is_list = span_equal(block->label, SPAN("X509 CRL"));
    uint8_t *der = NULL;
    size_t der_n = 0;
    if (!is_list && !span_equal(block->label, SPAN("CERTIFICATE")))
        return BF_OK;
    enum bf_err err = pem_decode(block, &der, &der_n, NULL);
    if (err == BF_EFORM)
        return add(path, NULL, "a block of it is not base64", lists, n);
    if (!err && is_list)
        err = add(path, read_der(span_make(der, der_n)), "it cannot be read", lists, n);
    else if (!err)
        err = add_signer(signers, span_make(der, der_n));
    free(der);
    return err;
}

static enum bf_err read_blocks(const char *path, struct span bytes, struct crl ***lists, size_t *n,
                               STACK_OF(X509) * signers, size_t *ret_blocks)
{
    struct pem_block block;
    size_t at = 0;
    enum bf_err err;
    while ((err = pem_next(bytes, &at, &block, NULL)) == BF_OK) {
        ++*ret_blocks;
        err = read_block(path, &block, lists, n, signers);
        if (err)
            return err;
    }
    return err == BF_EFORM ? add(path, NULL, "a block of it does not end", lists, n) : BF_OK;
}

enum bf_err crl_read(const char *path, struct span bytes, struct crl ***lists, size_t *n,
                     STACK_OF(X509) * signers)
{
    size_t blocks = 0;
    X509_CRL *list = read_der(bytes);
    if (list)
        return add(path, list, NULL, lists, n);
    enum bf_err err = read_blocks(path, bytes, lists, n, signers, &blocks);
    if (err || blocks)
        return err;
    const int before = sk_X509_num(signers);
    err = add_signer(signers, bytes);
    if (err || sk_X509_num(signers) > before)
        return err;
    return add(path, NULL, "it is no list", lists, n);
}

enum bf_err crl_read_file(const char *path, struct crl ***lists, size_t *n, STACK_OF(X509) * signers)
{
    char *bytes = NULL;
    size_t bytes_n = 0;
    enum bf_err err = file_read(path, LIMIT_CRL_BYTES, &bytes, &bytes_n);
    if (err == BF_ENOMEM)
        return err;
    if (err)
        return add(path, NULL, err == BF_ELIMIT ? "the file is too large" : "the file cannot be read", lists,
                   n);
    err = crl_read(path, span_make(bytes, bytes_n), lists, n, signers);
    free(bytes);
    return err;
}

/* ---- who signed it ---- */

static bool may_sign_lists(const X509_CRL *list, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey(signer);
    const bool named = X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(signer)) == 0;
    const bool used = !(X509_get_extension_flags(signer) & EXFLAG_KUSAGE) ||
                      (X509_get_key_usage(signer) & KU_CRL_SIGN) != 0;
    const bool good = named && used && key && !chain_key_refused(signer) &&
                      X509_CRL_verify((X509_CRL *)(uintptr_t)list, key) == 1;
    ERR_clear_error();
    return good;
}

struct at_time {
    utc_t now;
    bool holds;
};

static bool holds_now(void *arg, const struct chain *chain)
{
    struct at_time *a = arg;
    a->holds = chain->from <= a->now && a->now <= chain->to;
    return !a->holds;
}

/* Does one of the candidates, itself trusted now, vouch for the list? *named: one bears the issuer's name. */
static bool is_vouched(const struct domain *d, const X509_CRL *list, STACK_OF(X509) * candidates, utc_t now,
                       bool *named)
{
    for (int i = 0; i < sk_X509_num(candidates); i++) {
        X509 *x = sk_X509_value(candidates, i);
        struct at_time a = { .now = now };
        if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(x)) != 0)
            continue;
        *named = true;
        if (!may_sign_lists(list, x))
            continue;
        chain_explore(d, CHAIN_FOR_LISTS, x, d->crl_signers, holds_now, &a);
        if (a.holds)
            return true;
    }
    return false;
}

void crl_settle(const struct domain *d, struct crl *crl, utc_t now)
{
    bool named = false;
    if (!crl->list || crl->why)
        return;
    crl->proven = is_vouched(d, crl->list, d->anchors, now, &named) ||
                  is_vouched(d, crl->list, d->crl_signers, now, &named) ||
                  is_vouched(d, crl->list, d->known, now, &named);
    /* A direct list of a CA we have not met yet is proven path by path. */
    if (!crl->proven && (named || crl->indirect))
        crl->why = "no certificate that leads to an anchor now vouches for its signature";
}

/* ---- newer or older ---- */

static int number_compare(const X509_CRL *a, const X509_CRL *b)
{
    ASN1_INTEGER *na = X509_CRL_get_ext_d2i(a, NID_crl_number, NULL, NULL);
    ASN1_INTEGER *nb = X509_CRL_get_ext_d2i(b, NID_crl_number, NULL, NULL);
    const int order = na && nb ? ASN1_INTEGER_cmp(na, nb) : (na != NULL) - (nb != NULL);
    ASN1_INTEGER_free(na);
    ASN1_INTEGER_free(nb);
    return order;
}

static bool is_successor(const struct crl *new, const struct crl *old)
{
    if (!new->list)
        return strcmp(new->path, old->path) == 0;
    return new->indirect ==
           old->indirect &&X509_NAME_cmp(X509_CRL_get_issuer(new->list), X509_CRL_get_issuer(old->list)) == 0;
}

static void keep_older(struct crl *new, const struct crl *old)
{
    char *path = new->path;
    if (X509_CRL_up_ref(old->list) != 1)
        return;
    X509_CRL_free(new->list);
    *new = *old;
    new->path = path;
}

void crl_keep_newer(struct domain *domain, const struct domain *old)
{
    for (size_t i = 0; i < domain->n_crls; i++)
        for (size_t k = 0; k < old->n_crls; k++) {
            const struct crl *before = old->crls[k];
            struct crl *now = domain->crls[i];
            if (!before->list || before->why || !is_successor(now, before))
                continue;
            if (!now->list || now->why || number_compare(now->list, before->list) < 0)
                keep_older(now, before);
        }
    ERR_clear_error();
}

/* ---- what it says ---- */

enum says { SAYS_NOTHING, SAYS_GOOD, SAYS_REVOKED, SAYS_UNKNOWN };

static enum says ask_list(const struct crl *crl, X509 *x, X509 *issuer)
{
    X509_REVOKED *entry = NULL;
    if (!crl->list || crl->why)
        return SAYS_UNKNOWN;
    if (!crl->indirect) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(crl->list), X509_get_issuer_name(x)) != 0)
            return SAYS_NOTHING;
        if (!crl->proven && !may_sign_lists(crl->list, issuer))
            return SAYS_UNKNOWN;
    }
    /* 2 is removeFromCRL: no longer revoked. */
    return X509_CRL_get0_by_cert(crl->list, &entry, x) == 1 ? SAYS_REVOKED : SAYS_GOOD;
}

enum revocation crl_of_path(const struct domain *domain, const struct chain *chain)
{
    bool unknown = false, asked = false;
    for (size_t i = 0; i + 1 < chain->n; i++)
        for (size_t k = 0; k < domain->n_crls; k++)
            switch (ask_list(domain->crls[k], chain->certificates[i], chain->certificates[i + 1])) {
            case SAYS_NOTHING: break;
            case SAYS_GOOD: asked = asked || i == 0; break; /* the signer itself, not only its issuer */
            case SAYS_UNKNOWN: unknown = true; break;
            case SAYS_REVOKED: return REVOCATION_REVOKED;
            }
    return unknown ? REVOCATION_UNKNOWN : asked ? REVOCATION_GOOD : REVOCATION_NOT_ASKED;
}
