/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that signs: may it, and for whom.              CPF-004, CPF-008, CPF-009, CRT-062, SEC-014..019, SEC-025 */
#ifndef TRUST_LEAF_H
#define TRUST_LEAF_H

#include <openssl/x509.h>

#include "trust/tnauth.h"

bool leaf_is_tnauth_list(X509_EXTENSION *extension);

/* The TNAuthList of a certificate. BF_ENOENT: it has none. BF_EFORM: two of them, or one that cannot be read. */
enum bf_err leaf_tnauth(const X509 *x, struct tnauth **ret, struct fault *fault) must_use;

/*
 * NULL: a certificate of a kind that may sign PASSporTs. Else why not, constant text. Trust, time and TNAuthList are
 * not asked here.
 */
const char *leaf_unfit(X509 *x);

/* What the leaf speaks for lies within what its issuer may give away; an issuer without a list gives all (CRT-061). */
bool leaf_scope_lies_within(const X509 *leaf, const X509 *issuer);

/*
 * SIP domains of the subjectAltName: hosts of sip: URIs without a user, and DNS names, in lower case; wildcards and
 * names that are no host names are left out.                                                   RFC 5922 section 7.2
 * *ret: an array of texts, all to be freed; NULL when there are none. BF_ENOMEM.
 */
#define LEAF_SAN_MAX 32u
enum bf_err leaf_san_domains(const X509 *x, char ***ret, size_t *ret_n) must_use;

#endif
