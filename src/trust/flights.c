/* SPDX-License-Identifier: Apache-2.0 */
/* URLs on their way: one flight each, all who wait told at once, and everybody's turn where the fetcher is busy. */
#include <stdio.h>
#include <stdlib.h>

#include "trust/builder.h"

#define HELD_FOR_S 4 /* how long a busy fetcher is asked again: a fetch would be given up then too */
#define HELD_MAX   256u

void letter_finish(struct letter *l)
{
    if (l->done)
        l->done(l->arg);
    letter_destroy(l);
}

struct flight *flight_find(struct signers *s, struct span x5u)
{
    struct flight *f = s->flights;
    while (f && !span_equal(span_of(f->x5u), x5u))
        f = f->next;
    return f;
}

/* It leaves the list, and all who waited are told. */
void flight_land(struct signers *s, struct flight *f)
{
    struct flight **at = &s->flights;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    s->n_held -= f->held;
    for (struct letter *l = f->waiters, *next; l; l = next) {
        next = l->next;
        letter_finish(l);
    }
    free(f);
}

static void wait_for(struct flight *f, struct letter *l)
{
    l->next = NULL;
    *f->end = l;
    f->end = &l->next;
}

/* On the fetch thread: the answer goes into the letter that was made when the flight began. */
static void on_fetched(void *arg, struct span url, const struct fetch_answer *a)
{
    struct letter *l = arg;
    struct mailbox *box = l->box;
    (void)url;
    l->outcome = a->outcome;
    l->max_age_s = a->max_age_s;
    l->fetched = a->at;
    snprintf(l->why, sizeof l->why, "%s", a->why);
    if (a->outcome == FETCH_OK) {
        l->body = malloc(a->body.n + 1);
        l->body_n = a->body.n;
        if (l->body && a->body.n)
            memcpy(l->body, a->body.p, a->body.n);
        snprintf(l->bytes + l->x5u.n, 64, "%.*s", SPAN_FMT(span_first(a->content_type, 63)));
        l->header = span_of(l->bytes + l->x5u.n);
    }
    /* A closed box means that nobody waits any more. */
    enum bf_err err = mailbox_post(box, l, 0);
    (void)err;
    mailbox_unref(box);
}

/* Room for the content type, which is known only when the answer comes. */
static struct letter *ticket(struct signers *s, struct span x5u)
{
    static const char room[64];
    struct letter *l = letter_create(LETTER_FETCHED, x5u, span_make(room, sizeof room));
    if (l)
        l->box = mailbox_ref(s->box);
    return l;
}

static void hold(struct signers *s, struct flight *f, bool held)
{
    s->n_held += (size_t)held - (size_t)f->held;
    f->held = held;
}

/* Asks the fetcher; when it cannot even be asked, the flight has landed. */
static void launch(struct signers *s, struct flight *f)
{
    struct letter *l = ticket(s, span_of(f->x5u));
    hold(s, f, false);
    if (l && fetch_get(s->fetch, l->x5u, f->source, on_fetched, l) == BF_OK)
        return;
    if (l)
        mailbox_unref(l->box);
    letter_destroy(l);
    entry_fail(s, span_of(f->x5u), "out of memory", 1);
    flight_land(s, f);
}

/* waiter may be NULL (prefetch); it is told in every case. */
void flight_begin(struct signers *s, struct span x5u, uint64_t source, struct letter *waiter)
{
    struct flight *f = calloc(1, sizeof *f + x5u.n + 1);
    if (!f) {
        entry_fail(s, x5u, "out of memory", 1);
        if (waiter)
            letter_finish(waiter);
        return;
    }
    memcpy(f->x5u, x5u.p, x5u.n);
    f->end = &f->waiters;
    f->source = source;
    f->since = clock_now(&clock_system).mono;
    if (waiter)
        wait_for(f, waiter);
    f->next = s->flights;
    s->flights = f;
    launch(s, f);
}

/* The next who waits and came from elsewhere; false: all had their turn. */
static bool next_source(struct flight *f)
{
    struct letter *l = f->turn ? f->turn : f->waiters;
    while (l && l->source == f->source)
        l = l->next;
    f->turn = l;
    if (l)
        f->source = l->source;
    return l != NULL;
}

void flights_launch_held(struct signers *s)
{
    const mono_t now = clock_now(&clock_system).mono;
    if (!s->n_held || now - s->held_at < MONO_MS(HELD_MS))
        return;
    s->held_at = now;
    for (struct flight *f = s->flights, *next; f; f = next) {
        next = f->next;
        if (!f->held)
            continue;
        f->source = f->waiters ? f->waiters->source : f->source;
        launch(s, f);
    }
}

void flight_join(struct signers *s, struct flight *f, struct letter *l)
{
    wait_for(f, l);
    if (f->held && next_source(f))
        launch(s, f);
}

bool flight_delay(struct signers *s, struct flight *f)
{
    if (s->n_held >= HELD_MAX || clock_now(&clock_system).mono - f->since >= MONO_S(HELD_FOR_S))
        return false;
    if (next_source(f))
        launch(s, f);
    else
        hold(s, f, true);
    return true;
}
