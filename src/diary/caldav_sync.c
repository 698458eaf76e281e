/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calendar as it was last seen, and what has changed since: listed by sync-collection or by ETags, taken by multiget or one
 * by one. The new state is made beside the old one, which it replaces when it is whole.
 */
#include <stdio.h>
#include <stdlib.h>

#include "diary/caldav_parts.h"

#define TOKEN_MOST  1024u
#define AT_A_TIME   50u
#define ROUNDS_MOST 1000u

/* key: the path of the href with its escapes read, for servers write the same in two ways. */
struct object {
    char *key, *href, *etag, *text; /* text NULL: to be taken */
    size_t text_n, order;
    bool gone, same; /* same: as it was before */
};
struct list {
    struct object *items;
    size_t n, size, bytes;
};
struct caldav_seen {
    struct list list;
    char token[TOKEN_MOST];
};
struct taking {
    struct caldav *c;
    const char *url;
    struct list list;
    char token[TOKEN_MOST];
    bool again;
    enum bf_err err;
};

static void object_clear(struct object *o)
{
    free(o->key);
    free(o->href);
    free(o->etag);
    free(o->text);
    *o = (struct object){ .key = NULL };
}

static void list_clear(struct list *l)
{
    for (size_t i = 0; i < l->n; i++)
        object_clear(&l->items[i]);
    free(l->items);
    *l = (struct list){ .n = 0 };
}

enum bf_err caldav_seen_create(struct caldav_seen **ret)
{
    struct caldav_seen *seen = calloc(1, sizeof *seen);
    if (!seen)
        return BF_ENOMEM;
    *ret = seen;
    return BF_OK;
}

void caldav_seen_destroy(struct caldav_seen *seen)
{
    if (seen)
        list_clear(&seen->list);
    free(seen);
}

size_t caldav_seen_count(const struct caldav_seen *seen)
{
    return seen->list.n;
}

enum bf_err caldav_each(const struct caldav_seen *seen, caldav_found *found, void *arg)
{
    enum bf_err err = BF_OK;
    for (size_t i = 0; !err && i < seen->list.n; i++) {
        const struct object *o = &seen->list.items[i];
        const struct caldav_object object = { span_of(o->href), span_of(o->etag),
                                              span_make(o->text, o->text_n) };
        err = found(arg, &object);
    }
    return err;
}

/* ---- lists ---- */

static char *text_copy(struct span s)
{
    return strndup(s.n ? s.p : "", s.n);
}

static int hex_of(char c)
{
    const char low = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static char *key_of(struct span href)
{
    const char *slashes = href.n ? memmem(href.p, href.n, "://", 3) : NULL;
    if (slashes)
        href = span_from(href, (size_t)(slashes - href.p) + 3);
    if (slashes)
        href = span_from(href, span_find(href, '/'));
    char *key = malloc(href.n + 1), *to = key;
    for (size_t i = 0; key && i < href.n; i++) {
        const int high = href.p[i] == '%' && i + 2 < href.n ? hex_of(href.p[i + 1]) : -1;
        const int low = high >= 0 ? hex_of(href.p[i + 2]) : -1;
        const int c = low >= 0 ? high * 16 + low : 0;
        const bool read = c > 0x20 && c != '/' && c != '%';
        *to++ = read ? (char)c : href.p[i];
        i += read ? 2 : 0;
    }
    if (key)
        *to = '\0';
    return key;
}

static struct object *list_add(struct list *l, struct span href, struct span etag)
{
    if (l->n == l->size) {
        const size_t size = l->size ? 2 * l->size : 64;
        struct object *more = realloc(l->items, size * sizeof *more);
        if (!more)
            return NULL;
        l->items = more;
        l->size = size;
    }
    struct object *o = &l->items[l->n];
    *o = (struct object){
        .key = key_of(href), .href = text_copy(href), .etag = text_copy(etag), .order = l->n
    };
    l->n++;
    return o->key && o->href && o->etag ? o : NULL;
}

static int by_key(const void *a, const void *b)
{
    const struct object *x = a, *y = b;
    const int order = strcmp(x->key, y->key);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int same_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct object *)item)->key);
}

static struct object *list_find(const struct list *l, const char *key)
{
    return l->n ? bsearch(key, l->items, l->n, sizeof *l->items, same_key) : NULL;
}

/* In order; of what was said twice, the last word counts. */
static void list_sort(struct list *l)
{
    size_t n = 0;
    if (l->n)
        qsort(l->items, l->n, sizeof *l->items, by_key);
    for (size_t i = 0; i < l->n; i++) {
        if (n && strcmp(l->items[n - 1].key, l->items[i].key) == 0)
            object_clear(&l->items[--n]);
        if (n != i)
            l->items[n] = l->items[i];
        n++;
    }
    l->n = n;
}

/* ---- what has changed ---- */

static bool note_change(void *arg, const struct dav_member *m)
{
    struct taking *t = arg;
    const bool itself = m->href.n == 0 || m->href.p[m->href.n - 1] == '/';
    if (m->status == 507) /* RFC 6578 section 3.6: there is more */
        t->again = true;
    else if (!itself && !m->is_calendar) {
        struct object *o = t->list.n < CALDAV_OBJECTS ? list_add(&t->list, m->href, m->etag) : NULL;
        if (o)
            o->gone = m->status == 404 || m->status == 410;
        else
            t->err = t->list.n < CALDAV_OBJECTS
                         ? BF_ENOMEM
                         : caldav_wrong(t->c, BF_ELIMIT, "%s: more than %u objects", t->url, CALDAV_OBJECTS);
    }
    return !t->err;
}

static enum bf_err by_sync_once(struct taking *t)
{
    char body_memory[TOKEN_MOST * 5 + 512], token_memory[TOKEN_MOST];
    struct buf body = BUF_ON(body_memory), token = buf_on(token_memory, TOKEN_MOST - 1);
    dav_ask_changes(span_of(t->token), &body);
    const struct caldav_question q = {
        .method = "REPORT", .url = t->url, .depth = "0", .body = buf_span(&body), .token = &token
    };
    t->again = false;
    const enum bf_err err = caldav_members(t->c, &q, note_change, t);
    if (err || t->err)
        return err ? err : t->err;
    token_memory[token.n] = '\0';
    if (!token.n || (t->again && strcmp(token_memory, t->token) == 0))
        return BF_EUNSUP; /* it leads nowhere */
    memcpy(t->token, token_memory, token.n + 1);
    return BF_OK;
}

static enum bf_err by_sync(struct taking *t)
{
    enum bf_err err = by_sync_once(t);
    for (unsigned i = 1; !err && t->again; i++)
        err = i < ROUNDS_MOST ? by_sync_once(t)
                              : caldav_wrong(t->c, BF_ELIMIT, "%s: the list has no end", t->url);
    return err;
}

static enum bf_err by_etags(struct taking *t)
{
    const struct caldav_question q = {
        .method = "PROPFIND", .url = t->url, .depth = "1", .body = span_of(dav_ask_etags)
    };
    t->again = false;
    const enum bf_err err = caldav_members(t->c, &q, note_change, t);
    if (err || t->err)
        return err ? err : t->err;
    return t->again ? caldav_wrong(t->c, BF_ELIMIT, "%s: the server does not list all of it", t->url) : BF_OK;
}

static void begin_again(struct taking *t)
{
    list_clear(&t->list);
    t->token[0] = '\0';
}

static enum bf_err changes(struct taking *t, bool *ret_whole)
{
    *ret_whole = !*t->token;
    enum bf_err err = by_sync(t);
    if (err == BF_EUNSUP && !*ret_whole) { /* the server forgot where we were */
        *ret_whole = true;
        begin_again(t);
        err = by_sync(t);
    }
    if (err == BF_EUNSUP) {
        *ret_whole = true;
        begin_again(t);
        err = by_etags(t);
    }
    if (!err)
        list_sort(&t->list);
    return err;
}

/* ---- the objects ---- */

static enum bf_err text_keep(struct taking *t, struct object *o, struct span text, struct span etag)
{
    if (!span_holds_nocase(span_first(text, 4096), SPAN("VCALENDAR")))
        return caldav_wrong(t->c, BF_EFORM, "%s: %.200s is no calendar: take it out of there", t->url,
                            o->href);
    if (text.n > CALDAV_BYTES - t->list.bytes)
        return caldav_wrong(t->c, BF_ELIMIT, "%s: the calendar is larger than %u MiB", t->url,
                            CALDAV_BYTES >> 20);
    char *copy = malloc(text.n + 1), *mark = etag.n ? text_copy(etag) : NULL;
    if (!copy || (etag.n && !mark)) {
        free(copy);
        free(mark);
        return BF_ENOMEM;
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    free(o->text);
    o->text = copy;
    o->text_n = text.n;
    t->list.bytes += text.n;
    if (mark) {
        free(o->etag);
        o->etag = mark;
    }
    return BF_OK;
}

static bool note_object(void *arg, const struct dav_member *m)
{
    struct taking *t = arg;
    char *key = key_of(m->href);
    struct object *o = key ? list_find(&t->list, key) : NULL;
    if (!key)
        t->err = BF_ENOMEM;
    else if (o && m->data.n)
        t->err = text_keep(t, o, m->data, m->etag);
    else if (o && (m->status == 404 || m->status == 410))
        o->gone = true; /* since it was listed */
    free(key);
    return !t->err;
}

static enum bf_err take_one(struct taking *t, struct object *o)
{
    char url[CALDAV_URL];
    struct exchange_answer a = { .status = 0 };
    enum bf_err err = caldav_url(t->c, t->url, span_of(o->href), url);
    const struct exchange x = { .method = "GET", .url = url, .accept = "text/calendar" };
    if (!err)
        err = caldav_ask(t->c, &x, &a);
    if (!err && (a.status == 404 || a.status == 410))
        o->gone = true;
    else if (!err && a.status != 200)
        err = caldav_wrong(t->c, BF_EIO, "%s: the server lists it and says %d when asked for it", url,
                           a.status);
    else if (!err)
        err = text_keep(t, o, span_make(a.body ? a.body : "", a.n), span_of(a.etag));
    exchange_clear(&a);
    return err;
}

/* A server without multiget gives each by itself. */
static enum bf_err take_some(struct taking *t, const struct span *hrefs, size_t n)
{
    size_t size = 1024;
    for (size_t i = 0; i < n; i++)
        size += 5 * hrefs[i].n + 16;
    char *memory = malloc(size);
    if (!memory)
        return BF_ENOMEM;
    struct buf body = buf_on(memory, size);
    dav_ask_objects(hrefs, n, &body);
    const struct caldav_question q = {
        .method = "REPORT", .url = t->url, .depth = "1", .body = buf_span(&body)
    };
    const enum bf_err err = caldav_members(t->c, &q, note_object, t);
    free(memory);
    return err == BF_EUNSUP || !err ? t->err : err;
}

static enum bf_err take_all(struct taking *t)
{
    struct span hrefs[AT_A_TIME];
    enum bf_err err = BF_OK;
    size_t n = 0;
    for (size_t i = 0; !err && i < t->list.n; i++) {
        const struct object *o = &t->list.items[i];
        if (!o->gone && !o->text)
            hrefs[n++] = span_of(o->href);
        if (n == AT_A_TIME || (n && i + 1 == t->list.n)) {
            err = take_some(t, hrefs, n);
            n = 0;
        }
    }
    for (size_t i = 0; !err && i < t->list.n; i++)
        if (!t->list.items[i].gone && !t->list.items[i].text)
            err = take_one(t, &t->list.items[i]);
    return err;
}

/* ---- old and new ---- */

/* What is as it was is not taken again. */
static enum bf_err keep_old(struct taking *t, const struct caldav_seen *seen, bool whole,
                            struct caldav_report *report)
{
    const size_t listed = t->list.n; /* sorted; what is added stands behind */
    for (size_t i = 0; i < seen->list.n; i++) {
        const struct object *old = &seen->list.items[i];
        struct object *now = list_find(&(struct list){ .items = t->list.items, .n = listed }, old->key);
        report->gone += now ? now->gone : whole;
        if (now && !now->gone && *now->etag && strcmp(now->etag, old->etag) == 0) {
            const enum bf_err err = text_keep(t, now, span_make(old->text, old->text_n), SPAN_NONE);
            if (err)
                return err;
            now->same = true;
        } else if (!now && !whole) {
            struct object *copy = list_add(&t->list, span_of(old->href), span_of(old->etag));
            const enum bf_err err =
                copy ? text_keep(t, copy, span_make(old->text, old->text_n), SPAN_NONE) : BF_ENOMEM;
            if (err)
                return err;
            copy->same = true;
        }
    }
    list_sort(&t->list);
    return BF_OK;
}

static void leave_out_gone(struct list *l, struct caldav_report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].gone) {
            object_clear(&l->items[i]);
            continue;
        }
        report->taken += !l->items[i].same;
        l->items[n++] = l->items[i];
    }
    l->n = n;
}

enum bf_err caldav_sync(struct caldav *c, const char *url, struct caldav_seen *seen,
                        struct caldav_report *ret)
{
    struct taking t = { .c = c, .url = url, .err = BF_OK };
    struct caldav_report report = { .taken = 0 };
    memcpy(t.token, seen->token, sizeof t.token);
    enum bf_err err = changes(&t, &report.whole);
    if (!err)
        err = keep_old(&t, seen, report.whole, &report);
    if (!err)
        err = take_all(&t);
    if (err) {
        list_clear(&t.list);
        return err;
    }
    leave_out_gone(&t.list, &report);
    list_clear(&seen->list);
    seen->list = t.list;
    memcpy(seen->token, t.token, sizeof t.token);
    *ret = report;
    return BF_OK;
}
