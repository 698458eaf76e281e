/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First where the book is (PROPFIND, from what we were given to the principal, its home, and the one book in there), then what has
 * changed in it (REPORT sync-collection, or the ETags of all), then those cards (REPORT addressbook-multiget, some at a time), which go
 * through the same door as a file. The token is kept last: who is interrupted takes the same changes again.
 */
#include "people/carddav.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"
#include "card/dav.h"
#include "card/line.h"
#include "fetch/exchange.h"
#include "people/book_parts.h"

#define URL_MOST    1024u
#define TOKEN_MOST  1024u
#define CARDS_MOST  100000u
#define AT_A_TIME   100u
#define ROUNDS_MOST 1000u /* of answers that say there is more */
#define ARENA_FIRST (64u << 10)
#define ARENA_MOST  (128u << 20)

static const char *const migrations[] = {
    "CREATE TABLE carddav_books (url TEXT PRIMARY KEY, token TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT "
    "ROWID;"
    "CREATE TABLE carddav_cards (url TEXT NOT NULL, href TEXT NOT NULL, etag TEXT NOT NULL, uid TEXT NOT "
    "NULL,"
    " PRIMARY KEY (url, href)) WITHOUT ROWID",
};

/* A card of the server, as a run hears of it. */
struct item {
    struct span href, etag, uid; /* in the arena; uid once its card was read */
    bool gone;
};

struct taking {
    struct book *book;
    const struct carddav_options *options;
    struct carddav_report *report;
    struct arena *arena;
    char **message;
    char url[URL_MOST]; /* of the book */
    char token[TOKEN_MOST];
    struct item *items;
    size_t n, size;
    bool again, no_memory; /* the server says that there is more */
    struct buf text;       /* cards, one behind the other */
    char *memory;
};

static enum bf_err wrong(struct taking *t, enum bf_err err, const char *format, ...) printf_(3, 4);
static enum bf_err wrong(struct taking *t, enum bf_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(*t->message);
    if (vasprintf(t->message, format, args) < 0)
        *t->message = NULL;
    va_end(args);
    return err;
}

/* ---- an exchange ---- */

static enum bf_err ask(struct taking *t, const char *method, const char *url, const char *depth,
                       struct span body, struct exchange_answer *ret)
{
    const struct exchange x = { .method = method,
                                .url = url,
                                .user = t->options->user,
                                .password = t->options->password,
                                .content_type = "application/xml; charset=utf-8",
                                .accept = "application/xml, text/xml",
                                .depth = depth,
                                .body = body,
                                .ca_file = t->options->ca_file };
    const enum bf_err err = exchange_run(&x, ret);
    if (err)
        return wrong(t, err, "%s: %s", url, *ret->why ? ret->why : bf_err_text(err));
    if (ret->status == 401 ||
        (ret->status == 403 && strcmp(method, "REPORT") != 0)) /* there 403: the token is old */
        return wrong(t, BF_EDENIED, "%s: the server says %d: look at the user and the password", url,
                     ret->status);
    return BF_OK;
}

/* An answer that must be a multistatus. */
static enum bf_err ask_members(struct taking *t, const char *method, const char *url, const char *depth,
                               struct span body, dav_found *found, struct buf *token)
{
    struct exchange_answer a;
    struct fault fault = { 0, "" };
    enum bf_err err = ask(t, method, url, depth, body, &a);
    if (err) {
        exchange_clear(&a);
        return err;
    }
    if (a.status != 207)
        err =
            wrong(t, BF_EUNSUP, "%s: the server says %d to %s, which it should know", url, a.status, method);
    else if ((err = dav_read(span_make(a.body ? a.body : "", a.n), found, t, token, &fault)))
        err = wrong(t, err, "%s: the answer cannot be read, byte %zu: %s", url, fault.at + 1, fault.what);
    else if (t->no_memory)
        err = BF_ENOMEM;
    exchange_clear(&a);
    return err;
}

static enum bf_err absolute(struct taking *t, struct span href, char out[static URL_MOST])
{
    struct buf b = buf_on(out, URL_MOST - 1);
    const enum bf_err err = dav_url(span_of(t->url), href, &b);
    if (err)
        return wrong(t, err, "%s: the server leads elsewhere: %.*s", t->url,
                     (int)(href.n < 200 ? href.n : 200), href.p ? href.p : "");
    out[b.n] = '\0';
    return BF_OK;
}

/* ---- where the book is ---- */

struct places {
    struct taking *t;
    bool is_book;
    char principal[URL_MOST], home[URL_MOST], book[URL_MOST];
    size_t books;
};

static void text_keep(char out[static URL_MOST], struct span s)
{
    if (s.n == 0 || s.n >= URL_MOST)
        return;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

static bool note_who(void *arg, const struct dav_member *m)
{
    struct places *p = arg;
    p->is_book |= m->is_book;
    text_keep(p->principal, m->principal);
    text_keep(p->home, m->home);
    return true;
}

static bool note_book(void *arg, const struct dav_member *m)
{
    struct places *p = arg;
    if (!m->is_book)
        return true;
    p->books++;
    text_keep(p->book, m->href);
    return true;
}

/* The same as ask_members, for who looks for places. */
static enum bf_err look(struct places *p, const char *url, const char *depth, const char *body,
                        dav_found *found)
{
    struct exchange_answer a;
    struct fault fault = { 0, "" };
    enum bf_err err = ask(p->t, "PROPFIND", url, depth, span_of(body), &a);
    if (!err && a.status != 207)
        err = wrong(p->t, BF_EUNSUP, "%s: the server says %d: no address book is there", url, a.status);
    if (!err && (err = dav_read(span_make(a.body ? a.body : "", a.n), found, p, NULL, &fault)))
        err = wrong(p->t, err, "%s: the answer cannot be read, byte %zu: %s", url, fault.at + 1, fault.what);
    exchange_clear(&a);
    return err;
}

static enum bf_err look_in_home(struct places *p)
{
    struct taking *t = p->t;
    char home[URL_MOST], url[URL_MOST];
    enum bf_err err = absolute(t, span_of(p->home), home);
    if (!err)
        err = look(p, home, "1", dav_ask_books, note_book);
    if (!err && p->books != 1)
        err = wrong(t, BF_EUNSUP, "%s: there are %zu address books in %s: give the URL of one", t->url,
                    p->books, home);
    if (!err)
        err = absolute(t, span_of(p->book), url);
    if (!err)
        memcpy(t->url, url, sizeof url);
    return err;
}

static enum bf_err find_book(struct taking *t)
{
    struct places p = { .t = t };
    char principal[URL_MOST];
    enum bf_err err = look(&p, t->url, "0", dav_ask_who, note_who);
    if (err || p.is_book)
        return err;
    if (!*p.home && *p.principal) {
        err = absolute(t, span_of(p.principal), principal);
        if (!err)
            err = look(&p, principal, "0", dav_ask_who, note_who);
    }
    if (!err && !*p.home)
        err = wrong(t, BF_EUNSUP, "%s is no address book, and the server does not say where there is one",
                    t->url);
    return err ? err : look_in_home(&p);
}

/* ---- what was seen before ---- */

static enum bf_err token_load(struct taking *t)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(book_db(t->book), "SELECT token FROM carddav_books WHERE url = ?1", &q);
    if (err)
        return err;
    db_bind_text(q, 1, span_of(t->url));
    err = db_step(q);
    if (err == BF_OK)
        text_keep(t->token, db_text(q, 0));
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err run_for(struct taking *t, const char *sql, const struct span *texts, size_t n)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(book_db(t->book), sql, &q);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++)
        db_bind_text(q, (int)i + 1, texts[i]);
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

/* BF_ENOENT: none. column 0 of the row, a copy in the arena. */
static enum bf_err text_of(struct taking *t, const char *sql, const struct span *texts, size_t n,
                           struct span *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(book_db(t->book), sql, &q);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++)
        db_bind_text(q, (int)i + 1, texts[i]);
    err = db_step(q);
    if (err)
        return err;
    *ret = arena_copy(t->arena, db_text(q, 0));
    return ret->p ? BF_OK : BF_ENOMEM;
}

static enum bf_err etag_before(struct taking *t, struct span href, struct span *ret)
{
    const struct span texts[] = { span_of(t->url), href };
    return text_of(t, "SELECT etag FROM carddav_cards WHERE url = ?1 AND href = ?2", texts, 2, ret);
}

/* ---- what has changed ---- */

static struct item *item_add(struct taking *t, struct span href, struct span etag, bool gone)
{
    if (t->n == t->size && t->n < CARDS_MOST) {
        const size_t size = t->size ? 2 * t->size : 256;
        struct item *more = realloc(t->items, size * sizeof *more);
        if (!more) {
            t->no_memory = true;
            return NULL;
        }
        t->items = more;
        t->size = size;
    }
    if (t->n == t->size)
        return NULL;
    struct item *i = &t->items[t->n];
    *i =
        (struct item){ .href = arena_copy(t->arena, href), .etag = arena_copy(t->arena, etag), .gone = gone };
    t->no_memory |= !i->href.p || !i->etag.p;
    t->n++;
    return i;
}

/* What is not the book itself. */
static bool note_change(void *arg, const struct dav_member *m)
{
    struct taking *t = arg;
    const bool itself = m->href.n == 0 || m->href.p[m->href.n - 1] == '/';
    if (m->status == 507) /* RFC 6578 section 3.6: there is more */
        t->again = true;
    else if (m->status == 404 && !itself)
        (void)item_add(t, m->href, SPAN(""), true);
    else if (!itself && !m->is_book && m->etag.n)
        (void)item_add(t, m->href, m->etag, false);
    return !t->no_memory;
}

static enum bf_err changes_once(struct taking *t)
{
    char body_memory[TOKEN_MOST * 5 + 512], token_memory[TOKEN_MOST];
    struct buf body = BUF_ON(body_memory), token = buf_on(token_memory, TOKEN_MOST - 1);
    dav_ask_changes(span_of(t->token), &body);
    t->again = false;
    const enum bf_err err = ask_members(t, "REPORT", t->url, "0", buf_span(&body), note_change, &token);
    if (err)
        return err;
    token_memory[token.n] = '\0';
    if (t->again && strcmp(token_memory, t->token) == 0)
        t->again = false; /* it says there is more, and leads nowhere */
    memcpy(t->token, token_memory, token.n + 1);
    return BF_OK;
}

static enum bf_err changes_by_sync(struct taking *t)
{
    enum bf_err err = BF_OK;
    unsigned rounds = 0;
    do
        err = changes_once(t);
    while (!err && t->again && ++rounds < ROUNDS_MOST);
    return err;
}

/* ETags of all: where the server knows no sync. */
static enum bf_err changes_by_etags(struct taking *t)
{
    t->n = 0;
    t->token[0] = '\0';
    return ask_members(t, "PROPFIND", t->url, "1", span_of(dav_ask_etags), note_change, NULL);
}

static enum bf_err changes(struct taking *t)
{
    t->report->whole = !*t->token;
    enum bf_err err = changes_by_sync(t);
    if (err == BF_EUNSUP && !t->report->whole) { /* the server forgot where we were */
        t->report->whole = true;
        t->n = 0;
        t->token[0] = '\0';
        err = changes_by_sync(t);
    }
    if (err == BF_EUNSUP) {
        t->report->whole = true;
        err = changes_by_etags(t);
    }
    if (!err && t->n == CARDS_MOST)
        err = wrong(t, BF_ELIMIT, "%s: there are more than %u cards", t->url, CARDS_MOST);
    return err;
}

static int by_href(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    const size_t n = x->href.n < y->href.n ? x->href.n : y->href.n;
    const int order = memcmp(x->href.p, y->href.p, n);
    return order ? order : (x->href.n > y->href.n) - (x->href.n < y->href.n);
}

/* Where everything was listed, what is not there is gone. */
static enum bf_err find_gone(struct taking *t)
{
    auto_(db_finalize) struct db_query *q = NULL;
    const size_t listed = t->n;
    if (!t->report->whole)
        return BF_OK;
    qsort(t->items, listed, sizeof *t->items, by_href);
    enum bf_err err = db_prepare(book_db(t->book), "SELECT href FROM carddav_cards WHERE url = ?1", &q);
    if (err)
        return err;
    db_bind_text(q, 1, span_of(t->url));
    while ((err = db_step(q)) == BF_OK) {
        const struct item wanted = { .href = db_text(q, 0) };
        if (!bsearch(&wanted, t->items, listed, sizeof *t->items, by_href) &&
            !item_add(t, wanted.href, SPAN(""), true))
            return BF_ENOMEM;
    }
    return err == BF_ENOENT ? BF_OK : err;
}

/* Those that are as they were are taken off the list. */
static enum bf_err leave_out_same(struct taking *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct span before = SPAN_NONE;
        const enum bf_err err = etag_before(t, t->items[i].href, &before);
        if (err && err != BF_ENOENT)
            return err;
        if (!t->items[i].gone && err == BF_OK && span_equal(before, t->items[i].etag))
            continue;
        t->items[n++] = t->items[i];
    }
    t->n = n;
    if (n)
        qsort(t->items, n, sizeof *t->items, by_href);
    return BF_OK;
}

/* ---- the cards ---- */

/* The UID of a card; empty: it has none. */
static struct span uid_of(struct taking *t, struct span card)
{
    auto_(card_reader_destroy) struct card_reader *r = NULL;
    struct card_line l;
    struct span uid = SPAN("");
    if (card_reader_create(card, &r))
        return uid;
    for (enum bf_err err; (err = card_next(r, &l, NULL)) != BF_ENOENT;)
        if (err == BF_OK && span_equal_nocase(l.name, SPAN("UID"))) {
            char memory[1024];
            struct buf b = BUF_ON(memory);
            struct span rest = l.value;
            if (card_text_next(&rest, '\0', &b) && buf_ok(&b))
                uid = arena_copy(t->arena, span_trim(buf_span(&b)));
            break;
        }
    return uid.p ? uid : SPAN("");
}

static bool note_card(void *arg, const struct dav_member *m)
{
    struct taking *t = arg;
    if (m->data.n == 0)
        return true;
    const struct item wanted = { .href = m->href };
    struct item *i = bsearch(&wanted, t->items, t->n, sizeof *t->items, by_href);
    if (i) {
        i->uid = uid_of(t, m->data);
        if (m->etag.n) /* it may have changed again meanwhile */
            i->etag = arena_copy(t->arena, m->etag);
        t->no_memory |= !i->etag.p;
    }
    buf_span_put(&t->text, m->data);
    buf_text(&t->text, "\r\n");
    return buf_ok(&t->text) && !t->no_memory;
}

static enum bf_err cards_some(struct taking *t, const struct span *hrefs, size_t n)
{
    size_t size = 1024;
    for (size_t i = 0; i < n; i++)
        size += 5 * hrefs[i].n + 16;
    char *memory = malloc(size);
    if (!memory)
        return BF_ENOMEM;
    struct buf body = buf_on(memory, size);
    dav_ask_cards(hrefs, n, &body);
    enum bf_err err = ask_members(t, "REPORT", t->url, "1", buf_span(&body), note_card, NULL);
    free(memory);
    if (!err && !buf_ok(&t->text))
        err = wrong(t, BF_ELIMIT, "%s: the cards are more than 64 MiB", t->url);
    return err;
}

static enum bf_err cards(struct taking *t)
{
    struct span hrefs[AT_A_TIME];
    enum bf_err err = BF_OK;
    size_t n = 0;
    t->memory = malloc(TRANSFER_BYTES);
    if (!t->memory)
        return BF_ENOMEM;
    t->text = buf_on(t->memory, TRANSFER_BYTES);
    for (size_t i = 0; !err && i < t->n; i++) {
        if (!t->items[i].gone)
            hrefs[n++] = t->items[i].href;
        if (n == AT_A_TIME || (n && i + 1 == t->n)) {
            err = cards_some(t, hrefs, n);
            n = 0;
        }
    }
    if (!err && n)
        err = cards_some(t, hrefs, n);
    return err;
}

/* ---- into the book ---- */

static enum bf_err remove_person(struct taking *t, struct span uid)
{
    int64_t id = 0;
    enum bf_err err = book_id_of_uid(t->book, uid, &id);
    if (!err)
        err = book_remove(t->book, id);
    if (!err)
        t->report->removed++;
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err forget_card(struct taking *t, const struct item *i)
{
    const struct span texts[] = { span_of(t->url), i->href };
    struct span uid = SPAN_NONE;
    enum bf_err err =
        text_of(t, "SELECT uid FROM carddav_cards WHERE url = ?1 AND href = ?2", texts, 2, &uid);
    if (err == BF_ENOENT) /* it came and went between two runs */
        return BF_OK;
    t->report->gone++;
    if (!err && t->options->remove && uid.n)
        err = remove_person(t, uid);
    return err ? err : run_for(t, "DELETE FROM carddav_cards WHERE url = ?1 AND href = ?2", texts, 2);
}

static enum bf_err keep_card(struct taking *t, const struct item *i)
{
    const struct span texts[] = { span_of(t->url), i->href, i->etag, i->uid.p ? i->uid : SPAN("") };
    return run_for(t, "INSERT OR REPLACE INTO carddav_cards (url, href, etag, uid) VALUES (?1, ?2, ?3, ?4)",
                   texts, 4);
}

static enum bf_err keep_token(struct taking *t)
{
    const struct span texts[] = { span_of(t->url), span_of(t->token) };
    return run_for(t, "INSERT OR REPLACE INTO carddav_books (url, token, at) VALUES (?1, ?2, unixepoch())",
                   texts, 2);
}

/* Who is gone first: a card that moved is one that is gone and one that came, of the same person. */
static enum bf_err keep_all(struct taking *t, void (*refused)(void *arg, uint64_t line, const char *why),
                            void *arg)
{
    enum bf_err err = BF_OK;
    for (size_t i = 0; !err && i < t->n; i++)
        if (t->items[i].gone)
            err = forget_card(t, &t->items[i]);
    if (!err && t->text.n)
        err = people_import(t->book, PEOPLE_VCARD, buf_span(&t->text), refused, arg, &t->report->cards,
                            t->message);
    for (size_t i = 0; !err && i < t->n; i++)
        if (!t->items[i].gone)
            err = keep_card(t, &t->items[i]);
    return err ? err : keep_token(t);
}

static enum bf_err take(struct taking *t, void (*refused)(void *arg, uint64_t line, const char *why),
                        void *arg)
{
    enum bf_err err = find_book(t);
    if (!err)
        err = token_load(t);
    if (!err)
        err = changes(t);
    if (!err)
        err = find_gone(t);
    if (!err)
        err = leave_out_same(t);
    if (!err)
        err = cards(t);
    if (!err)
        err = book_begin(t->book);
    if (err)
        return err;
    err = keep_all(t, refused, arg);
    if (!err)
        return book_commit(t->book);
    book_cancel(t->book);
    return err;
}

enum bf_err carddav_take(struct book *b, const struct carddav_options *options,
                         void (*refused)(void *arg, uint64_t line, const char *why), void *arg,
                         struct carddav_report *ret, char **ret_message)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct taking t = { .book = b, .options = options, .report = ret, .message = ret_message };
    *ret_message = NULL;
    *ret = (struct carddav_report){ .gone = 0 };
    if (strlen(options->url) >= URL_MOST)
        return wrong(&t, BF_ELIMIT, "the URL is longer than %u bytes", URL_MOST - 1);
    memcpy(t.url, options->url, strlen(options->url) + 1);
    enum bf_err err = arena_create(ARENA_FIRST, ARENA_MOST, &arena);
    t.arena = arena;
    if (!err)
        err = db_migrate(book_db(b), "carddav", migrations, ARRAY_SIZE(migrations), ret_message);
    if (!err)
        err = take(&t, refused, arg);
    if (err && !*ret_message)
        (void)wrong(&t, err, "%s", *book_error(b) ? book_error(b) : bf_err_text(err));
    memcpy(ret->book, t.url, sizeof t.url);
    free(t.items);
    free(t.memory);
    return err;
}
