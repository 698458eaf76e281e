/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table that one thread changes and any number read without a lock (inside an epoch). What is removed keeps
 * pointing onwards, so a reader that stands on it walks on; the writer retires it through base/epoch.h.
 * The bucket is chosen with a random key: nobody outside can pile entries into one.
 */
#ifndef TRUST_TABLE_H
#define TRUST_TABLE_H

#include <stdatomic.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/span.h"

struct node {
    _Atomic(struct node *) next;
    uint64_t hash;
    struct span key; /* owned by what the node is part of */
};

struct table {
    struct hash_key hash_key;
    size_t mask;
    _Atomic(struct node *) *buckets;
};

/* room: how many entries are expected. BF_ENOMEM. */
enum bf_err table_init(struct table *t, size_t room) must_use;
void table_clear(struct table *t); /* the nodes are the caller's */

struct node *table_find(const struct table *t, struct span key); /* NULL: none */

/* table_find in steps: its hash, then the bucket's first node, then the walk. The next step's memory is asked for. */
uint64_t table_hash(const struct table *t, struct span key);
void table_ahead(const struct table *t, uint64_t hash, size_t node_bytes);
struct node *table_find_hashed(const struct table *t, uint64_t hash, struct span key);

/* Memory that is about to be read: lines of 64 bytes. */
static inline void memory_ahead(const void *p, size_t n)
{
    for (size_t i = 0; i < n; i += 64)
        __builtin_prefetch((const char *)p + i);
}

/* The writer's. node->key is set, and not in the table. */
void table_add(struct table *t, struct node *node);
void table_remove(struct table *t, struct node *node);

#endif
