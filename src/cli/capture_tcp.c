/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP streams put together, as far as SIP is in them. A stream is in step from its SYN on, or, where the capture
 * began later, from the first segment that begins like a SIP message. What comes early waits; what comes twice is
 * cut off; a stream that shows no SIP is not kept.                                          RFC 9293 section 3.4
 */
#include <stdlib.h>

#include "base/limits.h"
#include "cli/capture_parts.h"
#include "sip/frame.h"

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4 };

struct pending {
    struct pending *next;
    uint32_t seq;
    size_t n;
    char bytes[];
};

struct stream {
    bool used;
    bool in_step; /* next is known, and what came before it was SIP */
    uint64_t age;
    struct sockaddr_storage from, to;
    uint32_t next; /* the sequence number wanted */
    char *held;    /* LIMIT_SIP_MESSAGE */
    size_t n_held, frame;
    struct pending *pending; /* by sequence number */
    size_t n_pending, pending_bytes;
};

struct streams {
    bool (*emit)(void *arg, const struct datagram *d, struct span message);
    void *arg;
    struct capture_counts *counts;
    uint64_t now;
    struct stream all[TCP_STREAMS];
};

/* One segment. */
struct segment {
    uint32_t seq;
    unsigned flags;
    struct span data;
};

struct streams *streams_create(bool (*emit)(void *arg, const struct datagram *d, struct span message),
                               void *arg, struct capture_counts *counts)
{
    struct streams *s = calloc(1, sizeof *s);
    if (s) {
        s->emit = emit;
        s->arg = arg;
        s->counts = counts;
    }
    return s;
}

static void drop_pending(struct stream *t)
{
    for (struct pending *p = t->pending, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    t->pending = NULL;
    t->n_pending = t->pending_bytes = 0;
}

/* Forgets what is held; half a message that nobody will complete is damage. */
static void fall_out_of_step(struct streams *s, struct stream *t)
{
    s->counts->damaged += t->n_held > 0 || t->pending != NULL;
    drop_pending(t);
    t->in_step = false;
    t->n_held = t->frame = 0;
}

static void forget(struct streams *s, struct stream *t)
{
    if (t->used)
        fall_out_of_step(s, t);
    free(t->held);
    *t = (struct stream){ .used = false };
}

void streams_end(struct streams *s)
{
    for (size_t i = 0; i < TCP_STREAMS; i++)
        forget(s, &s->all[i]);
}

void streams_destroy(struct streams *s)
{
    if (!s)
        return;
    streams_end(s);
    free(s);
}

static struct stream *find(struct streams *s, const struct datagram *d)
{
    for (size_t i = 0; i < TCP_STREAMS; i++) {
        struct stream *t = &s->all[i];
        if (t->used && memcmp(&t->from, &d->from, sizeof t->from) == 0 &&
            memcmp(&t->to, &d->to, sizeof t->to) == 0)
            return t;
    }
    return NULL;
}

/* A place for a new stream: a free one, or the one that was silent longest. NULL without memory. */
static struct stream *begin(struct streams *s, const struct datagram *d, uint32_t next)
{
    struct stream *t = &s->all[0];
    for (size_t i = 0; i < TCP_STREAMS && t->used; i++)
        if (!s->all[i].used || s->all[i].age < t->age)
            t = &s->all[i];
    forget(s, t);
    t->held = malloc(LIMIT_SIP_MESSAGE);
    if (!t->held)
        return NULL;
    t->used = t->in_step = true;
    t->from = d->from;
    t->to = d->to;
    t->next = next;
    return t;
}

/* Takes the messages that are whole; false: stop. */
static bool take_messages(struct streams *s, struct stream *t, const struct datagram *d)
{
    bool go_on = true;
    size_t taken = 0, n;
    while (go_on && t->in_step && taken < t->n_held) {
        const struct span held = { t->held + taken, t->n_held - taken };
        if (t->frame == 0 && sip_look(held) == LOOK_FOREIGN) {
            t->in_step = false;
            break;
        }
        const enum frame_kind kind = frame_next(held, &t->frame, &n, NULL);
        if (kind == FRAME_MORE)
            break;
        if (kind == FRAME_MESSAGE)
            go_on = s->emit(s->arg, d, span_first(held, n));
        if (kind == FRAME_BROKEN)
            t->in_step = false;
        taken += n;
    }
    if (!t->in_step) {
        fall_out_of_step(s, t);
        return go_on;
    }
    memmove(t->held, t->held + taken, t->n_held - taken);
    t->n_held -= taken;
    return go_on;
}

/* Bytes in their order; the frame's ceiling is that of the buffer, so what does not fit can only follow a message. */
static bool deliver(struct streams *s, struct stream *t, const struct datagram *d, struct span bytes)
{
    bool go_on = true;
    while (bytes.n && go_on && t->in_step) {
        const size_t room = LIMIT_SIP_MESSAGE - t->n_held, n = bytes.n < room ? bytes.n : room;
        memcpy(t->held + t->n_held, bytes.p, n);
        t->n_held += n;
        t->next += (uint32_t)n;
        bytes = span_from(bytes, n);
        go_on = take_messages(s, t, d);
    }
    return go_on;
}

/* Too early: it waits for what is before it. */
static void postpone(struct streams *s, struct stream *t, const struct segment *g)
{
    struct pending **at = &t->pending;
    if (t->n_pending == TCP_PENDING || t->pending_bytes + g->data.n > TCP_PENDING_BYTES) {
        fall_out_of_step(s, t);
        return;
    }
    while (*at && (int32_t)((*at)->seq - g->seq) < 0)
        at = &(*at)->next;
    struct pending *p = malloc(sizeof *p + g->data.n);
    if (!p)
        return;
    p->seq = g->seq;
    p->n = g->data.n;
    memcpy(p->bytes, g->data.p, g->data.n);
    p->next = *at;
    *at = p;
    t->n_pending++;
    t->pending_bytes += p->n;
}

/* The part of the segment that is new. */
static struct span new_part(const struct stream *t, uint32_t seq, struct span data)
{
    const int32_t old = (int32_t)(t->next - seq);
    return old > 0 ? span_from(data, (size_t)old) : data;
}

/* What waited and is now next. */
static bool deliver_pending(struct streams *s, struct stream *t, const struct datagram *d)
{
    bool go_on = true;
    while (go_on && t->in_step && t->pending && (int32_t)(t->pending->seq - t->next) <= 0) {
        struct pending *p = t->pending;
        t->pending = p->next;
        t->n_pending--;
        t->pending_bytes -= p->n;
        go_on = deliver(s, t, d, new_part(t, p->seq, span_make(p->bytes, p->n)));
        free(p);
    }
    return go_on;
}

static bool take_data(struct streams *s, struct stream *t, const struct datagram *d, const struct segment *g)
{
    if (!t->in_step) {
        const enum sip_look look = sip_look(g->data);
        if (look != LOOK_REQUEST && look != LOOK_RESPONSE)
            return true;
        t->in_step = true;
        t->next = g->seq;
    }
    if ((int32_t)(g->seq - t->next) > 0) {
        postpone(s, t, g);
        return true;
    }
    return deliver(s, t, d, new_part(t, g->seq, g->data)) && deliver_pending(s, t, d);
}

static bool read_segment(struct datagram *d, struct segment *g)
{
    const struct span p = d->payload;
    const size_t header = p.n < 20 ? 0 : (size_t)((unsigned char)p.p[12] >> 4) * 4;
    if (header < 20 || header > p.n)
        return false;
    datagram_port(&d->from, get16(p.p));
    datagram_port(&d->to, get16(p.p + 2));
    g->seq = get32(p.p + 4);
    g->flags = (unsigned char)p.p[13];
    g->data = span_from(p, header);
    if (g->flags & FLAG_SYN)
        g->seq++;
    return true;
}

bool streams_segment(struct streams *s, const struct datagram *d)
{
    struct datagram whole = *d;
    struct segment g;
    bool go_on = true;
    if (!read_segment(&whole, &g)) {
        s->counts->damaged++;
        return true;
    }
    struct stream *t = find(s, &whole);
    if (t && (g.flags & FLAG_SYN) && t->next != g.seq) {
        forget(s, t); /* the ports are used again */
        t = NULL;
    }
    const enum sip_look look = sip_look(g.data);
    const bool worth = (g.flags & FLAG_SYN) || look == LOOK_REQUEST || look == LOOK_RESPONSE;
    if (!t && worth && !(g.flags & FLAG_RST))
        t = begin(s, &whole, g.seq);
    s->counts->skipped += !t && g.data.n;
    if (!t)
        return true;
    t->age = ++s->now;
    if (g.data.n)
        go_on = take_data(s, t, &whole, &g);
    if ((g.flags & FLAG_RST) || ((g.flags & FLAG_FIN) && !t->pending))
        forget(s, t);
    return go_on;
}
