/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets of sixteen slots: of a memory that is a quarter full, none overflows. A slot is claimed by swapping its
 * state to BUSY, filled, then published. Whoever publishes looks through the bucket once more: of two that enter the
 * same token at the same moment at least one sees the other and counts as the repeat. Nobody ever waits for anybody.
 */
#include "verdict/replay.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SLOTS      16u
#define NEAR_NS    MONO_S(8)
#define STATE_FREE 0u
#define STATE_BUSY 1u /* larger: the time of entering, in nanoseconds, never below 2 */

struct slot {
    _Atomic uint64_t state;
    _Atomic uint64_t key[2]; /* of the 256 bits of a SHA-256, 128 tell tokens apart */
    _Atomic uint64_t same[2];
    _Atomic uint64_t source;
    uint64_t spare[2];
};
_Static_assert(sizeof(struct slot) == 64, "one cache line a slot");

struct replay {
    struct slot *slots;
    size_t mask; /* buckets - 1 */
    mono_t window;
    _Atomic uint64_t entered, repeated, evicted_live;
};

enum bf_err replay_create(size_t entries, mono_t window, struct replay **ret)
{
    struct replay *r = calloc(1, sizeof *r);
    size_t buckets = 1;
    if (!r)
        return BF_ENOMEM;
    while (buckets * SLOTS < entries)
        buckets *= 2;
    /* straight from the kernel: zeroed, aligned, and a page that no token has met costs nothing */
    r->slots = mmap(NULL, buckets * SLOTS * sizeof *r->slots, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->slots == MAP_FAILED) {
        free(r);
        return BF_ENOMEM;
    }
    r->mask = buckets - 1;
    r->window = window;
    *ret = r;
    return BF_OK;
}

void replay_destroy(struct replay *r)
{
    if (!r)
        return;
    munmap(r->slots, (r->mask + 1) * SLOTS * sizeof *r->slots);
    free(r);
}

static uint64_t word(const uint8_t *bytes)
{
    uint64_t w;
    memcpy(&w, bytes, sizeof w);
    return w;
}

static uint64_t state_of(mono_t at)
{
    return at < 2 ? 2 : (uint64_t)at;
}

static bool is_live(const struct replay *r, uint64_t state, mono_t now)
{
    return state > STATE_BUSY && now - (mono_t)state <= r->window;
}

struct wanted {
    uint64_t key[2], same[2], source;
    mono_t at;
};

/* What the slot says about the sighting, or REPLAY_FIRST when it is about another token. */
static enum replay_answer slot_answer(const struct replay *r, struct slot *s, const struct wanted *w)
{
    const uint64_t state = atomic_load(&s->state);
    if (!is_live(r, state, w->at) || atomic_load(&s->key[0]) != w->key[0] ||
        atomic_load(&s->key[1]) != w->key[1])
        return REPLAY_FIRST;
    const bool same = atomic_load(&s->same[0]) == w->same[0] && atomic_load(&s->same[1]) == w->same[1];
    const bool near = atomic_load(&s->source) == w->source && w->at - (mono_t)state <= NEAR_NS;
    if (atomic_load(&s->state) != state)
        return REPLAY_FIRST; /* its time was up and the slot went to another token meanwhile */
    return same ? REPLAY_SAME : near ? REPLAY_NEAR : REPLAY_REPEAT;
}

/* The worst answer of the bucket; `but` is not asked. REPLAY_SAME outweighs NEAR and REPEAT: the call itself was here. */
static enum replay_answer bucket_answer(const struct replay *r, struct slot *bucket, const struct wanted *w,
                                        const struct slot *but)
{
    enum replay_answer worst = REPLAY_FIRST;
    for (size_t i = 0; i < SLOTS; i++) {
        if (&bucket[i] == but)
            continue;
        const enum replay_answer a = slot_answer(r, &bucket[i], w);
        if (a == REPLAY_SAME)
            return a;
        if (a > worst)
            worst = a;
    }
    return worst;
}

/*
 * A slot of one's own: a free or outdated one, else the oldest. NULL when all are being filled this very moment, or
 * when the one to go turns out to hold this very token, entered by somebody else since the bucket was looked through.
 */
static struct slot *slot_claim(struct replay *r, struct slot *bucket, const struct wanted *w)
{
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        struct slot *best = NULL;
        uint64_t best_state = UINT64_MAX;
        for (size_t i = 0; i < SLOTS; i++) {
            const uint64_t state = atomic_load(&bucket[i].state);
            if (state != STATE_BUSY && state < best_state) {
                best = &bucket[i];
                best_state = state;
            }
        }
        if (best && atomic_compare_exchange_strong(&best->state, &best_state, STATE_BUSY)) {
            if (!is_live(r, best_state, w->at))
                return best;
            if (atomic_load(&best->key[0]) == w->key[0] && atomic_load(&best->key[1]) == w->key[1]) {
                atomic_store(&best->state, best_state);
                return NULL;
            }
            atomic_fetch_add(&r->evicted_live, 1);
            return best;
        }
    }
    return NULL;
}

static enum replay_answer answered(struct replay *r, enum replay_answer a)
{
    if (a == REPLAY_NEAR || a == REPLAY_REPEAT)
        atomic_fetch_add(&r->repeated, 1);
    return a;
}

static struct wanted wanted_of(const struct replay_sighting *s)
{
    return (struct wanted){
        { word(s->key), word(s->key + 8) }, { word(s->same), word(s->same + 8) }, s->source, s->at
    };
}

static struct slot *bucket_of(const struct replay *r, const struct replay_sighting *s)
{
    /* The key is a SHA-256 over a signer's signature: nobody can steer many of them into one bucket cheaply. */
    return r->slots + (word(s->key + 16) & r->mask) * SLOTS;
}

enum replay_answer replay_look(struct replay *r, const struct replay_sighting *sighting)
{
    const struct wanted w = wanted_of(sighting);
    return answered(r, bucket_answer(r, bucket_of(r, sighting), &w, NULL));
}

enum replay_answer replay_enter(struct replay *r, const struct replay_sighting *sighting)
{
    const struct wanted w = wanted_of(sighting);
    struct slot *bucket = bucket_of(r, sighting);
    const enum replay_answer before = bucket_answer(r, bucket, &w, NULL);
    if (before != REPLAY_FIRST)
        return answered(r, before);

    struct slot *mine = slot_claim(r, bucket, &w);
    if (!mine)
        return answered(r, REPLAY_NEAR); /* not remembered, so not believed either */
    for (size_t i = 0; i < 2; i++) {
        atomic_store(&mine->key[i], w.key[i]);
        atomic_store(&mine->same[i], w.same[i]);
    }
    atomic_store(&mine->source, w.source);
    atomic_store(&mine->state, state_of(w.at));
    atomic_fetch_add(&r->entered, 1);
    return answered(r, bucket_answer(r, bucket, &w, mine));
}

void replay_forget(struct replay *r, const struct replay_sighting *sighting)
{
    const struct wanted w = wanted_of(sighting);
    struct slot *bucket = bucket_of(r, sighting);
    for (size_t i = 0; i < SLOTS; i++) {
        uint64_t state = atomic_load(&bucket[i].state);
        if (state > STATE_BUSY && atomic_load(&bucket[i].key[0]) == w.key[0] &&
            atomic_load(&bucket[i].key[1]) == w.key[1])
            atomic_compare_exchange_strong(&bucket[i].state, &state,
                                           STATE_FREE); /* else it is another token by now */
    }
}

struct replay_counts replay_counts(const struct replay *r)
{
    return (struct replay_counts){
        .entered = atomic_load(&r->entered),
        .repeated = atomic_load(&r->repeated),
        .evicted_live = atomic_load(&r->evicted_live),
    };
}
