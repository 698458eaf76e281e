/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of three slots, one cache line each: a call looks at one line, and writes to it once.
 *
 * The head of a line holds, for each slot, 16 bits of its key and the number of the claim (mod 16). A slot is claimed by
 * swapping the head for one with our bits in it; then it is filled, its key word last, which repeats the number: while
 * the two differ, the slot is being filled. Whoever claims has compared all tokens of the line that the old head
 * names, and the swap fails when another came in since: of two that enter the same token one is the first.
 *
 * A full line overflows into the other lines of its group. Its head counts that, after the claim, and from then on the
 * whole group is looked through, and looked through once more after a claim: of two that claim in different lines at
 * the same moment at least one sees the other, and counts as the repeat. The count is taken back by a claim that finds
 * the others empty; an overflow meanwhile has changed the head, or is about to.
 * Nobody ever waits for anybody: a slot that stays half filled counts as this token in another call.
 *
 * Of a key, 52 bits and those that pick the line are kept; of what makes it the same call, 64 bits of a keyed hash, for
 * whoever has somebody else's token may choose his own Call-ID. Times are in units of 67 ms and turn over after 13 days.
 */
#include "verdict/replay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SLOTS      3u
#define GROUP      4u /* lines, a power of two */
#define UNIT_BITS  26u
#define NEAR_UNITS ((int32_t)(MONO_S(8) >> UNIT_BITS) + 1)
#define SLOT_BITS  20u /* of the head: 16 of the key, 4 of the claim */
#define SPILL      (UINT64_C(1) << 60)
#define SPILLED    (UINT64_C(15) << 60)
#define PATIENCE   64u /* looks at a slot that is being filled: that takes a few instructions */

struct line {
    _Atomic uint64_t head;
    _Atomic uint64_t key[SLOTS];  /* 36 bits of the key, 24 of the time (0: free), 4 of the claim */
    _Atomic uint64_t same[SLOTS]; /* keyed hash */
    _Atomic uint16_t source[SLOTS];
    uint16_t spare;
};
_Static_assert(sizeof(struct line) == 64, "one cache line");

struct replay {
    struct line *lines;
    size_t mask; /* lines - 1 */
    int32_t window;
    struct hash_key secret;
    _Atomic uint64_t repeated, evicted_live;
};

enum bf_err replay_create(size_t entries, mono_t window, struct replay **ret)
{
    struct replay *r = calloc(1, sizeof *r);
    size_t lines = GROUP;
    if (!r)
        return BF_ENOMEM;
    while (lines * 2 < entries)
        lines *= 2;
    /* straight from the kernel: zeroed, aligned, and a page that no token has met costs nothing */
    r->lines =
        mmap(NULL, lines * sizeof *r->lines, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->lines == MAP_FAILED) {
        free(r);
        return BF_ENOMEM;
    }
    r->mask = lines - 1;
    r->window = (int32_t)((window + (INT64_C(1) << UNIT_BITS) - 1) >> UNIT_BITS);
    r->secret = hash_key_random();
    *ret = r;
    return BF_OK;
}

void replay_destroy(struct replay *r)
{
    if (!r)
        return;
    munmap(r->lines, (r->mask + 1) * sizeof *r->lines);
    free(r);
}

/* ---- the words of a slot ---- */

static uint64_t word(const uint8_t *bytes)
{
    uint64_t w;
    memcpy(&w, bytes, sizeof w);
    return w;
}

static uint32_t time_of(mono_t at)
{
    const uint32_t t = (uint32_t)((uint64_t)at >> UNIT_BITS) & 0xFFFFFF;
    return t ? t : 1;
}

/* 20 bits: of the key and of the claim, as the head has them. */
static uint32_t head_slot(uint64_t head, size_t i)
{
    return (uint32_t)(head >> (SLOT_BITS * i)) & 0xFFFFF;
}

static uint64_t head_claimed(uint64_t head, size_t i, uint64_t tag)
{
    const uint64_t claim = (head_slot(head, i) + 1) & 15;
    return (head & ~(UINT64_C(0xFFFFF) << (SLOT_BITS * i))) | (tag << 4 | claim) << (SLOT_BITS * i);
}

static uint32_t key_time(uint64_t key)
{
    return (uint32_t)(key >> 4) & 0xFFFFFF;
}

static bool is_filled(uint64_t head, size_t i, uint64_t key)
{
    return ((head_slot(head, i) ^ key) & 15) == 0;
}

struct wanted {
    uint64_t tag, key, same; /* 16 bits; 36 bits in their place; the keyed hash */
    uint32_t time;
    uint16_t source;
};

static struct wanted wanted_of(const struct replay *r, const struct replay_sighting *s)
{
    return (struct wanted){ .tag = word(s->key) & 0xFFFF,
                            .key = word(s->key + 8) & ~UINT64_C(0xFFFFFFF),
                            .same = hash_bytes(r->secret, span_make(s->same, sizeof s->same)),
                            .time = time_of(s->at),
                            .source = (uint16_t)s->source };
}

/* In units, negative when the slot is younger than who looks. */
static int32_t age_of(const struct wanted *w, uint64_t key)
{
    return (int32_t)((w->time - key_time(key)) << 8) >> 8;
}

static bool is_live(const struct replay *r, const struct wanted *w, uint64_t key)
{
    const int32_t age = age_of(w, key);
    return key_time(key) != 0 && age <= r->window && age >= -r->window;
}

/* The key is a SHA-256 over a signer's signature: nobody can steer many of them into one line cheaply. */
static struct line *home_of(const struct replay *r, const struct replay_sighting *s)
{
    return r->lines + (word(s->key + 16) & r->mask);
}

void replay_prefetch(const struct replay *r, const uint8_t key[static SHA256_BYTES])
{
    __builtin_prefetch(r->lines + (word(key + 16) & r->mask), 1);
}

/* ---- looking ---- */

/* What slot i says of the sighting. BUSY: it may be this token, and is being filled or was taken away meanwhile. */
#define BUSY (REPLAY_REPEAT + 1)
static unsigned ask_slot(const struct replay *r, struct line *line, uint64_t head, size_t i,
                         const struct wanted *w)
{
    const uint64_t key = atomic_load_explicit(&line->key[i], memory_order_acquire);
    if (head_slot(head, i) >> 4 != w->tag)
        return REPLAY_FIRST;
    if (!is_filled(head, i, key))
        return BUSY;
    if ((key ^ w->key) >> 28 || !is_live(r, w, key))
        return REPLAY_FIRST;
    const bool same = atomic_load_explicit(&line->same[i], memory_order_acquire) == w->same;
    const bool near = atomic_load_explicit(&line->source[i], memory_order_acquire) == w->source &&
                      age_of(w, key) <= NEAR_UNITS;
    if (head_slot(atomic_load_explicit(&line->head, memory_order_acquire), i) != head_slot(head, i))
        return BUSY;
    return same ? REPLAY_SAME : near ? REPLAY_NEAR : REPLAY_REPEAT;
}

/* The worst of two answers; REPLAY_SAME outweighs NEAR and REPEAT: the call itself was here. */
static enum replay_answer worse(enum replay_answer a, enum replay_answer b)
{
    if (a == REPLAY_SAME || b == REPLAY_SAME)
        return REPLAY_SAME;
    return a > b ? a : b;
}

/* but: a slot that is not asked, or SLOTS. *ret_head: the head that the answer is true of. */
static enum replay_answer ask_line(const struct replay *r, struct line *line, const struct wanted *w,
                                   size_t but, uint64_t *ret_head)
{
    enum replay_answer worst = REPLAY_FIRST;
    uint64_t head = atomic_load(&line->head);
    unsigned looks = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        const unsigned a = i == but ? REPLAY_FIRST : ask_slot(r, line, head, i, w);
        if (a == BUSY && looks++ < PATIENCE) { /* from the start: the head may be another */
            head = atomic_load(&line->head);
            worst = REPLAY_FIRST;
            i = SIZE_MAX;
            continue;
        }
        worst = worse(worst, a == BUSY ? REPLAY_NEAR : (enum replay_answer)a);
    }
    *ret_head = head;
    return worst;
}

/* Home first; the others only if it ever overflowed. heads: of all that were looked at, by their place after home. */
static enum replay_answer ask_group(const struct replay *r, struct line *home, const struct wanted *w,
                                    uint64_t heads[static GROUP])
{
    enum replay_answer worst = ask_line(r, home, w, SLOTS, &heads[0]);
    const size_t at = (size_t)(home - r->lines);
    for (size_t k = 1; k < GROUP && heads[0] & SPILLED && worst != REPLAY_SAME; k++)
        worst = worse(worst, ask_line(r, r->lines + (at ^ k), w, SLOTS, &heads[k]));
    return worst;
}

/* ---- entering ---- */

struct place {
    struct line *line;
    uint64_t head;
    size_t slot;
    bool live; /* it is taken from another token whose time is not up */
};

/* A free or outdated slot of the line, else its oldest one if that is older than what is found already. */
static bool find_place(const struct replay *r, struct line *line, uint64_t head, const struct wanted *w,
                       struct place *best, int32_t *best_age)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const uint64_t key = atomic_load_explicit(&line->key[i], memory_order_acquire);
        if (!is_filled(head, i, key))
            continue;
        const bool live = is_live(r, w, key);
        if (live && ((best->line && age_of(w, key) <= *best_age) || head_slot(head, i) >> 4 == w->tag))
            continue; /* our own tag: in a line that was not looked at it may be our token */
        *best = (struct place){ line, head, i, live };
        *best_age = age_of(w, key);
        if (!live)
            return true;
    }
    return false;
}

static struct place choose_place(const struct replay *r, struct line *home, const struct wanted *w,
                                 const uint64_t heads[static GROUP])
{
    struct place best = { NULL, 0, 0, false };
    int32_t age = 0;
    const size_t at = (size_t)(home - r->lines);
    if (find_place(r, home, heads[0], w, &best, &age))
        return best;
    for (size_t k = 1; k < GROUP; k++) {
        struct line *line = r->lines + (at ^ k);
        /* Lines nobody looked at hold nothing of this home: their head of now will do. */
        const uint64_t head = heads[0] & SPILLED ? heads[k] : atomic_load(&line->head);
        if (find_place(r, line, head, w, &best, &age))
            break;
    }
    return best;
}

static bool is_empty(const struct replay *r, struct line *line, uint64_t head, const struct wanted *w)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const uint64_t key = atomic_load_explicit(&line->key[i], memory_order_acquire);
        if (!is_filled(head, i, key) || is_live(r, w, key))
            return false;
    }
    return true;
}

/* The head that claims the place; at home without the count of overflows when there is nothing left of them. */
static uint64_t claim_of(const struct replay *r, const struct place *p, struct line *home,
                         const struct wanted *w, const uint64_t heads[static GROUP])
{
    const uint64_t claimed = head_claimed(p->head, p->slot, w->tag);
    const size_t at = (size_t)(home - r->lines);
    if (p->line != home || !(claimed & SPILLED))
        return claimed;
    for (size_t k = 1; k < GROUP; k++)
        if (!is_empty(r, r->lines + (at ^ k), heads[k], w))
            return claimed;
    return claimed & ~SPILLED;
}

static void fill(const struct place *p, const struct wanted *w)
{
    const uint64_t claim = head_slot(p->head, p->slot) & 15;
    atomic_store_explicit(&p->line->same[p->slot], w->same, memory_order_release);
    atomic_store_explicit(&p->line->source[p->slot], w->source, memory_order_release);
    atomic_store_explicit(&p->line->key[p->slot], w->key | (uint64_t)w->time << 4 | claim,
                          memory_order_release);
}

/* After the claim, and always another count than before: see claim_of. */
static void tell_home(struct line *home)
{
    uint64_t head = atomic_load(&home->head), next;
    do
        next = (head & SPILLED) == SPILLED ? (head & ~SPILLED) | SPILL : head + SPILL;
    while (!atomic_compare_exchange_weak(&home->head, &head, next));
}

static enum replay_answer ask_others(const struct replay *r, struct line *home, const struct wanted *w,
                                     const struct place *mine)
{
    enum replay_answer worst = REPLAY_FIRST;
    const size_t at = (size_t)(home - r->lines);
    uint64_t head;
    for (size_t k = 0; k < GROUP; k++) {
        struct line *line = r->lines + (at ^ k);
        worst = worse(worst, ask_line(r, line, w, line == mine->line ? mine->slot : SLOTS, &head));
    }
    return worst;
}

static enum replay_answer answered(struct replay *r, enum replay_answer a)
{
    if (a == REPLAY_NEAR || a == REPLAY_REPEAT)
        atomic_fetch_add_explicit(&r->repeated, 1, memory_order_relaxed);
    return a;
}

enum replay_answer replay_look(struct replay *r, const struct replay_sighting *sighting)
{
    const struct wanted w = wanted_of(r, sighting);
    uint64_t heads[GROUP] = { 0 };
    return answered(r, ask_group(r, home_of(r, sighting), &w, heads));
}

enum replay_answer replay_enter(struct replay *r, const struct replay_sighting *sighting)
{
    const struct wanted w = wanted_of(r, sighting);
    struct line *home = home_of(r, sighting);
    for (unsigned attempt = 0; attempt < PATIENCE; attempt++) {
        uint64_t heads[GROUP] = { 0 };
        const enum replay_answer before = ask_group(r, home, &w, heads);
        if (before != REPLAY_FIRST)
            return answered(r, before);
        struct place mine = choose_place(r, home, &w, heads);
        if (!mine.line)
            break; /* all are being filled this very moment */
        const uint64_t claimed = claim_of(r, &mine, home, &w, heads);
        if (!atomic_compare_exchange_strong(&mine.line->head, &mine.head, claimed))
            continue;
        mine.head = claimed;
        fill(&mine, &w);
        if (mine.live)
            atomic_fetch_add_explicit(&r->evicted_live, 1, memory_order_relaxed);
        if (mine.line != home)
            tell_home(home);
        else if (!(heads[0] & SPILLED))
            return REPLAY_FIRST;
        return answered(r, ask_others(r, home, &w, &mine));
    }
    return answered(r, REPLAY_NEAR); /* not remembered, so not believed either */
}

void replay_forget(struct replay *r, const struct replay_sighting *sighting)
{
    const struct wanted w = wanted_of(r, sighting);
    const size_t at = (size_t)(home_of(r, sighting) - r->lines);
    for (size_t k = 0; k < GROUP; k++) {
        struct line *line = r->lines + (at ^ k);
        const uint64_t head = atomic_load(&line->head);
        for (size_t i = 0; i < SLOTS; i++) {
            uint64_t key = atomic_load(&line->key[i]);
            if (head_slot(head, i) >> 4 == w.tag && is_filled(head, i, key) && (key ^ w.key) >> 28 == 0)
                atomic_compare_exchange_strong(&line->key[i], &key,
                                               key & 15); /* else it is another token by now */
        }
    }
}

struct replay_counts replay_counts(const struct replay *r)
{
    return (struct replay_counts){
        .repeated = atomic_load(&r->repeated),
        .evicted_live = atomic_load(&r->evicted_live),
    };
}
