/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread follows the records for everybody who looks: what comes in goes out as an event to all browsers, and a few
 * bytes of every call stay here, so that the overview and the signers seen are sums over memory, never a scan of the store.
 */
#include <stdio.h>
#include <stdlib.h>

#include "console/inside.h"
#include "verdict/verdict.h"

#define POLL_MS   200
#define EVENTS    512u /* that a browser may be behind */
#define AT_ONCE   5000u
#define BRIEFS    1000000u /* calls that the overview knows; then the older half goes */
#define SIGNERS   4096u
#define PING_S    15
#define LATENCIES 24u

struct brief {
    utc_t at;
    int32_t latency_us;
    uint16_t signer; /* 0: none */
    uint8_t kind, outcome;
    char attest;
};

struct signer_seen {
    char spc[64], subject[160], issuer[160], domain[64];
};

struct event {
    char *plain, *masked; /* as they go over the wire */
    size_t n, n_masked;
};

struct follower {
    struct console *console;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool stop;
    struct event events[EVENTS];
    uint64_t end; /* of the next event */
    struct brief *briefs;
    size_t n, size;
    struct signer_seen *signers;
    unsigned n_signers;
    char last[RECORD_ID + 1];
    utc_t since; /* older calls are no events */
};

/* ---- telling ---- */

static char *wire(const char *kind, const char *id, const json_t *value, size_t *ret_n)
{
    char *json = json_dumps(value, JSON_COMPACT), *text = NULL;
    const int n = json ? asprintf(&text, "%s%s%sevent: %s\ndata: %s\n\n", *id ? "id: " : "", id,
                                  *id ? "\n" : "", kind, json)
                       : -1;
    free(json);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n > 0 ? text : NULL;
}

void follower_tell(struct follower *f, const char *kind, json_t *value)
{
    const char *id = strcmp(kind, "call") == 0 ? json_text(value, "id") : "";
    struct event e = { 0 };
    e.plain = wire(kind, id, value, &e.n);
    json_t *copy = json_deep_copy(value);
    mask(copy);
    e.masked = wire(kind, id, copy, &e.n_masked);
    json_decref(copy);
    json_decref(value);
    pthread_mutex_lock(&f->lock);
    struct event *place = &f->events[f->end % EVENTS];
    free(place->plain);
    free(place->masked);
    *place = e;
    f->end++;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

/* ---- following ---- */

static void copy_text(char *out, size_t size, struct span s)
{
    snprintf(out, size, "%.*s", s.n < size ? (int)s.n : (int)size - 1, s.p ? s.p : "");
}

/* The number of a signer, from 1; 0: none, or too many different ones. */
static uint16_t signer_of(struct follower *f, const struct record *r)
{
    struct signer_seen s = { 0 };
    if (!r->subject.n)
        return 0;
    copy_text(s.spc, sizeof s.spc, r->spc);
    copy_text(s.subject, sizeof s.subject, r->subject);
    copy_text(s.issuer, sizeof s.issuer, r->issuer);
    copy_text(s.domain, sizeof s.domain, r->trust_domain);
    for (unsigned i = f->n_signers; i-- > 0;)
        if (strcmp(f->signers[i].subject, s.subject) == 0 && strcmp(f->signers[i].spc, s.spc) == 0 &&
            strcmp(f->signers[i].domain, s.domain) == 0)
            return (uint16_t)(i + 1);
    if (f->n_signers == SIGNERS)
        return 0;
    f->signers[f->n_signers++] = s;
    return (uint16_t)f->n_signers;
}

static void keep_brief(struct follower *f, const struct record *r)
{
    if (f->n == BRIEFS) {
        memmove(f->briefs, f->briefs + BRIEFS / 2, BRIEFS / 2 * sizeof *f->briefs);
        f->n = BRIEFS / 2;
    }
    if (f->n == f->size) {
        const size_t size = f->size ? 2 * f->size : 4096;
        struct brief *more = realloc(f->briefs, size * sizeof *more);
        if (!more)
            return;
        f->briefs = more;
        f->size = size;
    }
    f->briefs[f->n++] = (struct brief){ .at = r->at.utc,
                                        .latency_us = r->latency_us,
                                        .signer = signer_of(f, r),
                                        .kind = (uint8_t)r->kind,
                                        .outcome = r->outcome,
                                        .attest = r->attest };
}

static bool follow_one(void *arg, const struct record *r)
{
    struct follower *f = arg;
    memcpy(f->last, r->id, RECORD_ID);
    pthread_mutex_lock(&f->lock);
    const bool go_on = !f->stop;
    keep_brief(f, r);
    pthread_mutex_unlock(&f->lock);
    if (r->at.utc >= f->since)
        follower_tell(f, "call", row_of(r));
    return go_on;
}

static bool wait_a_little(struct follower *f)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += POLL_MS * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&f->lock);
    if (!f->stop)
        pthread_cond_timedwait(&f->news, &f->lock, &t);
    const bool go_on = !f->stop;
    pthread_mutex_unlock(&f->lock);
    return go_on;
}

static void *follow(void *arg)
{
    struct follower *f = arg;
    do {
        const struct record_filter filter = { .outcome = -1, .after_id = f->last, .limit = AT_ONCE };
        char *message = NULL;
        if (record_query(f->console->url, &filter, follow_one, f, &message) != BF_OK) {
            /* not there yet, or busy: the next look tells */
        }
        free(message);
    } while (wait_a_little(f));
    return NULL;
}

enum bf_err follower_create(struct console *c, struct follower **ret)
{
    struct follower *f = calloc(1, sizeof *f);
    if (!f)
        return BF_ENOMEM;
    *ret = f;
    f->console = c;
    f->since = clock_now(&clock_system).utc - 1;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->news, NULL);
    f->signers = calloc(SIGNERS, sizeof *f->signers);
    if (!f->signers)
        return BF_ENOMEM;
    f->started = pthread_create(&f->thread, NULL, follow, f) == 0;
    return f->started ? BF_OK : BF_EIO;
}

void follower_stop(struct follower *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
    if (f->started)
        pthread_join(f->thread, NULL);
    f->started = false;
}

void follower_destroy(struct follower *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < EVENTS; i++) {
        free(f->events[i].plain);
        free(f->events[i].masked);
    }
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->news);
    free(f->signers);
    free(f->briefs);
    free(f);
}

/* ---- a browser that listens ---- */

struct listener {
    struct follower *follower;
    uint64_t at;
    size_t offset; /* into the event */
    bool masked, greeted;
    utc_t pinged;
};

static ssize_t give_text(char *out, size_t max, const char *text)
{
    const size_t n = strlen(text) < max ? strlen(text) : max;
    memcpy(out, text, n);
    return (ssize_t)n;
}

static ssize_t give_event(struct listener *l, char *out, size_t max)
{
    const struct event *e = &l->follower->events[l->at % EVENTS];
    const char *text = l->masked ? e->masked : e->plain;
    const size_t whole = text ? (l->masked ? e->n_masked : e->n) : 0;
    const size_t n = whole - l->offset < max ? whole - l->offset : max;
    if (n && text)
        memcpy(out, text + l->offset, n);
    l->offset += n;
    if (l->offset == whole) {
        l->at++;
        l->offset = 0;
    }
    return n ? (ssize_t)n : give_text(out, max, ":\n\n");
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
    pthread_mutex_lock(&f->lock);
    const utc_t until = clock_now(&clock_system).utc + PING_S;
    while (!f->stop && l->at == f->end && clock_now(&clock_system).utc < until) {
        struct timespec t = { .tv_sec = until };
        pthread_cond_timedwait(&f->news, &f->lock, &t);
    }
    if (f->stop || l->at + EVENTS < f->end) /* too far behind: it comes again and loads the list */
        n = MHD_CONTENT_READER_END_OF_STREAM;
    else if (l->at < f->end)
        n = give_event(l, out, max);
    else
        n = give_text(out, max, ": ping\n\n");
    pthread_mutex_unlock(&f->lock);
    return n;
}

/* Behind the event of this record, if it is still here. */
static uint64_t resume(struct follower *f, const char *id)
{
    uint64_t at = f->end;
    for (uint64_t i = f->end > EVENTS ? f->end - EVENTS : 0; id && strlen(id) == RECORD_ID && i < f->end;
         i++) {
        const char *text = f->events[i % EVENTS].plain;
        if (text && strncmp(text, "id: ", 4) == 0 && strncmp(text + 4, id, RECORD_ID) == 0)
            at = i + 1;
    }
    return at;
}

enum MHD_Result events_get(struct ask *a)
{
    struct follower *f = a->console->follower;
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        return MHD_NO;
    l->follower = f;
    l->masked = ask_masked(a);
    pthread_mutex_lock(&f->lock);
    l->at = resume(f, ask_header(a, "Last-Event-ID"));
    pthread_mutex_unlock(&f->lock);
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, give, l, free);
    if (!r) {
        free(l);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", "text/event-stream");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    const enum MHD_Result result = MHD_queue_response(a->connection, 200, r);
    MHD_destroy_response(r);
    return result;
}

/* ---- sums ---- */

struct bucket {
    unsigned n[5]; /* the outcomes, and shed */
};

struct sums {
    utc_t since, until;
    int64_t step;
    size_t n_buckets;
    struct bucket *buckets;
    unsigned attest[4];
    unsigned latency[LATENCIES]; /* of so many binary digits of microseconds */
    unsigned calls[SIGNERS + 1], broken[SIGNERS + 1];
    utc_t last[SIGNERS + 1];
};

static void add_brief(struct sums *s, const struct brief *b)
{
    const bool shed = b->kind == RECORD_SHED;
    if ((b->kind != RECORD_VERIFIED && !shed) || b->at < s->since || b->at >= s->until)
        return;
    const size_t at = (size_t)((b->at - s->since) / s->step);
    if (at < s->n_buckets)
        s->buckets[at].n[shed ? 4 : b->outcome % 4]++;
    s->attest[b->attest >= 'A' && b->attest <= 'C' ? b->attest - 'A' : 3]++;
    const unsigned digits = b->latency_us > 0 ? 32u - (unsigned)__builtin_clz((unsigned)b->latency_us) : 0;
    s->latency[digits < LATENCIES ? digits : LATENCIES - 1]++;
    s->calls[b->signer]++;
    s->broken[b->signer] += b->outcome == BROKEN;
    if (b->at > s->last[b->signer])
        s->last[b->signer] = b->at;
}

/* The upper edge of the step that so many of a hundred are within. */
static json_int_t percentile(const struct sums *s, unsigned hundredth)
{
    uint64_t all = 0, seen = 0;
    for (size_t i = 0; i < LATENCIES; i++)
        all += s->latency[i];
    for (size_t i = 0; i < LATENCIES; i++) {
        seen += s->latency[i];
        if (all && seen * 100 >= all * hundredth)
            return (json_int_t)1 << i;
    }
    return 0;
}

static json_t *signers_of(struct follower *f, const struct sums *s, bool only_broken)
{
    char last[21];
    json_t *list = json_array();
    for (unsigned i = 1; i <= f->n_signers; i++) {
        const struct signer_seen *seen = &f->signers[i - 1];
        if (s->calls[i] && (!only_broken || s->broken[i]))
            json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:s}", "subject", seen->subject,
                                                  "spc", seen->spc, "issuer", seen->issuer, "trust_domain",
                                                  seen->domain, "calls", (int)s->calls[i], "broken",
                                                  (int)s->broken[i], "last", utc_text(s->last[i], last)));
    }
    return list;
}

static void sum_up(struct follower *f, struct sums *s)
{
    for (size_t i = 0; i < f->n; i++)
        add_brief(s, &f->briefs[i]);
}

static json_t *buckets_of(const struct sums *s)
{
    char at[21];
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_buckets; i++) {
        const unsigned *n = s->buckets[i].n;
        json_array_append_new(
            list, json_pack("{s:s,s:i,s:i,s:i,s:i,s:i}", "at", utc_text(s->since + (int64_t)i * s->step, at),
                            "genuine", (int)n[GENUINE], "unproven", (int)n[UNPROVEN], "broken",
                            (int)n[BROKEN], "impostor", (int)n[IMPOSTOR], "shed", (int)n[4]));
    }
    return list;
}

static json_t *latencies_of(const struct sums *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < LATENCIES; i++)
        json_array_append_new(list,
                              json_pack("{s:I,s:i}", "us", (json_int_t)1 << i, "calls", (int)s->latency[i]));
    return list;
}

enum MHD_Result overview_get(struct ask *a)
{
    struct follower *f = a->console->follower;
    uint64_t step = 3600;
    struct sums *s = calloc(1, sizeof *s);
    if (!s)
        return MHD_NO;
    span_decimal(span_of(ask_query(a, "step")), 31 * 86400, &step);
    s->until = ask_time(a, "until") ? ask_time(a, "until") : clock_now(&clock_system).utc + 1;
    s->since = ask_time(a, "since") ? ask_time(a, "since") : s->until - 86400;
    s->step = step ? (int64_t)step : 3600;
    const int64_t n = s->until > s->since ? (s->until - s->since + s->step - 1) / s->step : 0;
    s->buckets = n <= 5000 ? calloc((size_t)n + 1, sizeof *s->buckets) : NULL;
    if (!s->buckets) {
        free(s);
        return refuse(a, 400, "that is too long a time in too small steps: 5,000 at most");
    }
    s->n_buckets = (size_t)n;
    pthread_mutex_lock(&f->lock);
    sum_up(f, s);
    json_t *signers = signers_of(f, s, true);
    pthread_mutex_unlock(&f->lock);
    json_t *value = json_pack(
        "{s:I,s:o,s:{s:i,s:i,s:i,s:i},s:o,s:{s:I,s:I,s:I},s:o,s:i}", "step", (json_int_t)s->step, "buckets",
        buckets_of(s), "attest", "A", (int)s->attest[0], "B", (int)s->attest[1], "C", (int)s->attest[2],
        "none", (int)s->attest[3], "signers_broken", signers, "latency_us", "p50", percentile(s, 50), "p90",
        percentile(s, 90), "p99", percentile(s, 99), "latency_buckets", latencies_of(s), "lag_ms", 0);
    free(s->buckets);
    free(s);
    return say_json(a, 200, value);
}

enum MHD_Result certificates_get(struct ask *a)
{
    struct follower *f = a->console->follower;
    struct sums *s = calloc(1, sizeof *s);
    if (!s)
        return MHD_NO;
    s->until = INT64_MAX;
    s->step = INT64_MAX;
    pthread_mutex_lock(&f->lock);
    sum_up(f, s);
    json_t *signers = signers_of(f, s, false);
    pthread_mutex_unlock(&f->lock);
    free(s);
    return say_json(a, 200, json_pack("{s:[],s:o}", "own", "signers", signers));
}
