/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all of CalDAV here shares, the exchange that follows redirects to the same host alone, and where calendars are; and
 * slots. Keeping up with a calendar: caldav_sync.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "diary/caldav_parts.h"

#define TOTAL_MS       20000u
#define REDIRECTS_MOST 3u

enum bf_err caldav_wrong(struct caldav *c, enum bf_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    return err;
}

const char *caldav_why(const struct caldav *c)
{
    return c->why;
}

enum bf_err caldav_create(const struct caldav_options *options, struct caldav **ret)
{
    if (strlen(options->url) >= CALDAV_URL)
        return BF_ELIMIT;
    struct caldav *c = calloc(1, sizeof *c);
    if (!c)
        return BF_ENOMEM;
    memcpy(c->url, options->url, strlen(options->url) + 1);
    c->options = *options;
    c->options.url = c->url;
    c->options.user = options->user ? strdup(options->user) : NULL;
    c->options.password = options->password ? strdup(options->password) : NULL;
    if ((options->user && !c->options.user) || (options->password && !c->options.password)) {
        caldav_destroy(c);
        return BF_ENOMEM;
    }
    *ret = c;
    return BF_OK;
}

void caldav_destroy(struct caldav *c)
{
    if (!c)
        return;
    char *password = (char *)(uintptr_t)c->options.password, *user = (char *)(uintptr_t)c->options.user;
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
    free(user);
    free(c);
}

/* ---- an exchange ---- */

enum bf_err caldav_url(struct caldav *c, const char *base, struct span href, char out[static CALDAV_URL])
{
    char memory[CALDAV_URL];
    struct buf b = buf_on(memory, sizeof memory - 1);
    const enum bf_err err = dav_url(span_of(base), href, &b);
    if (err)
        return caldav_wrong(c, err,
                            "%s: the server leads to another host or no URL: %.*s; give the URL there", base,
                            (int)(href.n < 160 ? href.n : 160), href.p ? href.p : "");
    memcpy(out, memory, b.n);
    out[b.n] = '\0';
    return BF_OK;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 307 || status == 308;
}

static enum bf_err run_once(struct caldav *c, const struct exchange *x, struct exchange_answer *ret)
{
    const enum bf_err err = exchange_run(x, ret);
    if (err)
        return caldav_wrong(c, err, "%s: %s", x->url, *ret->why ? ret->why : bf_err_text(err));
    return ret->status == 401
               ? caldav_wrong(c, BF_EDENIED, "%s: the server says 401: look at the user and the password",
                              x->url)
               : BF_OK;
}

enum bf_err caldav_ask(struct caldav *c, const struct exchange *wanted, struct exchange_answer *ret)
{
    struct exchange x = *wanted;
    char url[CALDAV_URL];
    x.user = c->options.user;
    x.password = c->options.password;
    x.ca_file = c->options.ca_file;
    x.total_ms = c->options.total_ms ? c->options.total_ms : TOTAL_MS;
    x.max_bytes = c->options.max_bytes ? c->options.max_bytes : CALDAV_BYTES;
    enum bf_err err = run_once(c, &x, ret);
    for (unsigned i = 0; !err && is_redirect(ret->status) && i < REDIRECTS_MOST; i++) {
        err = caldav_url(c, x.url, span_of(ret->location), url);
        exchange_clear(ret);
        x.url = url;
        if (!err)
            err = run_once(c, &x, ret);
    }
    if (!err && is_redirect(ret->status))
        err = caldav_wrong(c, BF_EUNSUP, "%s: one redirect leads to another, without end", wanted->url);
    if (err)
        exchange_clear(ret);
    return err;
}

enum bf_err caldav_members(struct caldav *c, const struct caldav_question *q, dav_found *found, void *arg)
{
    struct exchange_answer a = { .status = 0 };
    struct fault fault = { 0, "" };
    const struct exchange x = { .method = q->method,
                                .url = q->url,
                                .depth = q->depth,
                                .body = q->body,
                                .content_type = "application/xml; charset=utf-8",
                                .accept = "application/xml, text/xml" };
    enum bf_err err = caldav_ask(c, &x, &a);
    if (err)
        return err;
    if (a.status != 207)
        err = caldav_wrong(c, BF_EUNSUP,
                           "%s: the server says %d to %s: no calendar is there, or it is not for this user",
                           q->url, a.status, q->method);
    else if ((err = dav_read(span_make(a.body ? a.body : "", a.n), found, arg, q->token, &fault)))
        err = caldav_wrong(c, err, "%s: the answer cannot be read, byte %zu: %s", q->url, fault.at + 1,
                           fault.what);
    exchange_clear(&a);
    return err;
}

/* ---- where calendars are ---- */

struct places {
    struct caldav *c;
    const char *base; /* what hrefs belong to */
    char principal[CALDAV_URL], home[CALDAV_URL];
    enum bf_err err;
};

static void keep(char *out, size_t size, struct span s)
{
    if (s.n == 0 || s.n >= size)
        return;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

static void calendar_add(struct places *p, const struct dav_member *m)
{
    struct caldav *c = p->c;
    if (!m->is_calendar || m->is_mailbox || (m->says_components && !m->events))
        return;
    if (c->n == CALDAV_CALENDARS) {
        p->err = caldav_wrong(c, BF_ELIMIT, "%s: more than %u calendars: give the URL of one", c->url,
                              CALDAV_CALENDARS);
        return;
    }
    struct caldav_calendar *calendar = &c->calendars[c->n++];
    *calendar = (struct caldav_calendar){ .events = true, .free_busy = m->free_busy };
    keep(calendar->name, sizeof calendar->name, m->name);
    p->err = caldav_url(c, p->base, m->href, calendar->url);
}

static bool note_place(void *arg, const struct dav_member *m)
{
    struct places *p = arg;
    keep(p->principal, sizeof p->principal, m->principal);
    keep(p->home, sizeof p->home, m->calendar_home);
    keep(p->c->inbox, sizeof p->c->inbox, m->inbox);
    keep(p->c->outbox, sizeof p->c->outbox, m->outbox);
    calendar_add(p, m);
    return !p->err;
}

static bool note_calendar(void *arg, const struct dav_member *m)
{
    struct places *p = arg;
    calendar_add(p, m);
    return !p->err;
}

static enum bf_err look(struct places *p, const char *url, const char *depth, const char *body,
                        dav_found *found)
{
    const struct caldav_question q = {
        .method = "PROPFIND", .url = url, .depth = depth, .body = span_of(body)
    };
    p->base = url;
    const enum bf_err err = caldav_members(p->c, &q, found, p);
    p->base = NULL;
    return err ? err : p->err;
}

/* From the principal, where only that is known, to the home. */
static enum bf_err look_for_home(struct places *p, char home[static CALDAV_URL])
{
    char principal[CALDAV_URL];
    enum bf_err err = BF_OK;
    if (!*p->home && *p->principal && !(err = caldav_url(p->c, p->c->url, span_of(p->principal), principal)))
        err = look(p, principal, "0", dav_ask_calendar_who, note_place);
    if (!err && !*p->home)
        err = caldav_wrong(p->c, BF_EUNSUP,
                           "%s is no calendar, and the server does not say where there is one", p->c->url);
    return err ? err : caldav_url(p->c, p->c->url, span_of(p->home), home);
}

static enum bf_err discover(struct places *p)
{
    struct caldav *c = p->c;
    char url[CALDAV_URL];
    enum bf_err err = look(p, c->url, "0", dav_ask_calendar_who, note_place);
    if (!err && c->n)
        return BF_OK;
    if ((err == BF_EUNSUP || !err) && !*p->home && !*p->principal) {
        err = caldav_url(c, c->url, SPAN("/.well-known/caldav"), url);
        if (!err)
            err = look(p, url, "0", dav_ask_calendar_who, note_place);
    }
    if (!err)
        err = look_for_home(p, url);
    c->n = 0;
    if (!err)
        err = look(p, url, "1", dav_ask_calendars, note_calendar);
    if (!err && c->n == 0)
        err = caldav_wrong(c, BF_EUNSUP, "%s: no calendar of events is there: make one, or give another URL",
                           url);
    return err;
}

enum bf_err caldav_discover(struct caldav *c, const struct caldav_calendar **ret, size_t *ret_n)
{
    struct places p = { .c = c, .err = BF_OK };
    c->n = 0;
    const enum bf_err err = discover(&p);
    if (err)
        return err;
    *ret = c->calendars;
    *ret_n = c->n;
    return BF_OK;
}

const char *caldav_inbox(const struct caldav *c)
{
    return c->inbox;
}

const char *caldav_outbox(const struct caldav *c)
{
    return c->outbox;
}

/* ---- a time ---- */

static struct span stamp(int64_t at, char out[static 40])
{
    const struct civil t = civil_of(at);
    const int n =
        snprintf(out, 40, "%04d%02u%02uT%02u%02u%02uZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    return span_make(out, (size_t)n);
}

struct between {
    struct caldav *c;
    caldav_found *found;
    void *arg;
    enum bf_err err;
};

static bool note_between(void *arg, const struct dav_member *m)
{
    struct between *b = arg;
    const struct caldav_object object = { .href = m->href, .etag = m->etag, .text = m->data };
    if (m->status == 507 || (!m->data.n && !m->status))
        b->err = caldav_wrong(b->c, BF_ELIMIT, "the server did not give all that lies between");
    else if (m->data.n)
        b->err = b->found(b->arg, &object);
    return !b->err;
}

enum bf_err caldav_between(struct caldav *c, const char *url, int64_t from, int64_t to, caldav_found *found,
                           void *arg)
{
    char memory[1024], begin[40], end[40];
    struct buf body = BUF_ON(memory);
    struct between b = { .c = c, .found = found, .arg = arg, .err = BF_OK };
    dav_ask_between(stamp(from, begin), stamp(to, end), &body);
    const struct caldav_question q = {
        .method = "REPORT", .url = url, .depth = "1", .body = buf_span(&body)
    };
    const enum bf_err err = caldav_members(c, &q, note_between, &b);
    return err ? err : b.err;
}

enum bf_err caldav_free_busy(struct caldav *c, const char *url, int64_t from, int64_t to, char **ret)
{
    char memory[512], begin[40], end[40];
    struct buf body = BUF_ON(memory);
    struct exchange_answer a = { .status = 0 };
    dav_ask_free_busy(stamp(from, begin), stamp(to, end), &body);
    const struct exchange x = { .method = "REPORT",
                                .url = url,
                                .depth = "1",
                                .body = buf_span(&body),
                                .content_type = "application/xml; charset=utf-8" };
    const enum bf_err err = caldav_ask(c, &x, &a);
    if (err)
        return err;
    if (a.status == 200 && a.body &&
        span_starts_nocase(span_trim(span_of(a.body)), SPAN("BEGIN:VCALENDAR")) &&
        strstr(a.body, "BEGIN:VFREEBUSY")) {
        *ret = a.body;
        return BF_OK;
    }
    exchange_clear(&a);
    return caldav_wrong(c, BF_EUNSUP, "%s: the server does not say when somebody is busy", url);
}

/* ---- a slot ---- */

static enum bf_err written(struct caldav *c, const char *url, const char *method, int status)
{
    if (status / 100 == 2)
        return BF_OK;
    if (status == 404 && strcmp(method, "DELETE") == 0)
        return caldav_wrong(c, BF_ENOENT, "%s: it is not there", url);
    if (status == 412 || status == 409)
        return caldav_wrong(c, BF_EAGAIN, "%s: something else stands there: look again", url);
    return caldav_wrong(c, status == 403 ? BF_EDENIED : BF_EIO,
                        "%s: the server says %d to %s: may this user write there?", url, status, method);
}

static enum bf_err etag_ask(struct caldav *c, const char *url, char *ret_etag)
{
    struct exchange_answer a = { .status = 0 };
    const struct exchange x = { .method = "GET", .url = url, .accept = "text/calendar" };
    const enum bf_err err = caldav_ask(c, &x, &a);
    if (!err)
        memcpy(ret_etag, a.etag, CALDAV_ETAG);
    exchange_clear(&a);
    return err;
}

enum bf_err caldav_put(struct caldav *c, const char *url, struct span text, const char *etag, char *ret_etag)
{
    struct exchange_answer a = { .status = 0 };
    const struct exchange x = { .method = "PUT",
                                .url = url,
                                .body = text,
                                .content_type = "text/calendar; charset=utf-8",
                                .if_match = etag,
                                .if_none_match = etag ? NULL : "*" };
    enum bf_err err = caldav_ask(c, &x, &a);
    if (!err)
        err = written(c, url, "PUT", a.status);
    if (!err && ret_etag)
        memcpy(ret_etag, a.etag, CALDAV_ETAG);
    exchange_clear(&a);
    return !err && ret_etag && !*ret_etag ? etag_ask(c, url, ret_etag) : err;
}

enum bf_err caldav_delete(struct caldav *c, const char *url, const char *etag)
{
    struct exchange_answer a = { .status = 0 };
    const struct exchange x = { .method = "DELETE", .url = url, .if_match = etag };
    enum bf_err err = caldav_ask(c, &x, &a);
    if (!err)
        err = written(c, url, "DELETE", a.status);
    exchange_clear(&a);
    return err;
}
