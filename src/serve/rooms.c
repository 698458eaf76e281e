/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where `strict` asks for the disk before an answer, a worker does not wait for it: the lanes of a batch whose records are
 * on their way stay as they are, and the worker goes on with other lanes. There are ROOMS of them; when all are on their
 * way, it does wait. A batch is held up with all it points to: its datagrams are in its lanes, its snapshot and its signers
 * are held by its part of the epoch. Connections and parked calls are held by nothing: a batch that has one of them is not
 * left to itself (batch.c).
 */
#include "serve/worker.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ARENA_BLOCK (16u << 10)
#define ARENA_MAX   (1u << 20)

static enum bf_err room_make(struct room *r)
{
    r->lanes = calloc(LIMIT_BATCH, sizeof *r->lanes);
    r->peer_texts = calloc(LIMIT_BATCH, sizeof *r->peer_texts);
    r->records = calloc(LIMIT_BATCH, sizeof *r->records);
    /* Only pages that messages touch become resident. */
    r->memory = mmap(NULL, LIMIT_BATCH * (LANE_IN + LANE_OUT), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->memory == MAP_FAILED)
        r->memory = NULL;
    if (!r->lanes || !r->peer_texts || !r->records || !r->memory)
        return BF_ENOMEM;
    for (size_t i = 0; i < LIMIT_BATCH; i++) {
        struct lane *lane = &r->lanes[i];
        lane->in = (char *)r->memory + i * (LANE_IN + LANE_OUT);
        lane->out_memory = lane->in + LANE_IN;
        const enum bf_err err = arena_create(ARENA_BLOCK, ARENA_MAX, &lane->arena);
        if (err)
            return err;
    }
    return udp_io_create(r->lanes, &r->io);
}

static void room_clear(struct room *r)
{
    for (size_t i = 0; r->lanes && i < LIMIT_BATCH; i++)
        arena_destroy(r->lanes[i].arena);
    if (r->memory)
        munmap(r->memory, LIMIT_BATCH * (LANE_IN + LANE_OUT));
    udp_io_destroy(r->io);
    free(r->records);
    free(r->peer_texts);
    free(r->lanes);
}

/* What a worker works with are the lanes of one room: its own members are that room's as long as it is in it. */
static void enter(struct worker *w, unsigned number)
{
    const struct room *r = &w->rooms[number];
    w->room = number;
    w->lanes = r->lanes;
    w->n_lanes = r->n_lanes;
    w->records = r->records;
    w->peer_texts = r->peer_texts;
    w->io = r->io;
}

enum bf_err rooms_create(struct worker *w, unsigned n)
{
    for (; w->n_rooms < n; w->n_rooms++) {
        const enum bf_err err = room_make(&w->rooms[w->n_rooms]);
        if (err) {
            room_clear(&w->rooms[w->n_rooms]);
            return err;
        }
    }
    enter(w, 0);
    return BF_OK;
}

void rooms_destroy(struct worker *w)
{
    for (unsigned i = 0; i < w->n_rooms; i++)
        room_clear(&w->rooms[i]);
}

/* The one that was left last: its memory is warm. */
static unsigned free_room(const struct worker *w)
{
    unsigned best = w->n_rooms;
    for (unsigned i = 0; i < w->n_rooms; i++)
        if (!w->rooms[i].away && (best == w->n_rooms || w->rooms[i].left > w->rooms[best].left))
            best = i;
    return best;
}

uint64_t rooms_oldest(const struct worker *w)
{
    return w->n_away ? w->rooms[w->away[0]].since : 0;
}

void rooms_leave(struct worker *w, size_t n_records)
{
    struct room *r = &w->rooms[w->room];
    r->n_lanes = w->n_lanes;
    r->n_records = n_records;
    r->snapshot = w->snapshot;
    r->since = w->since;
    r->away = true;
    w->away[w->n_away++] = w->room;
    if (w->n_away == w->n_rooms)
        rooms_settle(w, true);
    enter(w, free_room(w));
}

/* In the oldest room, whose records are on disk, or never will be. */
static void come_back(struct worker *w, enum bf_err err)
{
    const struct snapshot *snapshot = w->snapshot;
    const unsigned here = w->room, there = w->away[0];
    struct room *r = &w->rooms[there];
    w->rooms[here].n_lanes = w->n_lanes;
    enter(w, there);
    w->snapshot = r->snapshot;
    batch_finish(w, r->n_records, err != BF_OK);
    w->snapshot = snapshot;
    r->n_lanes = 0;
    r->away = false;
    r->left = ++w->turns_left;
    w->n_away--;
    memmove(w->away, w->away + 1, w->n_away * sizeof *w->away);
    enter(w, here);
}

void rooms_settle(struct worker *w, bool wait)
{
    for (bool waited = false; w->n_away; waited = true) {
        const enum bf_err err = wait && !waited ? record_queue_wait(w->queue) : record_queue_news(w->queue);
        if (err == BF_EAGAIN)
            return;
        come_back(w, err);
    }
}

void rooms_settle_all(struct worker *w)
{
    while (w->n_away)
        rooms_settle(w, true);
}

bool rooms_may_sleep(struct worker *w)
{
    return w->n_away == 0 || record_queue_wake(w->queue);
}
