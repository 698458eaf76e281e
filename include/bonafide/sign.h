/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vouch for a call: the value of an Identity header (RFC 8224, RFC 8588).                  man 3 bf_verify
 *
 *     struct bf_signer *signer;
 *     char *message = NULL;
 *     if (bf_signer_create("key.pem", "https://certs.example.net/sp.pem", &signer, &message)) …
 *
 *     const char *dest[] = { "12025550142" };
 *     struct bf_sign_request request = { .size = sizeof request, .orig = "12025550100", .dest = dest, .n_dest = 1,
 *                                        .attestation = 'A' };
 *     char *identity;
 *     if (bf_sign(signer, &request, &identity, NULL) == BF_OK) …
 *
 * What it does not do: decide who may sign what. That is the caller's to know.
 */
#ifndef BONAFIDE_SIGN_H
#define BONAFIDE_SIGN_H

#include <stdint.h>

#include "bonafide/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A private key and the URL of its certificate chain. Thread-safe. */
struct bf_signer;

/*
 * key_path  PEM private key (PKCS#8 or SEC1), P-256, a file that nobody else may read (mode 0600 or 0400)
 * x5u       where verifiers find the chain: https, at most 1024 bytes
 * ret_message  may be NULL; on error a sentence that names the file, to be given to free(), or NULL without memory
 * BF_EIO, BF_EFORM, BF_EUNSUP (another kind of key), BF_EDENIED (others may read the file), BF_EINVAL (the URL), BF_ENOMEM.
 */
BF_API enum bf_err bf_signer_create(const char *key_path, const char *x5u, struct bf_signer **ret,
                                    char **ret_message) BF_MUST_USE;
/* The same from PEM text in memory. */
BF_API enum bf_err bf_signer_create_pem(const char *key_pem, size_t key_bytes, const char *x5u,
                                        struct bf_signer **ret, char **ret_message) BF_MUST_USE;
/* No thread may be signing. NULL is fine. */
BF_API void bf_signer_destroy(struct bf_signer *signer);

struct bf_sign_request {
    size_t size;             /* sizeof(struct bf_sign_request) */
    const char *orig;        /* the caller: a telephone number, as people write them, or a `sip:` URI */
    const char *const *dest; /* the called numbers, or URIs: at least one, at most 64 */
    size_t n_dest;
    char attestation;   /* 'A', 'B' or 'C': a shaken token; 0: a baseline token, which attests nothing */
    int64_t iat;        /* UTC seconds; 0: now */
    const char *origid; /* a UUID; NULL: a fresh one. Not for baseline tokens */
};

/*
 * *ret: `<token>;info=<x5u>;alg=ES256;ppt="shaken"`, NUL-terminated, to be given to free(); NULL on error.
 * ret_fault  may be NULL; on BF_EFORM and BF_EINVAL: what cannot stand there, and why
 * BF_EFORM a number or URI that no token can carry; BF_EINVAL an attestation that does not exist, no dest; BF_ELIMIT;
 * BF_ENOMEM; BF_ECRYPTO.
 */
BF_API enum bf_err bf_sign(struct bf_signer *signer, const struct bf_sign_request *request, char **ret,
                           struct bf_fault *ret_fault) BF_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
