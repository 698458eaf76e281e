/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct trust, for the files of this room. */
#ifndef TRUST_DOMAIN_H
#define TRUST_DOMAIN_H

#include <openssl/x509.h>

#include "trust/anchors.h"

#define COUNTRY_TEXT 8u
#define POLICY_TEXT  128u

struct crl;

struct domain {
    char *name;
    char *leads;              /* what is said of each chain that ends here */
    STACK_OF(X509) * anchors; /* self-signed certificates of the anchor files */
    STACK_OF(X509) * known;   /* the others: paths may use them, none ends there */
    char (*policy_oids)[POLICY_TEXT];
    size_t n_policy_oids;
    char (*subject_c)[COUNTRY_TEXT];
    size_t n_subject_c;
    struct number_range *numbers;
    size_t n_numbers;
    bool lab;
    struct crl **crls; /* one for each configured list, unreadable ones included */
    size_t n_crls;
    STACK_OF(X509) * crl_signers; /* certificates that stand in CRL files: only for CRLs */
};

struct trust {
    struct domain domains[LIMIT_TRUST_DOMAINS];
    size_t n;
    uint64_t generation;
    utc_t first_expiry;
};

static inline const struct domain *trust_domain(const struct trust *t, size_t i)
{
    return t && i < t->n ? &t->domains[i] : NULL;
}

/* ASN.1 times that cannot be read are the far past (notAfter) or future (notBefore): they hold never. */
utc_t x509_not_before(const X509 *x);
utc_t x509_not_after(const X509 *x);

/* A file of at most max bytes, to be freed. BF_EIO (errno), BF_ELIMIT, BF_ENOMEM. */
enum bf_err file_read(const char *path, size_t max, char **ret, size_t *ret_n) must_use;

#endif
