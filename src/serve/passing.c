/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams of the same bytes reach the same worker (deal.h). ACK and CANCEL of a call are other bytes, and may reach
 * another one than the call did:
 *
 * An ACK repeats the To tag of the answer, in which the worker of the call stands: it goes there, with the next batch of
 * them, and nobody is woken for it unless an answer is being repeated for want of it. A lost one costs memory for a while.
 *
 * A CANCEL does not say where its call is: a note with it goes round all workers until one knows the call, and home again,
 * where it is answered. Nobody waits for it.
 */
#include "serve/worker.h"

#include <stdlib.h>

/* ---- the worker in the tag ---- */

#define HEX_DIGITS "0123456789abcdef"

static int hex_value(char c)
{
    const size_t at = span_find(SPAN(HEX_DIGITS), c);
    return at < 16 ? (int)at : -1;
}

/* The last two digits are the worker's number, veiled by the first two. */
void passing_mark(char tag[static REPLY_TAG], unsigned worker)
{
    for (size_t i = 0; i < 2; i++) {
        const int digit = (int)(worker >> (4 - 4 * i)) & 15;
        tag[REPLY_TAG - 2 + i] = HEX_DIGITS[hex_value(tag[i]) ^ digit];
    }
}

int passing_marked(struct span tag)
{
    int worker = 0;
    if (tag.n != REPLY_TAG)
        return -1;
    for (size_t i = 0; i < 2; i++) {
        const int veil = hex_value(tag.p[i]), digit = hex_value(tag.p[REPLY_TAG - 2 + i]);
        if (veil < 0 || digit < 0)
            return -1;
        worker = worker << 4 | (veil ^ digit);
    }
    return worker;
}

/* ---- ACK ---- */

static void pass_ack(struct worker *w, size_t to, const uint64_t transaction[static 2])
{
    if (to != w->number && acks_put(w->server->workers[to]->acks, w->number, transaction))
        w->passed |= UINT64_C(1) << to;
}

void passing_ack(struct worker *w, int owner, const uint64_t transaction[static 2])
{
    answers_acknowledge(w->answers, transaction, w->now.mono);
    if (owner >= 0 && (size_t)owner < w->server->n_workers) {
        pass_ack(w, (size_t)owner, transaction);
        return;
    }
    for (size_t i = 0; i < w->server->n_workers;
         i++) /* not our tag: whoever writes such ACKs wants it to work */
        pass_ack(w, i, transaction);
}

void passing_publish(struct worker *w)
{
    for (; w->passed; w->passed &= w->passed - 1) {
        struct worker *to = w->server->workers[__builtin_ctzll(w->passed)];
        acks_publish(to->acks, w->number);
        if (atomic_load(&to->resending))
            inbox_wake(&to->inbox);
    }
}

void passing_take(struct worker *w)
{
    uint64_t transaction[2];
    size_t at = 0;
    while (acks_take(w->acks, &at, transaction))
        answers_acknowledge(w->answers, transaction, w->now.mono);
}

/* ---- CANCEL ---- */

struct cancel_note {
    struct inbox_item item;
    unsigned home;
    struct lane_cancel found;
    uint64_t transaction[2];
    struct origin origin;
    struct instant arrival;
    size_t n;
    char bytes[];
};

static struct worker *after(const struct worker *w)
{
    return w->server->workers[(w->number + 1) % w->server->n_workers];
}

bool passing_cancel(struct worker *w, const struct lane *lane, const uint64_t transaction[static 2])
{
    if (w->server->n_workers < 2)
        return false;
    struct cancel_note *note = malloc(sizeof *note + lane->bytes.n);
    if (!note)
        return false;
    *note = (struct cancel_note){ .item = { NULL, INBOX_CANCEL_ASKED },
                                  .home = w->number,
                                  .transaction = { transaction[0], transaction[1] },
                                  .origin = lane->origin,
                                  .arrival = lane->arrival,
                                  .n = lane->bytes.n };
    memcpy(note->bytes, lane->bytes.p, lane->bytes.n);
    connection_wait(w, &note->origin, 1);
    inbox_put(&after(w)->inbox, &note->item);
    return true;
}

static void come_home(struct worker *w, struct cancel_note *note)
{
    struct lane *lane = worker_lane(w);
    connection_wait(w, &note->origin, -1);
    memcpy(lane->in, note->bytes, note->n);
    lane->bytes = span_make(lane->in, note->n);
    lane->origin = note->origin;
    lane->arrival = note->arrival;
    lane->cancel = note->found;
    lane->cancel.asked = true;
    free(note);
}

void passing_cancel_taken(struct worker *w, struct inbox_item *item)
{
    struct cancel_note *note = (struct cancel_note *)item;
    if (note->home == w->number) {
        come_home(w, note);
        return;
    }
    note->found.worker = w->number;
    note->found.answer = answers_cancel(w->answers, note->transaction, &note->found.parked);
    struct worker *to = note->found.answer == CANCEL_UNKNOWN ? after(w) : w->server->workers[note->home];
    inbox_put(&to->inbox, &note->item);
}
