/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over a table reads one row in each of its blocks: with pages of 4 KiB nearly every read would miss the
 * TLB. So tables stand close together in slabs of whole huge pages, 14 in one of 2 MiB; where the system has no huge
 * pages to give, the same memory comes in small ones.
 *
 * A table that goes is first hidden (key->table), then retired: its place is free once no reader can be walking over it.
 */
#include "es256/tables.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define SLAB_TABLES 32u /* at most: a bit each */
#define IN_USE_S    10u /* a table used so lately is not evicted for another: they would only take turns */
#define IDLE_S      900u
#define WAITS       20u /* of half a millisecond, for a reader's batch to end */

struct place {
    struct tables *tables;
    struct slab *slab;
    unsigned n; /* of the slab */
};

struct slab {
    uint8_t *memory;
    size_t bytes;
    size_t first;  /* bytes before the first table */
    unsigned n;    /* tables it has room for */
    uint32_t used; /* a bit a table, those that still have readers included */
    bool stays;
    struct place places[SLAB_TABLES];
};

void tables_init(struct tables *t, size_t table_bytes, struct epoch *epoch)
{
    *t = (struct tables){ .table_bytes = table_bytes, .epoch = epoch };
}

/* ---- slabs ---- */

/* Whole huge pages, aligned to one: more is asked for, and what lies before and behind goes back. */
static uint8_t *map(size_t bytes)
{
    const size_t more = bytes + TABLES_HUGE_PAGE;
    uint8_t *p = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    const size_t before = (TABLES_HUGE_PAGE - (uintptr_t)p % TABLES_HUGE_PAGE) % TABLES_HUGE_PAGE;
    if (before)
        munmap(p, before);
    munmap(p + before + bytes, more - before - bytes);
    madvise(p + before, bytes, MADV_HUGEPAGE); /* a wish */
    return p + before;
}

static void slab_destroy(struct tables *t, struct slab *slab)
{
    t->bytes -= slab->bytes;
    munmap(slab->memory, slab->bytes);
    free(slab);
}

/* Room for `room` pointers and one more. */
static bool grow(void **array, size_t n, size_t *room)
{
    if (n < *room)
        return true;
    const size_t more = *room ? 2 * *room : 16;
    void *p = realloc(*array, more * sizeof(void *));
    if (!p)
        return false;
    *array = p;
    *room = more;
    return true;
}

static struct slab *slab_create(struct tables *t, size_t first, size_t bytes)
{
    if (!grow((void **)&t->slabs, t->n_slabs, &t->slabs_room))
        return NULL;
    struct slab *slab = calloc(1, sizeof *slab);
    if (!slab || !(slab->memory = map(bytes))) {
        free(slab);
        return NULL;
    }
    const size_t n = (bytes - first) / t->table_bytes;
    slab->bytes = bytes;
    slab->first = first;
    slab->n = n < SLAB_TABLES ? (unsigned)n : SLAB_TABLES;
    for (unsigned i = 0; i < slab->n; i++)
        slab->places[i] = (struct place){ t, slab, i };
    t->bytes += bytes;
    t->slabs[t->n_slabs++] = slab;
    return slab;
}

enum bf_err tables_first(struct tables *t, size_t bytes, void **ret_first)
{
    const size_t whole = (bytes + TABLES_HUGE_PAGE - 1) / TABLES_HUGE_PAGE * TABLES_HUGE_PAGE;
    struct slab *slab = slab_create(t, bytes, whole);
    if (!slab)
        return BF_ENOMEM;
    slab->stays = true;
    *ret_first = slab->memory;
    return BF_OK;
}

static unsigned slab_count(const struct slab *slab)
{
    return (unsigned)__builtin_popcount(slab->used);
}

static bool slab_has(const struct slab *slab, const void *table)
{
    return (const uint8_t *)table >= slab->memory && (const uint8_t *)table < slab->memory + slab->bytes;
}

static struct place *place_of(const struct tables *t, const void *table)
{
    for (size_t i = 0; i < t->n_slabs; i++)
        if (slab_has(t->slabs[i], table))
            return &t->slabs[i]->places[((const uint8_t *)table - t->slabs[i]->memory - t->slabs[i]->first) /
                                        t->table_bytes];
    return NULL; /* not ours */
}

/* Slabs beyond the one that stays. */
static size_t slabs_counted(const struct tables *t)
{
    return t->n_slabs - (t->n_slabs > 0 && t->slabs[0]->stays);
}

/* The fullest slab that has room, so that others run empty. */
static struct slab *slab_with_room(const struct tables *t)
{
    struct slab *best = NULL;
    for (size_t i = 0; i < t->n_slabs; i++) {
        struct slab *s = t->slabs[i];
        if (slab_count(s) < s->n && (!best || s->stays || slab_count(s) > slab_count(best)))
            best = s;
        if (best && best->stays)
            break;
    }
    return best;
}

static void *place_take(const struct tables *t, struct slab *slab)
{
    const unsigned n = (unsigned)__builtin_ctz(~slab->used);
    slab->used |= 1u << n;
    return slab->memory + slab->first + n * t->table_bytes;
}

/* Of the epoch: no reader can be there any more. */
static void place_release(void *arg)
{
    struct place *p = arg;
    p->slab->used &= ~(1u << p->n);
}

void tables_give_back(struct tables *t, void *table)
{
    place_release(place_of(t, table));
}

/* ---- keys ---- */

/* The last one takes its place. */
static void evict(struct tables *t, size_t i)
{
    struct es256_key *key = t->keys[i];
    struct place *place = place_of(t, atomic_load(&key->table));
    atomic_store(&key->table, NULL);
    atomic_store(&key->asked, false);
    t->keys[i] = t->keys[--t->n_keys];
    t->evicted++;
    epoch_retire(t->epoch, place_release, place);
    key_unref(key);
}

/* The one that was used longest ago, if that is long enough. */
static bool evict_oldest(struct tables *t, uint64_t second)
{
    size_t oldest = 0;
    uint64_t used = UINT64_MAX;
    for (size_t i = 0; i < t->n_keys; i++) {
        const uint64_t mine = atomic_load_explicit(&t->keys[i]->used, memory_order_relaxed);
        if (mine < used) {
            used = mine;
            oldest = i;
        }
    }
    if (t->n_keys == 0 || used + IN_USE_S > second)
        return false;
    evict(t, oldest);
    return true;
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
}

void *tables_take(struct tables *t, uint64_t second)
{
    if (!t->most)
        return NULL;
    epoch_collect(t->epoch); /* readers of what was evicted may have left meanwhile */
    struct slab *slab = slab_with_room(t);
    if (!slab && slabs_counted(t) < t->most)
        slab = slab_create(t, 0, TABLES_HUGE_PAGE);
    if (slab)
        return place_take(t, slab);
    if (!evict_oldest(t, second))
        return NULL;
    for (unsigned i = 0; i < WAITS && !(slab = slab_with_room(t)); i++) {
        wait_a_little();
        epoch_collect(t->epoch);
    }
    return slab ? place_take(t, slab) : NULL;
}

enum bf_err tables_publish(struct tables *t, struct es256_key *key, const void *table, uint64_t second)
{
    if (!grow((void **)&t->keys, t->n_keys, &t->keys_room))
        return BF_ENOMEM;
    t->keys[t->n_keys++] = key;
    atomic_store_explicit(&key->used, second, memory_order_relaxed);
    atomic_store(&key->table, table);
    return BF_OK;
}

/* ---- upkeep ---- */

static void evict_slab(struct tables *t, const struct slab *slab)
{
    for (size_t i = t->n_keys; i-- > 0;)
        if (slab_has(slab, atomic_load(&t->keys[i]->table)))
            evict(t, i);
}

/* Of a budget that shrank: the emptiest slabs go. */
static void fit(struct tables *t)
{
    size_t over = slabs_counted(t) > t->most ? slabs_counted(t) - t->most : 0;
    for (; over > 0; over--) {
        struct slab *least = NULL;
        for (size_t i = 0; i < t->n_slabs; i++) {
            struct slab *s = t->slabs[i];
            if (!s->stays && s->used && (!least || slab_count(s) < slab_count(least)))
                least = s;
        }
        if (least)
            evict_slab(t, least);
    }
    if (!t->most)
        while (t->n_keys)
            evict(t, t->n_keys - 1);
}

void tables_sweep(struct tables *t, uint64_t second)
{
    for (size_t i = t->n_keys; i-- > 0;) {
        const struct es256_key *key = t->keys[i];
        if (atomic_load(&key->gone) ||
            atomic_load_explicit(&key->used, memory_order_relaxed) + IDLE_S < second)
            evict(t, i);
    }
    fit(t);
    epoch_collect(t->epoch);
    for (size_t i = t->n_slabs; i-- > 0;)
        if (!t->slabs[i]->used && !t->slabs[i]->stays) {
            slab_destroy(t, t->slabs[i]);
            t->slabs[i] = t->slabs[--t->n_slabs];
        }
}

void tables_clear(struct tables *t)
{
    while (t->n_keys)
        evict(t, t->n_keys - 1);
    if (t->epoch)
        epoch_collect(t->epoch);
    while (t->n_slabs)
        slab_destroy(t, t->slabs[--t->n_slabs]);
    free(t->slabs);
    free(t->keys);
}
