/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A browser that listens (text/event-stream). It hears what the follower tells; who comes again with a Last-Event-ID is first
 * told what came meanwhile: out of the follower's memory, or, where that no longer has it, from the store.
 */
#include <stdio.h>
#include <stdlib.h>

#include "console/follower.h"

#define PING_S    15
#define LASTS_S   900   /* then it comes again, and its session is looked at */
#define LISTENERS 96u   /* of 128 connections: somebody must be able to ask, too */
#define BEHIND    5000u /* calls that are told from the store, at most */

struct listener {
    struct follower *follower;
    uint64_t at;
    size_t offset; /* into the event */
    bool masked, greeted;
    unsigned sessions; /* of the follower, when it began */
    utc_t ends;
    char *behind; /* what came meanwhile, from the store; `given` bytes of it are out */
    size_t n_behind, given;
    char *told; /* ids of those calls, in a row: no event tells them again */
    size_t n_told;
};

static void listener_free(void *arg)
{
    struct listener *l = arg;
    pthread_mutex_lock(&l->follower->lock);
    l->follower->listeners--;
    pthread_mutex_unlock(&l->follower->lock);
    free(l->behind);
    free(l->told);
    free(l);
}

static ssize_t give_text(char *out, size_t max, const char *text)
{
    const size_t n = strlen(text) < max ? strlen(text) : max;
    memcpy(out, text, n);
    return (ssize_t)n;
}

static bool is_told(const struct listener *l, const struct event *e)
{
    if (!l->n_told || !e->plain || strncmp(e->plain, "id: ", 4) != 0)
        return false;
    for (size_t i = 0; i < l->n_told; i++)
        if (memcmp(l->told + i * RECORD_ID, e->plain + 4, RECORD_ID) == 0)
            return true;
    return false;
}

static ssize_t give_event(struct listener *l, char *out, size_t max)
{
    const struct event *e = &l->follower->events[l->at % EVENTS];
    const char *text = is_told(l, e) ? NULL : l->masked ? e->masked : e->plain;
    const size_t whole = text ? (l->masked ? e->n_masked : e->n) : 0;
    const size_t n = whole - l->offset < max ? whole - l->offset : max;
    if (text && n)
        memcpy(out, text + l->offset, n);
    l->offset += n;
    if (l->offset == whole) {
        l->at++;
        l->offset = 0;
    }
    return n ? (ssize_t)n : give_text(out, max, ":\n\n");
}

/* It comes again: because it is too far behind, or because its session may be over. */
static bool is_over(const struct listener *l)
{
    const struct follower *f = l->follower;
    return f->stop || l->at + EVENTS < f->end || l->sessions != f->sessions ||
           clock_now(&clock_system).utc >= l->ends;
}

static ssize_t give(void *arg, uint64_t position, char *out, size_t max)
{
    struct listener *l = arg;
    struct follower *f = l->follower;
    ssize_t n = 0;
    (void)position;
    if (!l->greeted) {
        l->greeted = true;
        return give_text(out, max, "retry: 1000\n\n");
    }
    if (l->behind && l->given < l->n_behind) {
        const size_t some = l->n_behind - l->given < max ? l->n_behind - l->given : max;
        memcpy(out, l->behind + l->given, some);
        l->given += some;
        return (ssize_t)some;
    }
    pthread_mutex_lock(&f->lock);
    const utc_t until = clock_now(&clock_system).utc + PING_S;
    while (!is_over(l) && l->at == f->end && clock_now(&clock_system).utc < until) {
        struct timespec t = { .tv_sec = until };
        pthread_cond_timedwait(&f->news, &f->lock, &t);
    }
    if (is_over(l))
        n = MHD_CONTENT_READER_END_OF_STREAM;
    else if (l->at < f->end)
        n = give_event(l, out, max);
    else
        n = give_text(out, max, ": ping\n\n");
    pthread_mutex_unlock(&f->lock);
    return n;
}

/* ---- who comes again ---- */

/* Behind the event of this record, if it is still here. */
static bool find_event(const struct follower *f, const char *id, uint64_t *ret)
{
    for (uint64_t i = f->end > EVENTS ? f->end - EVENTS : 0; i < f->end; i++) {
        const char *text = f->events[i % EVENTS].plain;
        if (text && strncmp(text, "id: ", 4) == 0 && strncmp(text + 4, id, RECORD_ID) == 0) {
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

struct behind {
    struct listener *listener;
    FILE *out;
};

static bool tell_behind(void *arg, const struct record *r)
{
    struct behind *b = arg;
    struct listener *l = b->listener;
    size_t n = 0;
    json_t *row = row_of(r);
    if (l->masked)
        mask(row);
    char *text = event_text("call", row, &n);
    json_decref(row);
    if (text)
        fwrite(text, 1, n, b->out);
    free(text);
    memcpy(l->told + l->n_told++ * RECORD_ID, r->id, RECORD_ID);
    return true;
}

/* What came behind this record, out of the store. */
static void look_behind(struct listener *l, const char *url, const char *id)
{
    struct behind b = { l, open_memstream(&l->behind, &l->n_behind) };
    const struct record_filter filter = { .outcome = -1, .after_id = id, .limit = BEHIND };
    char *message = NULL;
    l->told = malloc(BEHIND * RECORD_ID);
    if (b.out && l->told && record_query(url, &filter, tell_behind, &b, &message) != BF_OK) {
        /* the browser loads its list again */
    }
    if (b.out)
        fclose(b.out);
    free(message);
}

static bool is_id(const char *text)
{
    return text && strlen(text) == RECORD_ID && strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == RECORD_ID;
}

/* NULL: too many listen, or there is no memory. */
static struct listener *listener_create(struct ask *a)
{
    struct follower *f = a->console->follower;
    struct listener *l = calloc(1, sizeof *l);
    const char *id = ask_header(a, "Last-Event-ID");
    bool known = !is_id(id);
    if (!l)
        return NULL;
    l->follower = f;
    l->masked = ask_masked(a);
    l->ends = clock_now(&clock_system).utc + LASTS_S;
    pthread_mutex_lock(&f->lock);
    const bool many = f->listeners == LISTENERS;
    f->listeners += !many;
    l->at = f->end;
    l->sessions = f->sessions;
    if (!many && !known)
        known = find_event(f, id, &l->at);
    pthread_mutex_unlock(&f->lock);
    if (many) {
        free(l);
        return NULL;
    }
    if (!known)
        look_behind(l, a->console->url, id);
    return l;
}

enum MHD_Result events_get(struct ask *a)
{
    struct listener *l = listener_create(a);
    if (!l)
        return refuse(a, 503, "too many pages listen already");
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, give, l, listener_free);
    if (!r) {
        listener_free(l);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", "text/event-stream");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    const enum MHD_Result result = MHD_queue_response(a->connection, 200, r);
    MHD_destroy_response(r);
    return result;
}
