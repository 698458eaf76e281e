/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we sign with: a private key and the URL of its chain, behind a narrow interface that may answer later, so
 * that keys can move into another process or an HSM without touching a caller.           SEC-056, SEC-057, CRT-066
 */
#ifndef CREDENTIAL_KEY_H
#define CREDENTIAL_KEY_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "es256/es256.h"

struct key;

/*
 * Reads a PEM private key (PKCS#8 or SEC1), P-256 only; the file must not be readable by others (SEC-056: mode
 * 0600 or 0400). *ret_message: a sentence naming the file; to be freed. BF_EIO, BF_EFORM, BF_EUNSUP, BF_EDENIED, BF_ENOMEM.
 */
enum bf_err key_load(const char *path, struct key **ret, char **ret_message) must_use;
/* From memory, no file mode asked: tests, `sign -`. */
enum bf_err key_read(struct span pem, struct key **ret, struct fault *fault) must_use;
void key_destroy(struct key *key);

/* BF_OK: out is r then s. BF_EAGAIN: `done` will be called from another thread (no key of this version does). BF_ECRYPTO. */
typedef void key_done(void *arg, enum bf_err err, const uint8_t signature[64]);
enum bf_err key_sign(struct key *key, struct span message, uint8_t out[static 64], key_done *done, void *arg)
    must_use;

/*
 * Many at a time, over digests, by a thread with a signer of its own. Fills every job's result: BF_OK or BF_ECRYPTO.
 * The signer holds on to the keys until it forgets them.
 */
struct key_job {
    const struct key *key;
    uint8_t digest[SHA256_BYTES];
    uint8_t signature[64]; /* r then s */
    enum bf_err result;
};
void key_sign_many(struct es256_signer *signer, struct key_job *jobs, size_t n);

const struct es256_key *key_public(const struct key *key);

AUTO_DEFINE(struct key, key_destroy);

#endif
