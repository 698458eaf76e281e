/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/acks.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

struct ring {
    alignas(64) _Atomic uint64_t published; /* by the writer */
    uint64_t put;                           /* the writer's own */
    alignas(64) _Atomic uint64_t taken;     /* by the reader */
    alignas(64) uint64_t keys[ACKS_RING][2];
};

struct acks {
    size_t n;
    struct ring *rings;
};

enum bf_err acks_create(size_t writers, struct acks **ret)
{
    struct acks *a = calloc(1, sizeof *a);
    if (!a)
        return BF_ENOMEM;
    a->n = writers;
    a->rings = aligned_alloc(alignof(struct ring), (writers + 1) * sizeof *a->rings);
    if (!a->rings) {
        free(a);
        return BF_ENOMEM;
    }
    for (size_t i = 0; i < writers; i++) {
        atomic_init(&a->rings[i].published, 0);
        atomic_init(&a->rings[i].taken, 0);
        a->rings[i].put = 0;
    }
    *ret = a;
    return BF_OK;
}

void acks_destroy(struct acks *a)
{
    if (!a)
        return;
    free(a->rings);
    free(a);
}

bool acks_put(struct acks *a, size_t writer, const uint64_t transaction[static 2])
{
    struct ring *r = &a->rings[writer];
    if (r->put - atomic_load_explicit(&r->taken, memory_order_acquire) == ACKS_RING)
        return false;
    memcpy(r->keys[r->put++ % ACKS_RING], transaction, sizeof r->keys[0]);
    return true;
}

void acks_publish(struct acks *a, size_t writer)
{
    struct ring *r = &a->rings[writer];
    atomic_store_explicit(&r->published, r->put, memory_order_release);
}

bool acks_take(struct acks *a, size_t *at, uint64_t ret[static 2])
{
    for (; *at < a->n; (*at)++) {
        struct ring *r = &a->rings[*at];
        const uint64_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
        if (taken == atomic_load_explicit(&r->published, memory_order_acquire))
            continue;
        memcpy(ret, r->keys[taken % ACKS_RING], sizeof r->keys[0]);
        atomic_store_explicit(&r->taken, taken + 1, memory_order_release);
        return true;
    }
    return false;
}
