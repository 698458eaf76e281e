/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness of the kernel, and the UUIDs made of it. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills p. Ends the process when the kernel has none to give: nothing sensible could go on. */
void random_bytes(void *p, size_t n);

/*
 * Random bytes of the kernel in store, so that one system call does for many a call. One per thread. What was taken is
 * wiped from the store: a look into memory tells nothing about what went out before.
 */
struct random_pool {
    uint8_t bytes[1024];
    size_t left; /* 0 at first */
};
/* n is at most the store's size. */
void random_take(struct random_pool *pool, void *p, size_t n);

/* Version 4 UUIDs.                                                              RFC 4122 section 4.4, SHK-003 */
#define UUID_BYTES 16u
#define UUID_TEXT  36u
/* Makes one of 16 random bytes: sets version and variant. */
void uuid_mark(uint8_t id[static UUID_BYTES]);
/* 8-4-4-4-12, lower case, no NUL. */
void uuid_text(const uint8_t id[static UUID_BYTES], char out[static UUID_TEXT]);

/* A fresh one, lower case, NUL-terminated. */
char *random_uuid(char out[static UUID_TEXT + 1]);

#endif
