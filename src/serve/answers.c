/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard is a hash of chains over an array of slots. Decisions stand in the order they were given, so the oldest, which
 * is also the first to expire, is at the front. Slots never used are taken from the end of the used part:
 * an idle server touches none of the memory.
 */
#include "serve/answers.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>

#define SHARDS 64u

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_GIVEN, SLOT_ACKED };

/* Decisions in the order of their time, oldest first: those that wait for an ACK, and those that had it. */
struct line {
    uint32_t oldest, newest;
};
enum { LINE_GIVEN, LINE_ACKED, LINES };

struct slot { /* indices count from 1; 0: none */
    struct answers_key key;
    uint64_t number; /* of the claim: a ticket of an earlier use is worth nothing */
    uint64_t parked;
    mono_t since;          /* it stands in its line */
    uint32_t chain;        /* next of the bucket, or of the free list */
    uint32_t older, newer; /* SLOT_GIVEN, SLOT_ACKED */
    uint16_t worker;
    uint8_t state;
    bool cancelled;
    struct answer_kept kept;
};

struct shard {
    alignas(64) pthread_mutex_t lock;
    struct slot *slots; /* [0] is unused */
    uint32_t *buckets;
    uint32_t free, used; /* free list; slots ever used */
    struct line lines[LINES];
    uint64_t numbers;
    uint64_t busy, given, evicted, full;
};

struct answers {
    uint32_t capacity; /* slots a shard */
    uint32_t mask;     /* buckets a shard - 1 */
    struct shard shards[SHARDS];
};

enum bf_err answers_create(size_t memory, struct answers **ret)
{
    struct answers *a = aligned_alloc(alignof(struct answers), sizeof *a);
    const size_t each = memory / SHARDS / (sizeof(struct slot) + 2 * sizeof(uint32_t));
    uint32_t buckets = 16;
    if (!a)
        return BF_ENOMEM;
    memset(a, 0, sizeof *a);
    a->capacity = each < 4 ? 4 : each > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)each;
    while (buckets < a->capacity)
        buckets *= 2;
    a->mask = buckets - 1;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &a->shards[i];
        pthread_mutex_init(&s->lock, NULL);
        s->slots = calloc((size_t)a->capacity + 1, sizeof *s->slots);
        s->buckets = calloc(buckets, sizeof *s->buckets);
        if (!s->slots || !s->buckets) {
            answers_destroy(a);
            return BF_ENOMEM;
        }
    }
    *ret = a;
    return BF_OK;
}

void answers_destroy(struct answers *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        free(a->shards[i].slots);
        free(a->shards[i].buckets);
    }
    free(a);
}

static struct shard *shard_of(struct answers *a, const uint64_t transaction[static 2])
{
    return &a->shards[transaction[0] % SHARDS];
}

static uint32_t *bucket_of(const struct answers *a, struct shard *s, const uint64_t transaction[static 2])
{
    return &s->buckets[transaction[1] & a->mask];
}

static bool same(const uint64_t a[static 2], const uint64_t b[static 2])
{
    return a[0] == b[0] && a[1] == b[1];
}

static struct line *line_of(struct shard *s, const struct slot *slot)
{
    return &s->lines[slot->state == SLOT_GIVEN ? LINE_GIVEN : LINE_ACKED];
}

static void leave_line(struct shard *s, struct slot *slot)
{
    struct line *line = line_of(s, slot);
    if (slot->older)
        s->slots[slot->older].newer = slot->newer;
    else
        line->oldest = slot->newer;
    if (slot->newer)
        s->slots[slot->newer].older = slot->older;
    else
        line->newest = slot->older;
    slot->older = slot->newer = 0;
    s->given -= slot->state == SLOT_GIVEN;
}

static void join_line(struct shard *s, uint32_t at, enum slot_state state, mono_t now)
{
    struct slot *slot = &s->slots[at];
    slot->state = (uint8_t)state;
    slot->since = now;
    struct line *line = line_of(s, slot);
    slot->older = line->newest;
    slot->newer = 0;
    if (line->newest)
        s->slots[line->newest].newer = at;
    else
        line->oldest = at;
    line->newest = at;
    s->given += state == SLOT_GIVEN;
}

/* Out of its bucket and its line, into the free list. */
static void release(struct answers *a, struct shard *s, uint32_t at)
{
    struct slot *slot = &s->slots[at];
    uint32_t *link = bucket_of(a, s, slot->key.transaction);
    while (*link != at)
        link = &s->slots[*link].chain;
    *link = slot->chain;
    if (slot->state == SLOT_BUSY)
        s->busy--;
    else
        leave_line(s, slot);
    slot->state = SLOT_FREE;
    slot->number = 0;
    slot->chain = s->free;
    s->free = at;
}

static void expire(struct answers *a, struct shard *s, mono_t now)
{
    static const mono_t life[LINES] = { [LINE_GIVEN] = ANSWERS_LIFE, [LINE_ACKED] = ANSWERS_ACKED };
    for (size_t i = 0; i < LINES; i++)
        while (s->lines[i].oldest && now - s->slots[s->lines[i].oldest].since > life[i])
            release(a, s, s->lines[i].oldest);
}

static void evict(struct answers *a, struct shard *s)
{
    if (s->lines[LINE_ACKED].oldest) {
        release(a, s, s->lines[LINE_ACKED].oldest);
    } else if (s->lines[LINE_GIVEN].oldest) {
        s->evicted++;
        release(a, s, s->lines[LINE_GIVEN].oldest);
    }
}

/* An index, or 0 when every slot holds a call in progress. */
static uint32_t take_slot(struct answers *a, struct shard *s)
{
    if (!s->free && s->used < a->capacity)
        return ++s->used;
    if (!s->free)
        evict(a, s);
    const uint32_t at = s->free;
    if (at)
        s->free = s->slots[at].chain;
    return at;
}

static uint32_t find(struct answers *a, struct shard *s, const struct answers_key *key)
{
    uint32_t at = *bucket_of(a, s, key->transaction);
    while (at && !(same(s->slots[at].key.transaction, key->transaction) &&
                   same(s->slots[at].key.message, key->message)))
        at = s->slots[at].chain;
    return at;
}

static void enter(struct answers *a, struct shard *s, uint32_t at, const struct answers_key *key)
{
    uint32_t *bucket = bucket_of(a, s, key->transaction);
    struct slot *slot = &s->slots[at];
    slot->key = *key;
    slot->number = ++s->numbers;
    slot->parked = 0;
    slot->state = SLOT_BUSY;
    slot->cancelled = false;
    slot->chain = *bucket;
    *bucket = at;
    s->busy++;
}

/* The rows of signing may mean something else by now. */
static bool is_worthless(const struct slot *slot, uint64_t generation)
{
    return slot->state != SLOT_BUSY && slot->kept.status == 0 && slot->kept.decision.signing &&
           slot->kept.generation != generation;
}

enum answers_found answers_claim(struct answers *a, const struct answers_key *key, uint64_t generation,
                                 mono_t now, struct answers_ticket *ret, struct answer_kept *ret_kept)
{
    struct shard *s = shard_of(a, key->transaction);
    enum answers_found found = ANSWERS_NEW;
    *ret = (struct answers_ticket){ .shard = (uint32_t)(s - a->shards) };
    pthread_mutex_lock(&s->lock);
    expire(a, s, now);
    uint32_t at = find(a, s, key);
    if (at && is_worthless(&s->slots[at], generation)) {
        release(a, s, at);
        at = 0;
    }
    if (at && s->slots[at].state == SLOT_BUSY) {
        found = ANSWERS_BUSY;
    } else if (at) {
        *ret_kept = s->slots[at].kept;
        found = ANSWERS_GIVEN;
    } else if ((at = take_slot(a, s)) != 0) {
        enter(a, s, at, key);
        ret->slot = at;
        ret->number = s->slots[at].number;
    } else {
        s->full++;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

/* The slot of a ticket that is still good, its shard locked; or NULL, nothing locked. */
static struct slot *hold(struct answers *a, const struct answers_ticket *ticket, struct shard **ret)
{
    struct shard *s = &a->shards[ticket->shard];
    if (!ticket->slot)
        return NULL;
    pthread_mutex_lock(&s->lock);
    if (s->slots[ticket->slot].number == ticket->number) {
        *ret = s;
        return &s->slots[ticket->slot];
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

bool answers_park(struct answers *a, const struct answers_ticket *ticket, unsigned worker, uint64_t parked)
{
    struct shard *s;
    struct slot *slot = hold(a, ticket, &s);
    if (!slot)
        return false;
    const bool cancelled = slot->cancelled;
    slot->worker = (uint16_t)worker;
    slot->parked = parked;
    pthread_mutex_unlock(&s->lock);
    return cancelled;
}

void answers_give(struct answers *a, const struct answers_ticket *ticket, const struct answer_kept *kept,
                  mono_t now)
{
    struct shard *s;
    struct slot *slot = hold(a, ticket, &s);
    if (!slot)
        return;
    if (slot->state == SLOT_BUSY) {
        s->busy--;
        slot->kept = *kept;
        join_line(s, ticket->slot, SLOT_GIVEN, now);
    }
    pthread_mutex_unlock(&s->lock);
}

void answers_forget(struct answers *a, const struct answers_ticket *ticket)
{
    struct shard *s;
    if (!hold(a, ticket, &s))
        return;
    release(a, s, ticket->slot);
    pthread_mutex_unlock(&s->lock);
}

bool answers_unacknowledged(struct answers *a, const struct answers_ticket *ticket)
{
    struct shard *s;
    const struct slot *slot = hold(a, ticket, &s);
    if (!slot)
        return false;
    const bool waits = slot->state != SLOT_ACKED;
    pthread_mutex_unlock(&s->lock);
    return waits;
}

void answers_acknowledge(struct answers *a, const uint64_t transaction[static 2], mono_t now)
{
    struct shard *s = shard_of(a, transaction);
    pthread_mutex_lock(&s->lock);
    expire(a, s, now);
    for (uint32_t at = *bucket_of(a, s, transaction); at; at = s->slots[at].chain) {
        struct slot *slot = &s->slots[at];
        if (slot->state != SLOT_GIVEN || !same(slot->key.transaction, transaction))
            continue;
        leave_line(s, slot);
        join_line(s, at, SLOT_ACKED, now);
    }
    pthread_mutex_unlock(&s->lock);
}

enum answers_cancelled answers_cancel(struct answers *a, const uint64_t transaction[static 2],
                                      unsigned *ret_worker, uint64_t *ret_parked)
{
    struct shard *s = shard_of(a, transaction);
    enum answers_cancelled result = CANCEL_UNKNOWN;
    pthread_mutex_lock(&s->lock);
    for (uint32_t at = *bucket_of(a, s, transaction); at && result != CANCEL_PARKED;
         at = s->slots[at].chain) {
        struct slot *slot = &s->slots[at];
        if (!same(slot->key.transaction, transaction))
            continue;
        result = CANCEL_TOO_LATE;
        if (slot->state == SLOT_BUSY && !slot->cancelled) {
            slot->cancelled = true;
            if (slot->parked) {
                *ret_worker = slot->worker;
                *ret_parked = slot->parked;
                result = CANCEL_PARKED;
            }
        }
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

struct answers_counts answers_counts(struct answers *a)
{
    struct answers_counts sum = { .capacity = (uint64_t)a->capacity * SHARDS };
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &a->shards[i];
        pthread_mutex_lock(&s->lock);
        sum.kept += s->given;
        sum.busy += s->busy;
        sum.evicted += s->evicted;
        sum.full += s->full;
        pthread_mutex_unlock(&s->lock);
    }
    return sum;
}
