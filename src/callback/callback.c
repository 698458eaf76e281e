/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's thread, and the board between it and everybody else: a row a callback, under one lock that is held for as long as
 * it takes to copy a row.
 */
#include "callback/callback.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "callback/talk.h"
#include "sip/uri.h"

#define ROWS (CALLBACK_KEPT + CALLBACK_CALLS)

struct row {
    struct callback_state state; /* id 0: empty */
    bool begin, cancel;          /* what the thread has yet to do */
    struct talk *talk;           /* the thread's; NULL: none, or it is over */
};

struct callback {
    struct talk_house house;
    pthread_t thread;
    bool started, stop;   /* stop: under the lock */
    pthread_mutex_t lock; /* of rows, ids and stop */
    struct row rows[ROWS];
    int64_t last_id;
    pthread_mutex_t telling; /* of heard, held while it runs */
    callback_heard *heard;
    void *heard_arg;
};

/* ---- the board ---- */

static struct row *row_of(struct callback *c, int64_t id)
{
    for (size_t i = 0; i < ROWS; i++)
        if (id && c->rows[i].state.id == id)
            return &c->rows[i];
    return NULL;
}

static bool is_over(const struct row *r)
{
    return r->state.id == 0 || r->state.step == CALLBACK_ENDED;
}

/* An empty row, else the one that ended and is the oldest. */
static struct row *free_row(struct callback *c)
{
    struct row *found = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        struct row *r = &c->rows[i];
        if (is_over(r) && !r->talk && (!found || r->state.id < found->state.id))
            found = r;
    }
    return found;
}

static void wake(struct callback *c)
{
    const uint64_t one = 1;
    (void)!write(c->house.wake, &one, sizeof one);
}

static void copy(char out[static CALLBACK_TEXT], const char *text)
{
    snprintf(out, CALLBACK_TEXT, "%s", text ? text : "");
}

static const char *place_row(struct callback *c, struct callback_state *state, int64_t *ret_id,
                             enum bf_err *ret)
{
    unsigned n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const bool busy = !is_over(&c->rows[i]);
        n += busy;
        *ret = BF_EINVAL;
        if (busy && strcmp(c->rows[i].state.desk, state->desk) == 0)
            return "this desk is in a callback already";
    }
    struct row *r = n < CALLBACK_CALLS ? free_row(c) : NULL;
    *ret = r ? BF_OK : BF_ELIMIT;
    if (!r)
        return "there are too many callbacks at a time";
    state->id = *ret_id = ++c->last_id;
    r->state = *state; /* r->talk is the thread's */
    r->begin = true;
    r->cancel = false;
    return NULL;
}

/* The number's URI, as the next hop wants it. */
static bool number_uri(const struct callback *c, const char *number, char out[static LEG_TEXT])
{
    char memory[LIMIT_NUMBER + 8] = "";
    struct buf written = buf_on(memory, sizeof memory - 1);
    if (!talk_number_uri(number, c->house.domain, out) || !c->house.written)
        return talk_number_uri(number, c->house.domain, out);
    c->house.written(c->house.arg, number, &written);
    return buf_ok(&written) && talk_number_uri(memory, c->house.domain, out);
}

enum bf_err callback_start(struct callback *c, const struct callback_request *request, int64_t *ret_id,
                           const char **ret_why)
{
    char uri[LEG_TEXT];
    const char *why = NULL;
    struct callback_state state = { .step = CALLBACK_DESK_RINGS, .started = clock_now(&clock_system).utc };
    enum bf_err err = BF_EINVAL;
    copy(state.desk, request->desk);
    copy(state.number, request->number);
    copy(state.name, request->name);
    copy(state.call, request->call);
    copy(state.why, "The desk's phone is being called.");
    if (!request->desk || strlen(request->desk) >= CALLBACK_TEXT ||
        !talk_desk_uri(state.desk, c->house.domain, uri))
        why = "the desk is neither an extension nor a SIP URI of our domain";
    else if (!request->number || strlen(request->number) >= CALLBACK_TEXT ||
             !number_uri(c, state.number, uri))
        why = "the number is none: a number looks like +390612345678";
    else {
        pthread_mutex_lock(&c->lock);
        why = place_row(c, &state, ret_id, &err);
        pthread_mutex_unlock(&c->lock);
    }
    if (why && ret_why)
        *ret_why = why;
    if (!why)
        wake(c);
    return why ? err : BF_OK;
}

bool callback_look(struct callback *c, int64_t id, struct callback_state *ret)
{
    pthread_mutex_lock(&c->lock);
    const struct row *r = row_of(c, id);
    if (r)
        *ret = r->state;
    pthread_mutex_unlock(&c->lock);
    return r != NULL;
}

enum bf_err callback_cancel(struct callback *c, int64_t id)
{
    pthread_mutex_lock(&c->lock);
    struct row *r = row_of(c, id);
    const bool there = r && !is_over(r);
    if (there)
        r->cancel = true;
    pthread_mutex_unlock(&c->lock);
    if (there)
        wake(c);
    return there ? BF_OK : BF_ENOENT;
}

void callback_hears(struct callback *c, callback_heard *heard, void *arg)
{
    pthread_mutex_lock(&c->telling);
    c->heard = heard;
    c->heard_arg = arg;
    pthread_mutex_unlock(&c->telling);
}

/* ---- the thread ---- */

/* The talk of this row has something new: onto the board, and to whoever listens. */
static void publish(struct callback *c, struct row *r)
{
    struct talk *t = r->talk;
    if (!t->changed)
        return;
    t->changed = false;
    const struct callback_state state = t->state;
    pthread_mutex_lock(&c->lock);
    r->state = state;
    pthread_mutex_unlock(&c->lock);
    pthread_mutex_lock(&c->telling);
    if (c->heard)
        c->heard(c->heard_arg, &state);
    pthread_mutex_unlock(&c->telling);
}

static void fail_to_begin(struct callback *c, struct row *r)
{
    pthread_mutex_lock(&c->lock);
    r->state.step = CALLBACK_ENDED;
    copy(r->state.why, "There is no memory left for another call.");
    pthread_mutex_unlock(&c->lock);
}

static void begin(struct callback *c, struct row *r, const struct callback_state *state, mono_t now)
{
    struct talk *t;
    if (talk_create(&c->house, state, &t) != BF_OK) {
        fail_to_begin(c, r);
        return;
    }
    pthread_mutex_lock(&c->lock);
    r->talk = t;
    pthread_mutex_unlock(&c->lock);
    (void)talk_desk_uri(state->desk, c->house.domain, t->uris[DESK]);
    (void)number_uri(c, state->number, t->uris[PERSON]);
    publish(c, r);
    talk_begin(t, now);
}

/* What others have asked for since. false: the end. */
static bool take_wishes(struct callback *c, mono_t now)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct row *r = &c->rows[i];
        pthread_mutex_lock(&c->lock);
        const bool stop = c->stop, first = r->begin, cancel = r->cancel;
        const struct callback_state state = r->state;
        r->begin = r->cancel = false;
        pthread_mutex_unlock(&c->lock);
        if (stop)
            return false;
        if (first)
            begin(c, r, &state, now);
        if (cancel && r->talk)
            talk_cancel(r->talk, now);
    }
    return true;
}

static void turn(struct callback *c, mono_t now)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct row *r = &c->rows[i];
        struct talk *t = r->talk;
        if (!t)
            continue;
        talk_turn(t, now);
        publish(c, r);
        if (!talk_is_done(t))
            continue;
        pthread_mutex_lock(&c->lock);
        r->talk = NULL;
        pthread_mutex_unlock(&c->lock);
        talk_destroy(t);
    }
}

static int timeout_ms(mono_t next, mono_t now)
{
    if (next == INT64_MAX)
        return -1;
    return next <= now ? 0 : next - now > MONO_S(60) ? 60000 : (int)((next - now) / 1000000) + 1;
}

static void wait(struct callback *c)
{
    struct pollfd fds[ROWS + 1] = { { .fd = c->house.wake, .events = POLLIN } };
    mono_t next = INT64_MAX;
    uint64_t woken;
    nfds_t n = 1;
    for (size_t i = 0; i < ROWS; i++) {
        const struct talk *t = c->rows[i].talk;
        if (!t)
            continue;
        if (talk_next(t) < next)
            next = talk_next(t);
        if (t->wire)
            fds[n++] = (struct pollfd){ .fd = talk_fd(t), .events = wire_events(t->wire) };
    }
    if (poll(fds, n, timeout_ms(next, clock_now(&clock_system).mono)) > 0 && fds[0].revents)
        (void)!read(c->house.wake, &woken, sizeof woken);
}

static void *run(void *arg)
{
    struct callback *c = arg;
    pthread_setname_np(pthread_self(), "callback");
    while (take_wishes(c, clock_now(&clock_system).mono)) {
        turn(c, clock_now(&clock_system).mono);
        wait(c);
    }
    for (size_t i = 0; i < ROWS; i++)
        if (c->rows[i].talk) {
            talk_cancel(c->rows[i].talk, clock_now(&clock_system).mono);
            publish(c, &c->rows[i]);
        }
    return NULL;
}

/* ---- making and ending it ---- */

static char *text_of(const char *text)
{
    return strdup(text ? text : "");
}

/* What stands behind the @ of the URI, its parameters left out. */
static char *domain_of(const char *from)
{
    struct sip_uri uri;
    char text[LEG_TEXT];
    if (!from || uri_read(span_of(from), &uri, NULL) != BF_OK || uri.scheme != URI_SIP || uri.user.n == 0 ||
        uri.host.n == 0 || uri.headers.n || span_find(span_of(from), '>') < strlen(from))
        return NULL;
    if (uri.port)
        snprintf(text, sizeof text, "%.*s:%u", SPAN_FMT(uri.host), uri.port);
    else
        snprintf(text, sizeof text, "%.*s", SPAN_FMT(uri.host));
    return strdup(text);
}

static bool is_clean(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

/* NULL: the options can be worked with. */
static const char *check(const struct callback_options *o, const char *domain)
{
    struct callback_state empty = { .id = 0 };
    char memory[LIMIT_URI];
    struct buf url = BUF_ON(memory);
    if (o->mode != CALLBACK_URL && !domain)
        return "callback.from must be a SIP URI such as sip:desk@office.example";
    if (!is_clean(o->user) || !is_clean(o->password) || !is_clean(o->from))
        return "callback.user and the password must be text without control characters";
    if (o->mode == CALLBACK_URL && (!o->url || !*o->url))
        return "callback.mode: url needs callback.url";
    if (o->mode == CALLBACK_URL && !url_fill(o->url, &empty, &url))
        return "callback.url may hold {desk}, {number}, {name} and {call}, and nothing else in braces";
    if (o->mode == CALLBACK_URL && !span_starts_nocase(buf_span(&url), SPAN("https://")) &&
        !span_starts_nocase(buf_span(&url), SPAN("http://")))
        return "callback.url must be a URL that begins with https://, or http:// on this machine";
    return NULL;
}

static enum bf_err make_house(const struct callback_options *o, struct talk_house *house)
{
    house->mode = o->mode;
    house->from = text_of(o->from);
    house->user = text_of(o->user);
    house->password = text_of(o->password);
    house->url = text_of(o->url);
    house->ring = MONO_S(o->ring_s);
    house->limit = MONO_S(o->limit_s);
    house->where = o->where;
    house->written = o->written;
    house->arg = o->arg;
    house->log = o->log;
    if (!house->domain)
        house->domain = text_of("localhost");
    house->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!house->from || !house->user || !house->password || !house->url || !house->domain)
        return BF_ENOMEM;
    if (house->wake < 0)
        return BF_EIO;
    return BF_OK;
}

enum bf_err callback_create(const struct callback_options *options, struct callback **ret, char **ret_message)
{
    struct callback *c = calloc(1, sizeof *c);
    *ret_message = NULL;
    if (!c) {
        tls_context_destroy(options->tls);
        return BF_ENOMEM;
    }
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->telling, NULL);
    c->house.wake = -1;
    c->house.tls = options->tls;
    c->house.domain = domain_of(options->from);
    const char *wrong = check(options, c->house.domain);
    enum bf_err err = wrong ? BF_EINVAL : make_house(options, &c->house);
    if (!err) {
        c->started = pthread_create(&c->thread, NULL, run, c) == 0;
        err = c->started ? BF_OK : BF_EIO;
    }
    if (err) {
        *ret_message = strdup(wrong ? wrong : "the thread of callbacks cannot be made");
        callback_destroy(c);
        return err;
    }
    *ret = c;
    return BF_OK;
}

void callback_destroy(struct callback *c)
{
    if (!c)
        return;
    if (c->started) {
        pthread_mutex_lock(&c->lock);
        c->stop = true;
        pthread_mutex_unlock(&c->lock);
        wake(c);
        pthread_join(c->thread, NULL);
    }
    for (size_t i = 0; i < ROWS; i++)
        talk_destroy(c->rows[i].talk);
    tls_context_destroy(c->house.tls);
    if (c->house.wake >= 0)
        close(c->house.wake);
    free(c->house.from);
    free(c->house.domain);
    free(c->house.user);
    free(c->house.password);
    free(c->house.url);
    pthread_mutex_destroy(&c->telling);
    pthread_mutex_destroy(&c->lock);
    free(c);
}
