/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests. SHA-256 for what strangers choose and we must not confuse (tokens, messages, certificates);
 * SipHash-2-4 with a random key for tables in memory, so that nobody outside can pick the bucket; for long messages
 * a universal hash below it, which costs a multiplication for 16 bytes.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/fault.h"
#include "base/span.h"

#define SHA256_BYTES 32u

/* One per thread; kept, so that a digest costs no set-up. */
struct sha256;

/* By the CPU's own instructions where it has them, else by OpenSSL. BF_ENOMEM, BF_ECRYPTO. */
enum bf_err sha256_create(struct sha256 **ret) must_use;
/* By OpenSSL wherever it runs: the same digests. */
enum bf_err sha256_create_openssl(struct sha256 **ret) must_use;
void sha256_destroy(struct sha256 *s);

/* The digest of the parts, one behind the other. BF_ECRYPTO. */
enum bf_err sha256_many(struct sha256 *s, const struct span *parts, size_t n,
                        uint8_t out[static SHA256_BYTES]) must_use;
static inline enum bf_err sha256_one(struct sha256 *s, struct span part, uint8_t out[static SHA256_BYTES])
{
    return sha256_many(s, &part, 1, out);
}

/* For set-up and tools, where there is no kept one. BF_ECRYPTO. */
enum bf_err sha256_once(struct span part, uint8_t out[static SHA256_BYTES]) must_use;

struct hash_key {
    uint64_t k0, k1;
};

struct hash_key hash_key_random(void);
uint64_t hash_bytes(struct hash_key key, struct span bytes); /* SipHash-2-4 */

/*
 * 128 bits of several parts and their borders: NH (RFC 4418 section 5.2, with words of 64 bits) over blocks of each,
 * SipHash with one round a word over what that gives and the lengths. Who does not know the key finds two lists that collide with a
 * chance of 2^-64 a try. Not for what must hold against somebody who sees the results.
 */
#define HASH_BLOCK 1024u
struct hash_wide {
    uint64_t words[HASH_BLOCK / 8];
    struct hash_key key;
};

void hash_wide_random(struct hash_wide *ret);
void hash_parts(const struct hash_wide *key, const struct span *parts, size_t n, uint64_t ret[static 2]);

AUTO_DEFINE(struct sha256, sha256_destroy);

#endif
