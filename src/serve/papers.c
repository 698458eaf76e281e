/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/papers.h"

#include <stdlib.h>

#include "console/console.h"

#define DAY 86400

enum paper_state paper_state(const struct sign_certificate *c, utc_t now)
{
    static const struct {
        utc_t left;
        enum paper_state state;
    } rows[] = { { 0, PAPER_ENDED }, { DAY, PAPER_DAY }, { 7 * DAY, PAPER_WEEK }, { 30 * DAY, PAPER_MONTH } };
    if (c->revoked)
        return PAPER_REVOKED;
    if (c->not_after == INT64_MAX)
        return PAPER_GOOD;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].left ? c->not_after - now <= rows[i].left : c->not_after < now)
            return rows[i].state;
    return PAPER_GOOD;
}

/* Customers who share a certificate share what is said of it. NULL: no memory. */
static struct paper_told *find(struct papers *p, const struct server *s, const struct sign_certificate *c)
{
    const struct span end = span_make(&c->not_after, sizeof c->not_after);
    const uint64_t name = hash_bytes(s->source_key, span_of(c->x5u)) ^ hash_bytes(s->source_key, end);
    for (size_t i = 0; i < p->n; i++)
        if (p->all[i].certificate == name)
            return &p->all[i];
    if (p->n == p->size) {
        const size_t size = p->size ? 2 * p->size : 8;
        struct paper_told *all = realloc(p->all, size * sizeof *all);
        if (!all)
            return NULL;
        p->all = all;
        p->size = size;
    }
    p->all[p->n] = (struct paper_told){ name, PAPER_GOOD };
    return &p->all[p->n++];
}

static void say(const struct server *s, const struct sign_certificate *c, enum paper_state state, utc_t now)
{
    char at[21];
    utc_text(c->not_after, at);
    switch (state) {
    case PAPER_GOOD: break;
    case PAPER_MONTH:
    case PAPER_WEEK:
    case PAPER_DAY:
        log_put(s->log, LOG_ALARM,
                "the certificate of %s (%s) ends %s, in %lld days: get a new one, and reload", c->name,
                c->x5u, at, (long long)((c->not_after - now + DAY - 1) / DAY));
        break;
    case PAPER_ENDED:
        log_put(s->log, LOG_ALARM,
                "the certificate of %s (%s) ended %s: its calls go out unsigned; get a new one, and reload",
                c->name, c->x5u, at);
        break;
    case PAPER_REVOKED:
        log_put(s->log, LOG_ALARM,
                "the certificate of %s (%s) is revoked: its calls go out unsigned; get a new one, and reload",
                c->name, c->x5u);
        break;
    }
}

void papers_watch(struct papers *p, struct server *s)
{
    const utc_t now = clock_now(s->clock).utc;
    int64_t first = INT64_MAX, unusable = 0;
    struct sign_certificate c;
    epoch_enter(s->epoch, s->slot);
    const struct signing *signing = atomic_load(&s->snapshot)->signing;
    for (size_t i = 0; signing && signing_certificate(signing, i, &c); i++) {
        const enum paper_state state = paper_state(&c, now);
        first = c.not_after < first ? c.not_after : first;
        unusable += state >= PAPER_ENDED;
        if (state == PAPER_GOOD)
            continue;
        struct paper_told *told = find(p, s, &c);
        if (told && told->told >= state)
            continue;
        if (told)
            told->told = state;
        say(s, &c, state, now);
    }
    atomic_store(&s->gauges.sign_numbers, signing ? (int64_t)signing_numbers(signing) : 0);
    epoch_exit(s->epoch, s->slot);
    atomic_store(&s->gauges.sign_expiry, first);
    atomic_store(&s->gauges.sign_unusable, unusable);
}

void papers_show(struct papers *p, struct server *s)
{
    static const char *const words[] = { "good", "month", "week", "day", "ended", "revoked" };
    const struct instant now = clock_now(s->clock);
    struct console_certificate *list;
    struct sign_certificate c;
    size_t n = 0;
    if (!s->console || now.mono < p->show_next)
        return;
    p->show_next = now.mono + MONO_S(60);
    list = calloc(DESK_CERTIFICATES, sizeof *list);
    epoch_enter(s->epoch, s->slot);
    const struct signing *signing = atomic_load(&s->snapshot)->signing;
    for (; list && signing && n < DESK_CERTIFICATES && signing_certificate(signing, n, &c); n++)
        list[n] = (struct console_certificate){ c.name, c.x5u, c.not_after, words[paper_state(&c, now.utc)] };
    if (list)
        console_certificates(s->console, list, n);
    epoch_exit(s->epoch, s->slot);
    free(list);
}

void papers_clear(struct papers *p)
{
    free(p->all);
    *p = (struct papers){ 0 };
}
