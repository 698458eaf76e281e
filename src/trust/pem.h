/* SPDX-License-Identifier: Apache-2.0 */
/* PEM as repositories and administrators write it.                     RFC 7468; CPF-016, X5U-009, SEC-021 */
#ifndef TRUST_PEM_H
#define TRUST_PEM_H

#include <openssl/x509.h>

#include "base/fault.h"
#include "base/span.h"

struct pem_block {
    struct span label; /* "CERTIFICATE" */
    struct span text;  /* what stands between the two lines */
    size_t at;         /* of its first line */
};

/*
 * The next block at or behind *at, which moves past it; text between blocks is skipped.
 * BF_ENOENT: no further block. BF_EFORM: a block that does not end.
 */
enum bf_err pem_next(struct span pem, size_t *at, struct pem_block *ret, struct fault *fault) must_use;

/* The block's bytes; *ret is to be freed. BF_EFORM: not base64. BF_ENOMEM. */
enum bf_err pem_decode(const struct pem_block *block, uint8_t **ret, size_t *ret_n, struct fault *fault)
    must_use;

/*
 * All certificates of a text, in its order, the same one once only; blocks of other kinds are ignored. Bytes without
 * any block are taken as one DER certificate. The caller owns the stack and what is in it (pem_certificates_free).
 * BF_EFORM: none, or one that cannot be read; BF_ELIMIT: more than max (repeats count); BF_ENOMEM.
 */
enum bf_err pem_certificates(struct span text, size_t max, STACK_OF(X509) * *ret, struct fault *fault)
    must_use;
void pem_certificates_free(STACK_OF(X509) * certificates);

/* A DER certificate, the whole span. NULL: it cannot be read. */
X509 *pem_x509(struct span der);

static inline void pem_certificates_freep(STACK_OF(X509) * *certificates)
{
    pem_certificates_free(*certificates);
}

#endif
