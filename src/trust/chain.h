/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths from a certificate to the anchors of a domain.          RFC 5280 section 6.1; CRT-042, SEC-016..023, CPF-003/004
 *
 * OpenSSL judges; this room proposes. Every way to string the certificates at hand together up to an anchor (same-named
 * roots, cross certificates, renewed intermediates) is shown to X509_verify_cert by itself, without regard to time, and
 * each that holds is reported: so a path that holds at some moment is found if there is one. No system CA is looked at.
 */
#ifndef TRUST_CHAIN_H
#define TRUST_CHAIN_H

#include <openssl/x509.h>

#include "trust/domain.h"

#define CHAIN_DEPTH (LIMIT_CHAIN_CERTS + 1) /* certificates of a path, the anchor included */

struct chain {
    X509 *certificates[CHAIN_DEPTH]; /* leaf first, anchor last; borrowed */
    size_t n;
    utc_t from, to; /* in which all of them are valid */
};

/* Called for each path that holds; false ends the search. */
typedef bool chain_found(void *arg, const struct chain *chain);

/* What the path is for: a leaf that signs calls answers the domain's policy and country too; who signs lists does not. */
enum chain_use { CHAIN_FOR_CALLS, CHAIN_FOR_LISTS };

/*
 * Explores paths for leaf; extra: certificates that came with it (may hold leaf itself), or NULL. At most CHAIN_TRIES
 * candidates are judged and CHAIN_STEPS links looked at. Returns why no path holds, constant text, or NULL when one did.
 */
#define CHAIN_TRIES 24u
#define CHAIN_STEPS 2048u
const char *chain_explore(const struct domain *domain, enum chain_use use, X509 *leaf, STACK_OF(X509) * extra,
                          chain_found *found, void *arg);

/* RSA 2048 to 4096, or EC on the named curves P-256, P-384, P-521. NULL: allowed; else why not, constant text. */
const char *chain_key_refused(const X509 *x);
/* EC on the named curve P-256, parameters not spelled out. */
bool chain_key_is_p256(const X509 *x);

#endif
