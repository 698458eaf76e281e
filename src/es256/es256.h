/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA with P-256 and SHA-256, one or many at a time.                      RFC 7518 section 3.4; PP-030..034, SEC-012..015
 *
 * Keys are public objects, immutable, shared between threads. Verification handles public data only and
 * may run in variable time. Signing is OpenSSL's.
 */
#ifndef ES256_ES256_H
#define ES256_ES256_H

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/span.h"

struct es256_key;

/* A public key. Keeps a reference of pkey. BF_EUNSUP: not an EC key on the named curve P-256, or not a point of it. */
enum bf_err es256_key_create(EVP_PKEY *pkey, struct es256_key **ret) must_use;
void es256_key_destroy(struct es256_key *key);

/* The affine point, big-endian, 64 bytes: x then y. */
const uint8_t *es256_key_point(const struct es256_key *key);
/* Bytes of memory it takes, tables included. */
size_t es256_key_bytes(const struct es256_key *key);

struct es256_job {
    const struct es256_key *key;
    uint8_t digest[SHA256_BYTES];
    uint8_t signature[64]; /* r then s, big-endian */
    enum bf_err result;    /* BF_OK: holds; BF_EFORM: does not; BF_ECRYPTO: could not be asked */
};

/* The engine: one per thread. pool: what it shares with the others, and outlives it; NULL: OpenSSL alone. */
struct es256_pool;
struct es256;
enum bf_err es256_create(struct es256_pool *pool, struct es256 **ret) must_use;
void es256_destroy(struct es256 *engine);
const char *es256_name(const struct es256 *engine); /* "openssl" */

/* Fills every job's result. r or s of 0 or >= n never holds. Allocates nothing of ours. */
void es256_verify_many(struct es256 *engine, struct es256_job *jobs, size_t n);

/*
 * Signs a digest's message: pkey is a P-256 private key. out: r then s. BF_ECRYPTO.
 * Deterministic (RFC 6979) where OpenSSL offers it (3.2 on), else with OpenSSL's own nonce.
 */
enum bf_err es256_sign(EVP_PKEY *pkey, struct span message, uint8_t out[static 64]) must_use;

/*
 * The same over a digest, by a thread that keeps a set-up context for each key it signed with lately: what a signature
 * then costs is its arithmetic. Each context holds a reference of its key: whoever retires a key must see to it that
 * the signers forget. One signer per thread. BF_ECRYPTO, also for a key on another curve.
 */
struct es256_signer;
enum bf_err es256_signer_create(struct es256_signer **ret) must_use;
void es256_signer_destroy(struct es256_signer *signer);
void es256_signer_forget(struct es256_signer *signer); /* every key */
enum bf_err es256_sign_digest(struct es256_signer *signer, EVP_PKEY *pkey,
                              const uint8_t digest[static SHA256_BYTES], uint8_t out[static 64]) must_use;

AUTO_DEFINE(struct es256_key, es256_key_destroy);
AUTO_DEFINE(struct es256, es256_destroy);
AUTO_DEFINE(struct es256_signer, es256_signer_destroy);

#endif
