/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that came in one after the other, as one row of the database: a row a record would cost more than all the rest
 * of indexing it. Each is length (3, little-endian) and bytes; one alone stands without its length.
 */
#ifndef RECORD_CHUNK_H
#define RECORD_CHUNK_H

#include "record/record.h"

#define CHUNK_RECORDS 256u        /* of a chunk, at most */
#define CHUNK_BYTES   (96u << 10) /* it is full from there on */
#define CHUNK_SPAN_MS 60000       /* between its oldest and its newest, for both go on the same day */

/* One that is being put together. */
struct chunk {
    char *memory;
    size_t size, bytes, n;
    int64_t first_at, last_at; /* milliseconds of its oldest and newest */
};

void chunk_clear(struct chunk *c); /* frees; zeroed is fine */
void chunk_empty(struct chunk *c);
/* Is there no room, of bytes or of time, for one more of this time? */
bool chunk_is_full(const struct chunk *c, int64_t at);
/* To one that is not full. BF_ENOMEM; allocates nothing when warm. */
enum bf_err chunk_add(struct chunk *c, struct span entry, int64_t at) must_use;
struct span chunk_span(const struct chunk *c);

/* The next entry of `rest`, which begins as a whole chunk of n records. false: there is none, or it is cut off. */
bool chunk_next(struct span *rest, int64_t n, struct span *ret_entry);

#endif
