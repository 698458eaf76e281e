/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/table.h"

#include <stdlib.h>

enum bf_err table_init(struct table *t, size_t room)
{
    size_t buckets = 64;
    while (buckets < 2 * room)
        buckets *= 2;
    t->buckets = calloc(buckets, sizeof *t->buckets);
    if (!t->buckets)
        return BF_ENOMEM;
    t->mask = buckets - 1;
    t->hash_key = hash_key_random();
    return BF_OK;
}

void table_clear(struct table *t)
{
    free((void *)t->buckets);
    t->buckets = NULL;
}

struct node *table_find(const struct table *t, struct span key)
{
    return table_find_hashed(t, hash_bytes(t->hash_key, key), key);
}

uint64_t table_hash(const struct table *t, struct span key)
{
    const uint64_t hash = hash_bytes(t->hash_key, key);
    __builtin_prefetch((const void *)&t->buckets[hash & t->mask]);
    return hash;
}

void table_ahead(const struct table *t, uint64_t hash, size_t node_bytes)
{
    const struct node *node = atomic_load_explicit(&t->buckets[hash & t->mask], memory_order_acquire);
    if (node)
        memory_ahead(node, node_bytes);
}

struct node *table_find_hashed(const struct table *t, uint64_t hash, struct span key)
{
    struct node *node = atomic_load_explicit(&t->buckets[hash & t->mask], memory_order_acquire);
    while (node && !(node->hash == hash && span_equal(node->key, key)))
        node = atomic_load_explicit(&node->next, memory_order_acquire);
    return node;
}

void table_add(struct table *t, struct node *node)
{
    node->hash = hash_bytes(t->hash_key, node->key);
    _Atomic(struct node *) *bucket = &t->buckets[node->hash & t->mask];
    atomic_init(&node->next, atomic_load_explicit(bucket, memory_order_relaxed));
    atomic_store_explicit(bucket, node, memory_order_release);
}

void table_remove(struct table *t, struct node *node)
{
    _Atomic(struct node *) *at = &t->buckets[node->hash & t->mask];
    struct node *other;
    while ((other = atomic_load_explicit(at, memory_order_relaxed)) && other != node)
        at = &other->next;
    if (other)
        atomic_store_explicit(at, atomic_load_explicit(&node->next, memory_order_relaxed),
                              memory_order_release);
}
