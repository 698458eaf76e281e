/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate revocation lists of a trust domain.                       RFC 5280 sections 5 and 6.3; TRU-004, TRU-005, SEC-024
 *
 * Two kinds: a direct list, signed by the CA whose certificates it names, and the policy administrator's indirect one,
 * which names (issuer, serial) of many CAs and is signed by a signer that chains to an anchor of the domain. The
 * signer's certificate stands in a CRL file or among the anchors. Lists come from files; distribution points are not
 * compared (most real certificates name them incompletely): the operator says which list counts.
 */
#ifndef TRUST_CRL_H
#define TRUST_CRL_H

#include <openssl/x509.h>

#include "trust/chain.h"

#define CRL_GRACE_S (72 * 3600) /* past nextUpdate, a list still counts that long */

struct crl {
    char *path;
    X509_CRL *list;  /* NULL: could not be read */
    const char *why; /* NULL: usable; else why it never was, constant text */
    bool indirect;
    bool proven; /* signed by a signer that chains to an anchor; direct lists may wait for their issuer */
    utc_t this_update, next_update;
};

/*
 * All lists of a file, PEM or DER; certificates in it go to `signers`. Unreadable ones give a row with `why`.
 * Appends to *lists. BF_ENOMEM.
 */
enum bf_err crl_read_file(const char *path, struct crl ***lists, size_t *n, STACK_OF(X509) * signers)
    must_use;
void crl_destroy(struct crl *crl);

/* From bytes, as above: what the file reader and the fuzzer use. */
enum bf_err crl_read(const char *path, struct span bytes, struct crl ***lists, size_t *n,
                     STACK_OF(X509) * signers) must_use;

/* Looks for the list's signer in the domain and checks the signature; sets proven or why. */
void crl_settle(const struct domain *domain, struct crl *crl, utc_t now);

/* Keeps the older list where the new one is not newer, or is no list at all. old may lack the domain. */
void crl_keep_newer(struct domain *domain, const struct domain *old);

/* What the domain's lists say of a path, whatever the time (staleness: trust_domain_crl). */
enum revocation crl_of_path(const struct domain *domain, const struct chain *chain);

#endif
