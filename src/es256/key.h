/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a key: what OpenSSL needs of it, and the table of its multiples that a pool may have built. */
#ifndef ES256_KEY_H
#define ES256_KEY_H

#include <stdatomic.h>

#include "es256/es256.h"

/*
 * Its owner holds one reference; what waits in a pool's boxes holds others. The first pool that builds a table for a key
 * keeps it: others, whose readers it cannot see, verify without.
 */
struct es256_key {
    EVP_PKEY *pkey;
    uint8_t point[64];
    _Atomic(const struct es256_pool *)
        pool;                    /* whose table it is: set before the first table, and never changed */
    _Atomic(const void *) table; /* valid inside that pool's epoch; NULL: none */
    _Atomic uint64_t used;       /* the pool's second in which the table was last used */
    _Atomic unsigned refs;
    _Atomic bool asked; /* a table: the request waits in a box */
    _Atomic bool gone;  /* destroyed by its owner: whatever is left of it may go */
};

/* For those who look, keys are constant; what engines share about one is not. */
static inline struct es256_key *key_shared(const struct es256_key *key)
{
    return (struct es256_key *)(uintptr_t)key;
}

struct es256_key *key_ref(const struct es256_key *key);
void key_unref(struct es256_key *key);

#endif
