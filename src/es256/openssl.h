/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's ECDSA, one signature after the other, for one thread. */
#ifndef ES256_OPENSSL_H
#define ES256_OPENSSL_H

#include "es256/es256.h"

/* Contexts that are set up, for the keys met lately. */
struct contexts;
enum bf_err contexts_create(struct contexts **ret) must_use;
void contexts_destroy(struct contexts *c);

/* BF_OK: holds; BF_EFORM: does not; BF_ECRYPTO: could not be asked. */
enum bf_err contexts_verify(struct contexts *c, const struct es256_key *key,
                            const uint8_t digest[static SHA256_BYTES], const uint8_t signature[static 64])
    must_use;

#endif
