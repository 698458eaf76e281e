/* SPDX-License-Identifier: Apache-2.0 */
/* A lab CA, made at run time: root, intermediate, carriers by the profile of standards.md D.4 (EX-004). */
#ifndef CREDENTIAL_LAB_H
#define CREDENTIAL_LAB_H

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "trust/tnauth.h"

struct lab;

struct lab_options {
    utc_t not_before, not_after; /* of the CAs; carriers default to the same */
    const char *name;            /* "Lab": O of the CAs */
    enum lab_key { LAB_P256, LAB_P384, LAB_P521, LAB_RSA2048, LAB_RSA4096 } ca_key;
};

enum bf_err lab_create(const struct lab_options *options, struct lab **ret) must_use;
void lab_destroy(struct lab *lab);

struct lab_carrier {
    EVP_PKEY *key; /* owned */
    X509 *leaf;    /* owned */
};

struct lab_carrier_options {
    const char *spc;                   /* "1234"; CN is `SHAKEN <spc>` */
    const struct tnauth_entry *tnauth; /* NULL: one entry, the SPC */
    size_t n_tnauth;
    utc_t not_before, not_after; /* 0: the lab's */
    EVP_PKEY *key;               /* NULL: a new one; else a reference is taken (published test keys) */
};
enum bf_err lab_carrier(struct lab *lab, const struct lab_carrier_options *options, struct lab_carrier *ret)
    must_use;
void lab_carrier_clear(struct lab_carrier *carrier);

X509 *lab_root(struct lab *lab);         /* borrowed */
X509 *lab_intermediate(struct lab *lab); /* borrowed */
/* Leaf and intermediate as PEM, NUL-terminated, to be freed; NULL without memory. */
char *lab_chain_pem(struct lab *lab, const struct lab_carrier *carrier);
char *lab_root_pem(struct lab *lab);

/*
 * Writes a whole lab into a directory it makes (0700): root.pem, intermediate.pem, carriers/<spc>/{key.pem,chain.pem},
 * certs/<sha256 of the URL>.pem (for --certs), lab.json (what is what). n carriers, their SPCs 0001, 0002 … in base 36; x5u of each is
 * <url_prefix><spc>.pem. progress may be NULL: called after each carrier. BF_EIO: a directory that is not empty is left alone.
 */
enum bf_err lab_write(struct lab *lab, const char *dir, size_t n, const char *url_prefix,
                      void (*progress)(void *arg, size_t done, size_t all), void *arg, char **ret_message)
    must_use;

AUTO_DEFINE(struct lab, lab_destroy);

#endif
