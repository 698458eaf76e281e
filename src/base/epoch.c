/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One counter; a reader inside shows the count it entered at, a reader outside shows 0. What is retired
 * at count r can be freed when every reader inside entered after r.
 */
#include "base/epoch.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdalign.h>
#include <stdlib.h>

struct retired {
    struct retired *next;
    uint64_t at;
    void (*release)(void *);
    void *p;
};

struct reader {
    alignas(64) _Atomic uint64_t since; /* 0: outside */
    _Atomic bool taken;
};

struct epoch {
    _Atomic uint64_t now;
    struct reader readers[EPOCH_READERS];
    pthread_mutex_t lock;
    struct retired *list;
};

enum bf_err epoch_create(struct epoch **ret)
{
    struct epoch *e = aligned_alloc(64, sizeof *e);
    if (!e)
        return BF_ENOMEM;
    atomic_init(&e->now, 1);
    for (size_t i = 0; i < EPOCH_READERS; i++) {
        atomic_init(&e->readers[i].since, 0);
        atomic_init(&e->readers[i].taken, false);
    }
    e->list = NULL;
    pthread_mutex_init(&e->lock, NULL);
    *ret = e;
    return BF_OK;
}

void epoch_destroy(struct epoch *e)
{
    if (!e)
        return;
    epoch_collect(e);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

enum bf_err epoch_join(struct epoch *e, unsigned *ret_slot)
{
    for (unsigned i = 0; i < EPOCH_READERS; i++)
        if (!atomic_exchange(&e->readers[i].taken, true)) {
            *ret_slot = i;
            return BF_OK;
        }
    return BF_ELIMIT;
}

void epoch_leave(struct epoch *e, unsigned slot)
{
    atomic_store(&e->readers[slot].since, 0);
    atomic_store(&e->readers[slot].taken, false);
}

void epoch_enter(struct epoch *e, unsigned slot)
{
    /* Sequentially consistent: the count must be visible before anything is read through a pointer. */
    atomic_store(&e->readers[slot].since, atomic_load(&e->now));
}

void epoch_exit(struct epoch *e, unsigned slot)
{
    atomic_store_explicit(&e->readers[slot].since, 0, memory_order_release);
}

/* As long as an older one is open, that one holds what this one can see, too. */
uint64_t epoch_enter_another(struct epoch *e, unsigned slot)
{
    if (atomic_load_explicit(&e->readers[slot].since, memory_order_relaxed) == 0)
        epoch_enter(e, slot);
    return atomic_load(&e->now);
}

void epoch_exit_before(struct epoch *e, unsigned slot, uint64_t oldest)
{
    atomic_store_explicit(&e->readers[slot].since, oldest, memory_order_release);
}

static uint64_t oldest_inside(struct epoch *e)
{
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < EPOCH_READERS; i++) {
        uint64_t since = atomic_load(&e->readers[i].since);
        if (since && since < oldest)
            oldest = since;
    }
    return oldest;
}

/* Cuts out what no reader can hold; the caller releases it without the lock. */
static struct retired *take_free(struct epoch *e)
{
    const uint64_t oldest = oldest_inside(e);
    struct retired **at = &e->list, *out = NULL;
    while (*at) {
        struct retired *r = *at;
        if (r->at < oldest) {
            *at = r->next;
            r->next = out;
            out = r;
        } else {
            at = &r->next;
        }
    }
    return out;
}

static void release_all(struct retired *r)
{
    while (r) {
        struct retired *next = r->next;
        r->release(r->p);
        free(r);
        r = next;
    }
}

void epoch_collect(struct epoch *e)
{
    pthread_mutex_lock(&e->lock);
    struct retired *gone = take_free(e);
    pthread_mutex_unlock(&e->lock);
    release_all(gone);
}

void epoch_retire(struct epoch *e, void (*release)(void *), void *p)
{
    struct retired *r = malloc(sizeof *r);
    const uint64_t at = atomic_fetch_add(&e->now, 1);
    if (!r) {
        while (oldest_inside(e) <= at)
            sched_yield();
        release(p);
        return;
    }
    *r = (struct retired){ .at = at, .release = release, .p = p };
    pthread_mutex_lock(&e->lock);
    r->next = e->list;
    e->list = r;
    struct retired *gone = take_free(e);
    pthread_mutex_unlock(&e->lock);
    release_all(gone);
}
