/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight ECDSA P-256 verifications at once, in the eight 64-bit lanes of AVX-512 registers (IFMA).   FIPS 186-5 section 6.4.2
 *
 * Public data only: keys, digests and signatures that travelled in the open. So it may run in variable time, and
 * does; nothing secret may ever be given to it. Signing stays with OpenSSL.
 *
 * A key is warm when there is a table of its multiples: a verification then is two walks over tables, without doublings.
 * A cold one is doubled along. Warm and cold jobs may come in one batch, with any number of different keys.
 */
#ifndef ES256_LANES_H
#define ES256_LANES_H

#include "base/fault.h"

/* This CPU has AVX-512F, DQ, IFMA and VBMI2, and the system keeps their registers. Where it has not, nothing below may be called. */
bool lanes_supported(void);

/* Bytes of a key's table (memory aligned to 64), and of the generator's, one for the process. Both are read-only once built. */
#define LANES_TABLE_BYTES     ((36u * 64 + 8) * 64)
#define LANES_GENERATOR_BYTES ((21u * 2048 + 8) * 64)

/* The multiples of a point of the curve (affine, big-endian x then y; the point at infinity has no such form). */
enum bf_err lanes_table_build(const uint8_t point[static 64], void *ret_table)
    must_use; /* BF_ENOMEM: of scratch */
enum bf_err lanes_generator_build(void *ret_table) must_use;

/* One thread's scratch. generator: where its table is, built before the first lanes_verify; must outlive it. */
struct lanes;
enum bf_err lanes_create(const void *generator, struct lanes **ret) must_use;
void lanes_destroy(struct lanes *l);

struct lanes_job {
    const uint8_t *point;     /* of the key: 64 bytes, on the curve */
    const void *table;        /* of the same key; NULL: cold */
    const uint8_t *digest;    /* 32 bytes */
    const uint8_t *signature; /* r then s, 64 bytes, whatever values */
    bool holds;               /* out */
};

/* Fills `holds` of every job. Any n; eight or more at a time are fastest. Allocates nothing. */
void lanes_verify(struct lanes *l, struct lanes_job *jobs, size_t n);

#endif
