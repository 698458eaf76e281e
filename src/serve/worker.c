/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define EVENTS         64
#define LINES_BYTES    (64u << 10)
#define SWEEP          MONO_S(1)
#define TIMER_SLACK_NS 5000ul /* a wait for more calls is often shorter than the usual slack of 50 µs */

/* ---- made and unmade ---- */

static enum bf_err make(struct worker *w, const struct worker_room *room)
{
    char *lines = malloc(LINES_BYTES);
    enum bf_err err = inbox_init(&w->inbox);
    w->lines = buf_on(lines, lines ? LINES_BYTES : 0);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!err && (!lines || w->epoll < 0))
        err = lines ? BF_EIO : BF_ENOMEM;
    if (!err)
        err = rooms_create(w, 1);
    if (!err)
        err = desk_create(w->server->pool, &w->desk);
    if (!err)
        err = signing_desk_create(&w->signing);
    if (!err)
        err = answers_create(room->answers, &w->answers);
    if (!err)
        err = acks_create(room->n_workers, &w->acks);
    if (!err && room->proxy)
        err = proxy_create(w, room->proxy);
    return err;
}

enum bf_err worker_create(struct server *server, unsigned number, const struct worker_room *room,
                          struct worker **ret)
{
    struct worker *w = aligned_alloc(64, (sizeof *w + 63) / 64 * 64);
    if (!w)
        return BF_ENOMEM;
    memset(w, 0, sizeof *w);
    w->server = server;
    w->number = number;
    w->log = server->log;
    w->inbox.fd = w->epoll = -1;
    w->id_keys[0] = hash_key_random();
    w->id_keys[1] = hash_key_random();
    w->udp = calloc(room->n_udp + 1, sizeof *w->udp);
    const enum bf_err err = w->udp ? make(w, room) : BF_ENOMEM;
    if (err) {
        worker_destroy(w);
        return err;
    }
    *ret = w;
    return BF_OK;
}

/* A call that was answered lived on for its wants alone; one that was not still stands in the row. */
static void drop_want(struct parked *p)
{
    if (--p->pending == 0 && p->over)
        parked_destroy(p);
}

static void drop_inbox(struct worker *w)
{
    struct inbox_item *item = w->inbox.fd >= 0 ? inbox_take(&w->inbox) : NULL;
    while (item) {
        struct inbox_item *next = item->next;
        if (item->kind == INBOX_CANCEL || item->kind == INBOX_CANCEL_ASKED || item->kind == INBOX_PROXY)
            free(item);
        else if (item->kind == INBOX_CONNECTION)
            connection_drop(item);
        else if (item->kind == INBOX_SIGNER)
            drop_want(((struct parked_want *)item)->parked);
        item = next;
    }
}

void worker_destroy(struct worker *w)
{
    if (!w)
        return;
    drop_inbox(w);
    for (struct parked *p = w->row.first, *next; p; p = next) {
        next = p->after;
        parked_destroy(p);
    }
    for (struct resend *r = w->resends, *next; r; r = next) {
        next = r->next;
        free(r);
    }
    connections_free(w);
    for (size_t i = 0; i < w->n_udp; i++)
        close(w->udp[i].fd);
    rooms_destroy(w);
    proxy_destroy(w);
    if (w->epoll >= 0)
        close(w->epoll);
    inbox_clear(&w->inbox);
    signing_desk_destroy(w->signing);
    answers_destroy(w->answers);
    acks_destroy(w->acks);
    desk_destroy(w->desk);
    free(w->lines.p);
    free(w->udp);
    free(w);
}

/* ---- lanes ---- */

struct lane *worker_lane(struct worker *w)
{
    if (w->n_lanes == LIMIT_BATCH)
        batch_run(w);
    struct lane *lane = &w->lanes[w->n_lanes++];
    lane->state = LANE_NEW;
    lane->parked = NULL;
    lane->last = lane->shed = lane->json = lane->cancelled = false;
    lane->stir = NULL;
    lane->has_ticket = lane->keep = false;
    lane->passed = lane->again = lane->leaves = false;
    lane->transaction = (struct transaction_name){ 0, 0 };
    lane->ticket = (struct answers_ticket){ 0, 0 };
    lane->cancel.asked = false;
    lane->owner = w->number;
    lane->status = 0;
    lane->error = NULL;
    lane->record = NULL;
    lane->out = buf_on(lane->out_memory, 0);
    lane->message.is_request = false;
    return lane;
}

/* A parked call comes back: with its signer, at its budget, or cancelled. */
static void resume(struct worker *w, struct parked *p, bool last, bool cancelled)
{
    struct lane *lane = worker_lane(w);
    lane->parked = p;
    lane->bytes = span_make(p->message, p->n);
    lane->origin = p->origin;
    lane->arrival = p->arrival;
    lane->id = p->id;
    lane->json = p->json;
    lane->has_ticket = true;
    lane->ticket = p->ticket;
    lane->transaction = p->transaction;
    lane->last = last;
    lane->cancelled = cancelled;
    p->resumed = true;
}

/* ---- what others left ---- */

struct cancel_note {
    struct inbox_item item;
    uint64_t parked;
};

void worker_cancel(struct worker *w, uint64_t parked)
{
    struct cancel_note *note = malloc(sizeof *note);
    if (!note)
        return;
    *note = (struct cancel_note){ { NULL, INBOX_CANCEL }, parked };
    inbox_put(&w->inbox, &note->item);
}

static void take_cancel(struct worker *w, struct inbox_item *item)
{
    struct cancel_note *note = (struct cancel_note *)item;
    struct parked *p = parked_numbered(&w->row, note->parked);
    if (p && !p->resumed)
        resume(w, p, true, true);
    free(note);
}

static void take_signer(struct worker *w, struct inbox_item *item)
{
    struct parked *p = ((struct parked_want *)item)->parked;
    if (--p->pending > 0)
        return;
    if (p->over)
        parked_destroy(p);
    else if (!p->resumed)
        resume(w, p, false, false);
}

static void take_inbox(struct worker *w)
{
    struct inbox_item *item = inbox_take(&w->inbox);
    while (item) {
        struct inbox_item *next = item->next; /* taking it may free it */
        switch (item->kind) {
        case INBOX_SIGNER: take_signer(w, item); break;
        case INBOX_CANCEL: take_cancel(w, item); break;
        case INBOX_CANCEL_ASKED: passing_cancel_taken(w, item); break;
        case INBOX_CONNECTION: connection_adopt(w, item); break;
        case INBOX_PROXY: proxy_taken(w, item); break;
        }
        item = next;
    }
}

/* ---- timers ---- */

static void take_late(struct worker *w)
{
    for (struct parked *p = w->row.first, *next; p && p->deadline <= w->now.mono; p = next) {
        next = p->after;
        if (p->resumed)
            continue;
        count_add(&w->counts, COUNT_PARKED_LATE, 1);
        /* A full batch would be run here, and may free the next one: look again from the front. */
        if (w->n_lanes == LIMIT_BATCH) {
            batch_run(w);
            next = w->row.first;
            if (next != p)
                continue;
            next = p->after;
        }
        resume(w, p, true, false);
    }
}

static void resend(struct worker *w)
{
    for (struct resend **at = &w->resends; *at;) {
        struct resend *r = *at;
        if (r->at > w->now.mono) {
            at = &r->next;
            continue;
        }
        const bool wanted = answers_unacknowledged(w->answers, &r->ticket);
        if (wanted) {
            udp_send_one(w, &r->origin, span_make(r->bytes, r->n));
            count_add(&w->counts, COUNT_RESENT, 1);
        }
        if (wanted && resend_next(r, w->now.mono)) {
            at = &r->next;
        } else {
            *at = r->next;
            free(r);
        }
    }
}

static int milliseconds_until(mono_t at, mono_t now)
{
    return at <= now ? 0 : (int)((at - now + 999999) / 1000000);
}

static int next_timer(const struct worker *w)
{
    mono_t at = w->now.mono + SWEEP;
    if (w->row.first && w->row.first->deadline < at)
        at = w->row.first->deadline;
    for (const struct resend *r = w->resends; r; r = r->next)
        if (r->at < at)
            at = r->at;
    if (w->proxy && proxy_next(w) < at)
        at = proxy_next(w);
    return milliseconds_until(at, w->now.mono);
}

/* ---- the thread ---- */

static void take_event(struct worker *w, const struct epoll_event *e, bool *ret_http)
{
    if (e->data.ptr == &w->inbox) {
        take_inbox(w);
        return;
    }
    if (w->http && e->data.ptr == w->http) {
        *ret_http = true;
        return;
    }
    for (size_t i = 0; i < w->n_udp; i++)
        if (e->data.ptr == &w->udp[i]) {
            udp_receive(w, &w->udp[i]);
            return;
        }
    connection_event(w, e->data.ptr, e->events);
}

/* Keys of a configuration that is no more must not live on. */
static void forget_old_keys(struct worker *w)
{
    if (w->signing_generation != w->snapshot->generation)
        signing_desk_forget(w->signing);
    w->signing_generation = w->snapshot->generation;
}

static void round_begin(struct worker *w)
{
    w->now = clock_now(w->server->clock);
    w->since = epoch_enter_another(w->server->epoch, w->slot);
    w->snapshot = atomic_load(&w->server->snapshot);
    forget_old_keys(w);
    passing_take(w);
    rooms_settle(w, false);
}

static void round_end(struct worker *w)
{
    batch_run(w);
    rooms_settle(w, false);
    epoch_exit_before(w->server->epoch, w->slot, rooms_oldest(w));
    w->snapshot = NULL;
}

/* Once a second: connections that outlived their time; a queue that nobody has seen for a second is no longer old. */
static void sweep(struct worker *w)
{
    w->swept = w->now.mono;
    connections_sweep(w);
    if (w->now.mono - w->received < SWEEP)
        return;
    w->overloaded = false;
    atomic_store_explicit(&w->counts.oldest_us, 0, memory_order_relaxed);
}

/* A batch that is too small for the load there is waits for more, if the engine is one that gains by it. */
static void gather(struct worker *w)
{
    const unsigned calls = w->fresh, have = calls < w->n_lanes ? calls : (unsigned)w->n_lanes;
    gather_seen(&w->gather, calls, w->now.mono);
    const mono_t wait = gather_wait(&w->gather, have, (mono_t)w->snapshot->config->sip.gather_us * 1000);
    if (wait == 0 || strcmp(desk_engine(w->desk), "lanes") != 0)
        return;
    const struct timespec time = { .tv_nsec = (long)wait };
    nanosleep(&time, NULL);
    for (size_t i = 0; i < w->n_udp; i++)
        udp_receive(w, &w->udp[i]);
    gather_met(&w->gather, wait, w->fresh - calls);
    gather_seen(&w->gather, w->fresh - calls, w->now.mono);
}

static void turn(struct worker *w, const struct epoll_event *events, int n)
{
    round_begin(w);
    const mono_t begun = w->now.mono;
    const bool sweeps = begun - w->swept >= SWEEP;
    bool http = sweeps || (w->http && http_door_busy(w->http));
    w->fresh = 0;
    for (int i = 0; i < n; i++)
        take_event(w, &events[i], &http);
    if (w->http && http) /* once in a turn: it asks for answers, and they are there when the batch is over */
        http_turn(w);
    gather(w);
    take_late(w);
    resend(w);
    if (w->proxy)
        proxy_turn(w);
    if (sweeps)
        sweep(w);
    round_end(w);
    passing_publish(w);
    atomic_store(&w->resending, w->resends != NULL);
    connections_flush(w);
    connections_bury(w);
    w->took = clock_now(w->server->clock).mono - begun;
}

/* Nobody is left waiting: what is parked is judged with what there is, requests in the inbox are answered. */
static void last_turn(struct worker *w)
{
    round_begin(w);
    take_inbox(w);
    batch_run(w);
    while (w->row.first) {
        for (struct parked *p = w->row.first, *next; p && w->n_lanes < LIMIT_BATCH; p = next) {
            next = p->after;
            resume(w, p, true, false);
        }
        batch_run(w);
    }
    batch_run(w);
    rooms_settle_all(w);
    for (unsigned i = 0; w->http && i < 3; i++) /* resumed, answered, sent */
        http_turn(w);
    round_end(w);
    connections_flush(w);
}

static bool may_sleep(struct worker *w)
{
    return !(w->http && http_door_busy(w->http)) && rooms_may_sleep(w);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct epoll_event events[EVENTS];
    pthread_setname_np(pthread_self(), "worker");
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
    w->now = clock_now(w->server->clock);
    atomic_store(&w->beat, w->now.mono);
    while (!atomic_load(&w->server->ended)) {
        const int n = epoll_wait(w->epoll, events, EVENTS, may_sleep(w) ? next_timer(w) : 0);
        if (n < 0 && errno != EINTR)
            break;
        turn(w, events, n);
        atomic_store(&w->waiting, w->row.n + w->n_away + (w->proxy ? proxy_waiting(w) : 0));
        atomic_store(&w->beat, w->now.mono);
    }
    last_turn(w);
    connections_close(w);
    return NULL;
}

static bool watch(struct worker *w, int fd, void *what)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = what };
    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static void news(void *arg)
{
    struct worker *w = arg;
    inbox_wake(&w->inbox);
}

/* Only `strict` lets a batch be on its way; a relaxed one is written at once. */
static enum bf_err open_queue(struct worker *w)
{
    struct server *s = w->server;
    if (!s->recorder)
        return BF_OK;
    const enum bf_err err = recorder_queue(s->recorder, news, w, &w->queue);
    const bool strict = atomic_load(&s->snapshot)->config->store.durability == RECORD_STRICT;
    return err == BF_OK && strict ? rooms_create(w, ROOMS) : err;
}

enum bf_err worker_start(struct worker *w)
{
    enum bf_err err = open_queue(w);
    if (err == BF_OK)
        err = epoch_join(w->server->epoch, &w->slot);
    bool good = !err && watch(w, w->inbox.fd, &w->inbox);
    if (good && w->http)
        good = watch(w, http_door_fd(w->http), w->http);
    for (size_t i = 0; good && i < w->n_udp; i++)
        good = watch(w, w->udp[i].fd, &w->udp[i]);
    if (err)
        return err;
    w->started = good && pthread_create(&w->thread, NULL, work, w) == 0;
    if (!w->started)
        epoch_leave(w->server->epoch, w->slot);
    return w->started ? BF_OK : BF_EIO;
}

void worker_join(struct worker *w)
{
    if (!w->started)
        return;
    pthread_join(w->thread, NULL);
    epoch_leave(w->server->epoch, w->slot);
    w->started = false;
}

bool worker_idle(const struct worker *w)
{
    for (size_t i = 0; i < w->n_udp; i++) {
        int next = 0;
        if (ioctl(w->udp[i].fd, FIONREAD, &next) == 0 && next > 0)
            return false;
    }
    return atomic_load(&w->waiting) == 0;
}
