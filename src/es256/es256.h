/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA with P-256 and SHA-256, one or many at a time.                      RFC 7518 section 3.4; PP-030..034, SEC-012..015
 *
 * Keys are public objects, immutable, shared between threads. Verification handles public data only and
 * may run in variable time. Signing is OpenSSL's.
 *
 * Two ways lead to the same answers: OpenSSL's, and eight at a time where the CPU has AVX-512 IFMA (lanes.h). A pool
 * is what the engines of a process share: which way was chosen, tables of the generator and of busy keys, the audit.
 */
#ifndef ES256_ES256_H
#define ES256_ES256_H

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/span.h"

struct es256_key;

/* A public key. Keeps a reference of pkey. BF_EUNSUP: not an EC key on the named curve P-256, or not a point of it. */
enum bf_err es256_key_create(EVP_PKEY *pkey, struct es256_key **ret) must_use;
void es256_key_destroy(struct es256_key *key);

/* The affine point, big-endian, 64 bytes: x then y. */
const uint8_t *es256_key_point(const struct es256_key *key);
/* Bytes of memory it takes; a table of its multiples is not among them: that is the pool's. */
size_t es256_key_bytes(const struct es256_key *key);

struct es256_job {
    const struct es256_key *key;
    uint8_t digest[SHA256_BYTES];
    uint8_t signature[64]; /* r then s, big-endian */
    enum bf_err result;    /* BF_OK: holds; BF_EFORM: does not; BF_ECRYPTO: could not be asked */
};

/* ---- the pool ---- */

enum es256_choice {
    ES256_AUTO, /* lanes where they can run, once enough is to be verified to pay for the generator's table */
    ES256_OPENSSL, /* nothing else */
    ES256_LANES,   /* lanes from the first signature on: es256_pool_create waits for that table */
};

struct es256_pool_options {
    enum es256_choice engine;
    size_t tables_bytes; /* the most that tables of busy keys may take; 0: none is built */
    unsigned audit;      /* one of so many accepted signatures is verified again by OpenSSL; 0: none */
    unsigned busy;       /* 0: as measured; else how many signatures of a key hold before it gets a table */
    struct log *log;     /* alarms; NULL: nobody hears them */
    const struct clock_source *clock; /* NULL: the machine's */
};
/* What is sensible where nobody has said anything. */
#define ES256_TABLES_BYTES ((size_t)256 << 20)
#define ES256_AUDIT        1024u

/*
 * Keys may outlive the pool, and the pool them; engines may not outlive it. At most 62 engines at a time. Starts a thread
 * where lanes can run: it builds the tables, and audits.
 * BF_EUNSUP: ES256_LANES, and es256_unsupported() says why not; BF_ENOMEM.
 */
struct es256_pool;
enum bf_err es256_pool_create(const struct es256_pool_options *options, struct es256_pool **ret) must_use;
void es256_pool_destroy(struct es256_pool *pool);

/* Of a running pool; what is beyond the new bounds goes soon. */
void es256_pool_set(struct es256_pool *pool, size_t tables_bytes, unsigned audit);

/* NULL: lanes can run here; else a constant sentence that says why not. */
const char *es256_unsupported(void);
const char *es256_pool_name(const struct es256_pool *pool); /* "lanes" or "openssl" */
const char *es256_pool_why(const struct es256_pool *pool);  /* why this one: constant text */

struct es256_counts {
    uint64_t tables, bytes; /* now; bytes of memory for all of them, the generator's included */
    uint64_t built, evicted;
    uint64_t refused;            /* no room: all tables were in use of late */
    uint64_t audited, unaudited; /* unaudited: chosen, and dropped for want of room or memory */
    uint64_t disagreements;
};
struct es256_counts es256_pool_counts(const struct es256_pool *pool);

/* Waits until everything that was asked of the pool's thread so far is done. For tools and tests. */
void es256_pool_settle(struct es256_pool *pool);

/* ---- engines ---- */

/* One per thread. pool NULL: OpenSSL alone. BF_ELIMIT: the pool has as many as it can; BF_ENOMEM. */
struct es256;
enum bf_err es256_create(struct es256_pool *pool, struct es256 **ret) must_use;
void es256_destroy(struct es256 *engine);
const char *es256_name(const struct es256 *engine); /* "lanes" or "openssl" */

/* Fills every job's result; any n. r or s of 0 or >= n never holds. Takes no lock; allocates nothing of ours. */
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
AUTO_DEFINE(struct es256_pool, es256_pool_destroy);
AUTO_DEFINE(struct es256, es256_destroy);
AUTO_DEFINE(struct es256_signer, es256_signer_destroy);

#endif
