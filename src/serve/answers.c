/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of chains over an array of slots. Decisions stand in the order they were given, so the oldest, which
 * is also the first to expire, is at the front. Slots never used are taken from the end of the used part:
 * an idle server touches none of the memory. What a look-up meets of a slot is one cache line.
 */
#include "serve/answers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LEAST 64u /* slots there are in any case */

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_GIVEN, SLOT_ACKED };

/* Decisions in the order of their time, oldest first: those that wait for an ACK, and those that had it. */
struct line {
    uint32_t oldest, newest;
};
enum { LINE_GIVEN, LINE_ACKED, LINES };

struct slot { /* indices count from 1; 0: none */
    struct answers_key key;
    union {
        mono_t since;    /* given, acknowledged: it stands in its line */
        uint64_t parked; /* busy: under that number; 0: it is not */
    };
    uint32_t chain;        /* next of the bucket, or of the free list */
    uint32_t older, newer; /* given, acknowledged */
    uint32_t number;       /* of the claim: a ticket of an earlier use is worth nothing */
    uint32_t generation;   /* of the configuration */
    uint16_t status;
    uint8_t state;
    bool cancelled;
    struct decision decision;
};
_Static_assert(offsetof(struct slot, decision) == 64, "a look-up meets one line");

struct answers {
    uint32_t capacity;
    uint32_t mask;      /* buckets - 1 */
    size_t bytes;       /* of the slots */
    struct slot *slots; /* [0] is unused */
    uint32_t *buckets;
    uint32_t free, used; /* free list; slots ever used */
    uint32_t numbers;
    struct line lines[LINES];
    _Atomic uint64_t busy, given, evicted, full; /* written by the owner alone */
};

static void add(_Atomic uint64_t *count, int64_t n)
{
    const uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, before + (uint64_t)n, memory_order_relaxed);
}

static uint32_t capacity_of(size_t memory)
{
    const size_t n = memory / (sizeof(struct slot) + 2 * sizeof(uint32_t));
    return n < LEAST ? LEAST : n > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)n;
}

enum bf_err answers_create(size_t memory, struct answers **ret)
{
    struct answers *a = calloc(1, sizeof *a);
    uint32_t buckets = LEAST;
    if (!a)
        return BF_ENOMEM;
    a->capacity = capacity_of(memory);
    a->bytes = ((size_t)a->capacity + 1) * sizeof *a->slots;
    while (buckets < a->capacity)
        buckets *= 2;
    a->mask = buckets - 1;
    a->buckets = calloc(buckets, sizeof *a->buckets);
    a->slots = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a->slots == MAP_FAILED)
        a->slots = NULL;
    if (!a->slots || !a->buckets) {
        answers_destroy(a);
        return BF_ENOMEM;
    }
    *ret = a;
    return BF_OK;
}

void answers_destroy(struct answers *a)
{
    if (!a)
        return;
    if (a->slots)
        munmap(a->slots, a->bytes);
    free(a->buckets);
    free(a);
}

static uint32_t *bucket_of(const struct answers *a, const uint64_t transaction[static 2])
{
    return &a->buckets[transaction[1] & a->mask];
}

void answers_prefetch(const struct answers *a, const uint64_t transaction[static 2])
{
    __builtin_prefetch(bucket_of(a, transaction), 1);
}

static bool same(const uint64_t a[static 2], const uint64_t b[static 2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static struct line *line_of(struct answers *a, const struct slot *slot)
{
    return &a->lines[slot->state == SLOT_GIVEN ? LINE_GIVEN : LINE_ACKED];
}

static void leave_line(struct answers *a, struct slot *slot)
{
    struct line *line = line_of(a, slot);
    if (slot->older)
        a->slots[slot->older].newer = slot->newer;
    else
        line->oldest = slot->newer;
    if (slot->newer)
        a->slots[slot->newer].older = slot->older;
    else
        line->newest = slot->older;
    slot->older = slot->newer = 0;
    if (slot->state == SLOT_GIVEN)
        add(&a->given, -1);
}

static void join_line(struct answers *a, uint32_t at, enum slot_state state, mono_t now)
{
    struct slot *slot = &a->slots[at];
    slot->state = (uint8_t)state;
    slot->since = now;
    struct line *line = line_of(a, slot);
    slot->older = line->newest;
    slot->newer = 0;
    if (line->newest)
        a->slots[line->newest].newer = at;
    else
        line->oldest = at;
    line->newest = at;
    if (state == SLOT_GIVEN)
        add(&a->given, 1);
}

/* Out of its bucket and its line, into the free list. */
static void release(struct answers *a, uint32_t at)
{
    struct slot *slot = &a->slots[at];
    uint32_t *link = bucket_of(a, slot->key.transaction);
    while (*link != at)
        link = &a->slots[*link].chain;
    *link = slot->chain;
    if (slot->state == SLOT_BUSY)
        add(&a->busy, -1);
    else
        leave_line(a, slot);
    slot->state = SLOT_FREE;
    slot->number = 0;
    slot->chain = a->free;
    a->free = at;
}

/* The next one to go was last seen seconds ago: by the time of the next claim it is near. */
static void prefetch_oldest(const struct answers *a, const struct line *line)
{
    if (line->oldest)
        __builtin_prefetch(&a->slots[line->oldest], 1);
}

static void expire(struct answers *a, mono_t now)
{
    static const mono_t life[LINES] = { [LINE_GIVEN] = ANSWERS_LIFE, [LINE_ACKED] = ANSWERS_ACKED };
    for (size_t i = 0; i < LINES; i++) {
        while (a->lines[i].oldest && now - a->slots[a->lines[i].oldest].since > life[i])
            release(a, a->lines[i].oldest);
        prefetch_oldest(a, &a->lines[i]);
    }
}

static void evict(struct answers *a)
{
    if (a->lines[LINE_ACKED].oldest) {
        release(a, a->lines[LINE_ACKED].oldest);
    } else if (a->lines[LINE_GIVEN].oldest) {
        add(&a->evicted, 1);
        release(a, a->lines[LINE_GIVEN].oldest);
    }
}

/* An index, or 0 when every slot holds a call in progress. */
static uint32_t take_slot(struct answers *a)
{
    if (!a->free && a->used < a->capacity)
        return ++a->used;
    if (!a->free)
        evict(a);
    const uint32_t at = a->free;
    if (at)
        a->free = a->slots[at].chain;
    return at;
}

static uint32_t find(const struct answers *a, const struct answers_key *key)
{
    uint32_t at = *bucket_of(a, key->transaction);
    while (at && !(same(a->slots[at].key.transaction, key->transaction) &&
                   same(a->slots[at].key.message, key->message)))
        at = a->slots[at].chain;
    return at;
}

static void enter(struct answers *a, uint32_t at, const struct answers_key *key)
{
    uint32_t *bucket = bucket_of(a, key->transaction);
    struct slot *slot = &a->slots[at];
    slot->key = *key;
    slot->number = ++a->numbers ? a->numbers : ++a->numbers;
    slot->parked = 0;
    slot->state = SLOT_BUSY;
    slot->cancelled = false;
    slot->chain = *bucket;
    *bucket = at;
    add(&a->busy, 1);
}

/* The rows of signing may mean something else by now. */
static bool is_worthless(const struct slot *slot, uint64_t generation)
{
    return slot->state != SLOT_BUSY && slot->status == 0 && slot->decision.signing &&
           slot->generation != (uint32_t)generation;
}

static struct answer_kept kept_of(const struct slot *slot)
{
    return (struct answer_kept){ .generation = slot->generation,
                                 .status = slot->status,
                                 .decision = slot->decision };
}

enum answers_found answers_claim(struct answers *a, const struct answers_key *key, uint64_t generation,
                                 mono_t now, struct answers_ticket *ret, struct answer_kept *ret_kept)
{
    *ret = (struct answers_ticket){ 0, 0 };
    expire(a, now);
    uint32_t at = find(a, key);
    if (at && is_worthless(&a->slots[at], generation)) {
        release(a, at);
        at = 0;
    }
    if (at && a->slots[at].state == SLOT_BUSY)
        return ANSWERS_BUSY;
    if (at) {
        *ret_kept = kept_of(&a->slots[at]);
        return ANSWERS_GIVEN;
    }
    at = take_slot(a);
    if (at) {
        enter(a, at, key);
        *ret = (struct answers_ticket){ at, a->slots[at].number };
    } else {
        add(&a->full, 1);
    }
    return ANSWERS_NEW;
}

/* The slot of a ticket that is still good, or NULL. */
static struct slot *slot_of(struct answers *a, const struct answers_ticket *ticket)
{
    struct slot *slot = &a->slots[ticket->slot];
    return ticket->slot && slot->number == ticket->number ? slot : NULL;
}

bool answers_park(struct answers *a, const struct answers_ticket *ticket, uint64_t parked)
{
    struct slot *slot = slot_of(a, ticket);
    if (!slot || slot->state != SLOT_BUSY)
        return false;
    slot->parked = parked;
    return slot->cancelled;
}

void answers_give(struct answers *a, const struct answers_ticket *ticket, const struct answer_kept *kept,
                  mono_t now)
{
    struct slot *slot = slot_of(a, ticket);
    if (!slot || slot->state != SLOT_BUSY)
        return;
    add(&a->busy, -1);
    slot->generation = (uint32_t)kept->generation;
    slot->status = (uint16_t)kept->status;
    slot->decision = kept->decision;
    join_line(a, ticket->slot, SLOT_GIVEN, now);
}

void answers_forget(struct answers *a, const struct answers_ticket *ticket)
{
    if (slot_of(a, ticket))
        release(a, ticket->slot);
}

bool answers_unacknowledged(struct answers *a, const struct answers_ticket *ticket)
{
    const struct slot *slot = slot_of(a, ticket);
    return slot && slot->state != SLOT_ACKED;
}

void answers_acknowledge(struct answers *a, const uint64_t transaction[static 2], mono_t now)
{
    expire(a, now);
    for (uint32_t at = *bucket_of(a, transaction); at; at = a->slots[at].chain) {
        struct slot *slot = &a->slots[at];
        if (slot->state != SLOT_GIVEN || !same(slot->key.transaction, transaction))
            continue;
        leave_line(a, slot);
        join_line(a, at, SLOT_ACKED, now);
    }
}

enum answers_cancelled answers_cancel(struct answers *a, const uint64_t transaction[static 2],
                                      uint64_t *ret_parked)
{
    enum answers_cancelled result = CANCEL_UNKNOWN;
    for (uint32_t at = *bucket_of(a, transaction); at && result != CANCEL_PARKED; at = a->slots[at].chain) {
        struct slot *slot = &a->slots[at];
        if (!same(slot->key.transaction, transaction))
            continue;
        result = CANCEL_TOO_LATE;
        if (slot->state != SLOT_BUSY || slot->cancelled)
            continue;
        slot->cancelled = true;
        if (slot->parked) {
            *ret_parked = slot->parked;
            result = CANCEL_PARKED;
        }
    }
    return result;
}

struct answers_counts answers_counts(const struct answers *a)
{
    return (struct answers_counts){
        .kept = atomic_load_explicit(&a->given, memory_order_relaxed),
        .busy = atomic_load_explicit(&a->busy, memory_order_relaxed),
        .evicted = atomic_load_explicit(&a->evicted, memory_order_relaxed),
        .full = atomic_load_explicit(&a->full, memory_order_relaxed),
        .capacity = a->capacity,
    };
}
