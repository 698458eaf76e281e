/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made at run time, good and bad, for the tests of this room. Every failure fails the test. */
#ifndef TRUST_PKI_FOR_TESTS_H
#define TRUST_PKI_FOR_TESTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "trust/signer.h"

#define PKI_FROM 1443200000
#define PKI_NOW  1443208345
#define PKI_TO   1443300000

/* What extensions stand in a usual root, CA and leaf: OpenSSL's configuration syntax, a line each. */
#define PKI_KEY_IDS "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
#define PKI_ROOT                                                                                             \
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
#define PKI_CA                                                                                               \
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n" PKI_KEY_IDS
#define PKI_TNAUTH "1.3.6.1.5.5.7.1.26="
#define PKI_SPC    PKI_TNAUTH "DER:30:08:A0:06:16:04:31:32:33:34\n"
#define PKI_EE     "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n" PKI_KEY_IDS
#define PKI_LEAF   PKI_EE PKI_SPC

struct pki_order {
    const char *name;       /* `CN`, or `C=US/CN=…` with a slash between; NULL: "Leaf" */
    const char *extensions; /* NULL: PKI_LEAF */
    const char *key;        /* a curve's name, "RSA:2048", "ED25519"; NULL: P-256; used when `own` is NULL */
    EVP_PKEY *own;
    X509 *issuer; /* NULL: self-signed */
    EVP_PKEY *issuer_key;
    const char *issuer_name; /* instead of the issuer's subject */
    const char *digest;      /* NULL: SHA256 */
    utc_t from, to;          /* 0: PKI_FROM, PKI_TO */
    long serial;             /* 0: a new one */
    int version;             /* 0: X509_VERSION_3; else one more than what stands in the certificate */
};

struct pki_pair {
    X509 *x;
    EVP_PKEY *key;
};

struct pki_pair pki_make(const struct pki_order *order);
void pki_clear(struct pki_pair *pair);
EVP_PKEY *pki_key(const char *kind);

/* A usual root, CA and leaf. */
struct pki {
    struct pki_pair root, ca, leaf;
};
struct pki pki_usual(void);
void pki_free(struct pki *pki);

/* PEM of n certificates (NULLs skipped), to be freed. */
char *pki_pem(X509 *const *all, size_t n);
#define PKI_PEM(...) pki_pem((X509 *[]){ __VA_ARGS__ }, sizeof((X509 *[]){ __VA_ARGS__ }) / sizeof(X509 *))

/* A directory of the test's own, and files in it. */
struct pki_dir {
    char path[256];
};
struct pki_dir pki_dir(void);
void pki_dir_remove(const struct pki_dir *dir);
/* The path, valid until the eighth call after. */
const char *pki_file(const struct pki_dir *dir, const char *name, const void *bytes, size_t n);
const char *pki_pem_file(const struct pki_dir *dir, const char *name, X509 *const *all, size_t n);

/* A trust of one domain with these anchors and options (anchors in it are replaced); options may be NULL. */
struct trust *pki_trust(const struct pki_dir *dir, X509 *const *anchors, size_t n,
                        const struct trust_domain_options *options);
#define PKI_TRUST(dir, options, ...)                                                                         \
    pki_trust((dir), (X509 *[]){ __VA_ARGS__ }, sizeof((X509 *[]){ __VA_ARGS__ }) / sizeof(X509 *), (options))

struct signer *pki_signer(const struct trust *trust, char *pem); /* frees pem */

#endif
