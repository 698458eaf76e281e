/* SPDX-License-Identifier: Apache-2.0 */
/* What the index holds: entries made, published, weighed and let go, all by the builder thread. */
#include <stdio.h>
#include <stdlib.h>

#include "trust/builder.h"
#include "trust/cache.h"

#define ENTRY_BYTES 16384u /* what a signer of the main part may take on average */

void entry_release(void *p)
{
    struct entry *e = p;
    signer_destroy(atomic_load(&e->signer));
    free(atomic_load(&e->failure));
    free(e->body);
    free(e);
}

static void release_signer(void *p)
{
    signer_destroy(p);
}

struct entry *entry_find(struct signers *s, struct span x5u)
{
    return (struct entry *)table_find(&s->by_url, x5u);
}

void entries_count(struct signers *s)
{
    atomic_store(&s->tally->signers, s->n_main);
    atomic_store(&s->tally->probation, s->n_all - s->n_main);
}

void entry_weigh(struct signers *s, struct entry *e)
{
    const struct signer *signer = atomic_load(&e->signer);
    size_t bytes = sizeof *e + e->node.key.n + 1 + e->body_n + (signer ? signer->bytes : 0);
    for (size_t i = 0; i < e->n_headers; i++)
        bytes += e->headers[i]->bytes;
    atomic_fetch_add(&s->tally->bytes, bytes - e->bytes);
    if (e->proven)
        s->main_bytes += bytes - e->bytes;
    e->bytes = bytes;
}

void header_release(void *p)
{
    struct header *h = p;
    arena_destroy(h->arena);
    free(h);
}

static void forget_header(struct signers *s, struct header *h)
{
    table_remove(&s->by_header, &h->node);
    epoch_retire(s->epoch, header_release, h);
}

/* Unlinks it; readers that hold it keep it until their batch ends. */
void entry_remove(struct signers *s, struct entry *e)
{
    if (e->proven && s->cache_dir)
        cache_remove(s->cache_dir, e->node.key);
    for (size_t i = 0; i < e->n_headers; i++)
        forget_header(s, e->headers[i]);
    table_remove(&s->by_url, &e->node);
    s->all[e->at] = s->all[--s->n_all];
    s->all[e->at]->at = e->at;
    s->n_main -= e->proven;
    s->main_bytes -= e->proven ? e->bytes : 0;
    atomic_fetch_sub(&s->tally->bytes, e->bytes);
    epoch_retire(s->epoch, entry_release, e);
    entries_count(s);
}

/* The least recently used of a part, `spare` excepted; NULL when there is no other. */
static struct entry *least_used(struct signers *s, bool proven, const struct entry *spare)
{
    struct entry *least = NULL;
    uint64_t least_tick = UINT64_MAX;
    for (size_t i = 0; i < s->n_all; i++) {
        struct entry *e = s->all[i];
        const uint64_t tick = atomic_load_explicit(&e->used, memory_order_relaxed);
        if (e != spare && e->proven == proven && tick < least_tick) {
            least = e;
            least_tick = tick;
        }
    }
    return least;
}

static void evict(struct signers *s, struct entry *e)
{
    entry_remove(s, e);
    atomic_fetch_add(&s->tally->evicted, 1);
}

void entries_make_room(struct signers *s, const struct entry *newest)
{
    struct entry *e;
    while (s->n_all - s->n_main > s->probation_max && (e = least_used(s, false, newest)))
        evict(s, e);
    while ((s->n_main > s->main_max || s->main_bytes > s->main_max * ENTRY_BYTES) &&
           (e = least_used(s, true, newest)))
        evict(s, e);
}

static uint64_t next_tick(struct signers *s)
{
    return atomic_fetch_add_explicit(&s->tick, 1, memory_order_relaxed) + 1;
}

static bool grow(struct signers *s)
{
    if (s->n_all < s->room)
        return true;
    const size_t room = s->room ? 2 * s->room : 64;
    struct entry **more = realloc(s->all, room * sizeof(struct entry *));
    if (!more)
        return false;
    s->all = more;
    s->room = room;
    return true;
}

/* The entry of a URL, made where there is none; NULL without memory. */
struct entry *entry_for(struct signers *s, struct span x5u)
{
    struct entry *e = entry_find(s, x5u);
    if (e || !grow(s) || !(e = calloc(1, sizeof *e + x5u.n + 1)))
        return e;
    memcpy(e->x5u, x5u.p, x5u.n);
    e->node.key = span_make(e->x5u, x5u.n);
    atomic_init(&e->used, next_tick(s));
    e->at = s->n_all;
    s->all[s->n_all++] = e;
    table_add(&s->by_url, &e->node);
    entry_weigh(s, e);
    entries_make_room(s, e);
    entries_count(s);
    return e;
}

/* ---- publishing ---- */

void entry_publish(struct signers *s, struct entry *e, struct signer *signer)
{
    struct signer *old = atomic_exchange_explicit(&e->signer, signer, memory_order_acq_rel);
    struct failure *failure = atomic_exchange_explicit(&e->failure, NULL, memory_order_acq_rel);
    e->built_at = next_tick(s);
    atomic_store_explicit(&e->used, e->built_at, memory_order_relaxed);
    if (old)
        epoch_retire(s->epoch, release_signer, old);
    if (failure)
        epoch_retire(s->epoch, free, failure);
    atomic_fetch_add(&s->tally->built, 1);
    entry_weigh(s, e);
    entries_make_room(s, e);
}

/* A copy that is there serves on: only who has nothing is told the failure. */
void entry_fail(struct signers *s, struct span x5u, const char *why, int64_t for_s)
{
    struct entry *e = entry_for(s, x5u);
    struct failure *failure = calloc(1, sizeof *failure);
    atomic_fetch_add(&s->tally->failed, 1);
    if (!e || !failure || atomic_load(&e->signer)) {
        free(failure);
        return;
    }
    failure->until = clock_now(s->clock).mono + MONO_S(for_s);
    snprintf(failure->why, sizeof failure->why, "%s", why);
    failure = atomic_exchange_explicit(&e->failure, failure, memory_order_acq_rel);
    if (failure)
        epoch_retire(s->epoch, free, failure);
}

/* NULL without memory. */
static struct header *header_create(struct entry *e, struct span text)
{
    const size_t room = 2 * text.n + 64, most = 4 * room; /* the text, and what of it is escaped once more */
    struct header *h = malloc(sizeof *h + text.n);
    if (!h)
        return NULL;
    *h = (struct header){ .entry = e, .bytes = sizeof *h + text.n + room };
    memcpy(h->text, text.p, text.n);
    h->node.key = span_make(h->text, text.n);
    if (arena_create(room, most, &h->arena) != BF_OK) {
        free(h);
        return NULL;
    }
    h->is_read = token_header_read(h->node.key, h->arena, &h->says.read) == BF_OK;
    h->says.url_allowed = h->is_read && fetch_url_allowed(h->says.read.x5u, false, NULL) == BF_OK;
    return h;
}

void entry_learn(struct signers *s, struct entry *e, struct span text)
{
    struct header *h = text.n && !table_find(&s->by_header, text) ? header_create(e, text) : NULL;
    if (!h)
        return;
    if (e->n_headers == ENTRY_HEADERS)
        forget_header(s, e->headers[e->next_header]);
    else
        e->n_headers++;
    e->headers[e->next_header] = h;
    e->next_header = (e->next_header + 1) % ENTRY_HEADERS;
    table_add(&s->by_header, &h->node);
}
