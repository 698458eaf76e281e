/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over the calls that the follower knows: the overview, the signers seen, what is known of a person. */
#include <stdio.h>
#include <stdlib.h>

#include "console/follower.h"
#include "verdict/verdict.h"

#define LATENCIES 24u

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

/* How late the index is behind the calls. */
static json_int_t lag_of(const struct console *c)
{
    return c->recorder ? (json_int_t)recorder_counts(c->recorder).lag_ms : 0;
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
    json_t *value =
        json_pack("{s:I,s:o,s:{s:i,s:i,s:i,s:i},s:o,s:{s:I,s:I,s:I},s:o,s:I}", "step", (json_int_t)s->step,
                  "buckets", buckets_of(s), "attest", "A", (int)s->attest[0], "B", (int)s->attest[1], "C",
                  (int)s->attest[2], "none", (int)s->attest[3], "signers_broken", signers, "latency_us",
                  "p50", percentile(s, 50), "p90", percentile(s, 90), "p99", percentile(s, 99),
                  "latency_buckets", latencies_of(s), "lag_ms", lag_of(a->console));
    free(s->buckets);
    free(s);
    return say_json(a, 200, value);
}

/* ---- our own certificates ---- */

static json_t *own_json(const struct console_certificate *c, utc_t now)
{
    char until[21];
    json_t *value = json_pack("{s:s,s:n,s:s,s:n,s:n,s:s}", "subject", c->name, "spc", "x5u", c->x5u,
                              "not_after", "days_left", "state", c->state);
    if (value && c->not_after != INT64_MAX) {
        json_object_set_new(value, "not_after", json_string(utc_text(c->not_after, until)));
        json_object_set_new(value, "days_left", json_integer((c->not_after - now) / 86400));
    }
    return value;
}

void console_certificates(struct console *c, const struct console_certificate *list, size_t n)
{
    json_t *fresh = json_array();
    const utc_t now = clock_now(&clock_system).utc;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(fresh, own_json(&list[i], now));
    pthread_mutex_lock(&c->lock);
    json_t *old = c->own;
    c->own = fresh;
    pthread_mutex_unlock(&c->lock);
    json_decref(old);
}

static json_t *own_of(struct console *c)
{
    pthread_mutex_lock(&c->lock);
    json_t *own = c->own ? json_deep_copy(c->own) : json_array();
    pthread_mutex_unlock(&c->lock);
    return own;
}

/* ---- what is known of a person ---- */

json_t *seen_of(struct follower *f, int64_t person)
{
    int calls = 0;
    utc_t since = INT64_MAX, last = 0;
    char text[2][21];
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->n; i++) {
        const struct brief *b = &f->briefs[i];
        if (b->person != person)
            continue;
        calls++;
        since = b->at < since ? b->at : since;
        last = b->at > last ? b->at : last;
    }
    pthread_mutex_unlock(&f->lock);
    return calls ? json_pack("{s:i,s:s,s:s}", "calls", calls, "since", utc_text(since, text[0]), "last",
                             utc_text(last, text[1]))
                 : json_pack("{s:i,s:n,s:n}", "calls", 0, "since", "last");
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
    return say_json(a, 200, json_pack("{s:o,s:o}", "own", own_of(a->console), "signers", signers));
}
