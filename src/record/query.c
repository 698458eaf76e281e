/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the index: filters become conditions of one SELECT; every value is bound, none is put into the text. */
#include <stdio.h>
#include <stdlib.h>

#include "record/member.h"

#define LIMIT_UNSAID 100u
#define CONDITIONS   10u
#define ID_TIME      10u  /* digits of an id that tell its time */
#define ID_NEAR_MS   2000 /* between the time of an id and that of its row */

struct condition {
    const char *text; /* with one parameter */
    bool is_text;
    int64_t number;
    struct span value;
};

struct question {
    struct condition conditions[CONDITIONS];
    size_t n;
};

static void add_text(struct question *q, const char *text, struct span value)
{
    if (value.n)
        q->conditions[q->n++] = (struct condition){ .text = text, .is_text = true, .value = value };
}

static void add_number(struct question *q, const char *text, bool asked, int64_t number)
{
    if (asked)
        q->conditions[q->n++] = (struct condition){ .text = text, .number = number };
}

static struct question question_of(const struct record_filter *f)
{
    struct question q = { .n = 0 };
    add_number(&q, "at >= ?", f->since != 0, record_ms(f->since, 0));
    add_number(&q, "at < ?", f->until != 0, record_ms(f->until, 0));
    add_number(&q, "kind = 0 AND outcome = ?", f->outcome >= 0, f->outcome);
    add_text(&q, "caller = ?", f->caller);
    add_text(&q, "called = ?", f->called);
    add_text(&q, "call_id = ?", f->call_id);
    add_text(&q, "origid = ?", f->origid);
    add_text(&q, "spc = ?", f->spc);
    return q;
}

/* ---- the row of an id ---- */

/* The milliseconds that an id begins with; -1: it is none. */
static int64_t id_ms(struct span id)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    int64_t ms = 0;
    if (id.n != RECORD_ID)
        return -1;
    for (size_t i = 0; i < ID_TIME; i++) {
        const char *digit = id.p[i] ? strchr(digits, id.p[i]) : NULL;
        if (!digit)
            return -1;
        ms = ms << 5 | (digit - digits);
    }
    return ms;
}

/* ms < 0: at any time. */
static enum bf_err find_at(struct db *db, struct span id, int64_t ms, int64_t *ret_seq)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db,
                                 ms < 0 ? "SELECT seq FROM records WHERE id = ?1"
                                        : "SELECT seq FROM records WHERE id = ?1 AND at >= ?2 AND at <= ?3",
                                 &q);
    if (err != BF_OK)
        return err;
    db_bind_text(q, 1, id);
    if (ms >= 0) {
        db_bind_int(q, 2, ms - ID_NEAR_MS);
        db_bind_int(q, 3, ms + ID_NEAR_MS);
    }
    err = db_step(q);
    if (err == BF_OK)
        *ret_seq = db_int(q, 0);
    return err;
}

/*
 * An id is made when its call arrives, so its row is near its time; only after a clock was set it is elsewhere. BF_ENOENT.
 */
static enum bf_err find_id(struct db *db, struct span id, int64_t *ret_seq)
{
    const int64_t ms = id_ms(id);
    const enum bf_err err = ms < 0 ? BF_ENOENT : find_at(db, id, ms, ret_seq);
    return err == BF_ENOENT ? find_at(db, id, -1, ret_seq) : err;
}

static enum bf_err add_id(struct question *q, struct db *db, struct span id)
{
    int64_t seq = -1; /* of no row */
    const enum bf_err err = find_id(db, id, &seq);
    add_number(q, "seq = ?", true, seq);
    return err == BF_ENOENT ? BF_OK : err;
}

/* Where to go on. A record that is gone was older than all that are there, or never was: then ids decide. */
static enum bf_err add_after(struct question *q, struct db *db, struct span id)
{
    int64_t seq;
    const enum bf_err err = find_id(db, id, &seq);
    if (err == BF_OK)
        add_number(q, "seq > ?", true, seq);
    else if (err == BF_ENOENT)
        add_text(q, "id > ?", id);
    return err == BF_ENOENT ? BF_OK : err;
}

/* ---- one SELECT ---- */

/* As records came in; or the newest first: where a window of time is asked for, in the order of its index. */
static const char *order(const struct record_filter *f)
{
    return f->after_id            ? " ORDER BY seq LIMIT ?"
           : f->since || f->until ? " ORDER BY at DESC, seq DESC LIMIT ?"
                                  : " ORDER BY seq DESC LIMIT ?";
}

static enum bf_err ask(struct db *db, const struct question *q, const struct record_filter *f,
                       struct db_query **ret)
{
    char memory[512];
    const size_t limit = f->limit ? f->limit : LIMIT_UNSAID;
    struct buf sql = BUF_ON(memory);
    buf_text(&sql, "SELECT entry FROM records");
    for (size_t i = 0; i < q->n; i++) {
        buf_text(&sql, i ? " AND " : " WHERE ");
        buf_text(&sql, q->conditions[i].text);
    }
    buf_text(&sql, order(f));
    buf_char(&sql, '\0');
    if (!buf_ok(&sql))
        return BF_ELIMIT;
    const enum bf_err err = db_prepare(db, memory, ret);
    if (err != BF_OK)
        return err;
    for (size_t i = 0; i < q->n; i++)
        if (q->conditions[i].is_text)
            db_bind_text(*ret, (int)i + 1, q->conditions[i].value);
        else
            db_bind_int(*ret, (int)i + 1, q->conditions[i].number);
    db_bind_int(*ret, (int)q->n + 1, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
    return BF_OK;
}

/* ---- rows ---- */

/* false: enough. Whoever can write the database can write anything: what is no entry is left out. */
static bool give(struct db_query *q, struct record_ballot *ballots, record_found *found, void *arg)
{
    struct record r;
    return record_entry_read(db_blob(q, 0), ballots, &r) != BF_OK || found(arg, &r);
}

static enum bf_err rows(struct db *db, const struct record_filter *f, record_found *found, void *arg)
{
    auto_(db_finalize) struct db_query *q = NULL;
    struct question question = question_of(f);
    enum bf_err err = BF_OK;
    if (f->id.n)
        err = add_id(&question, db, f->id);
    if (err == BF_OK && f->after_id && f->after_id[0])
        err = add_after(&question, db, span_of(f->after_id));
    if (err == BF_OK)
        err = ask(db, &question, f, &q);
    if (err != BF_OK)
        return err;
    struct record_ballot *ballots = calloc(RECORD_BALLOTS, sizeof *ballots);
    if (!ballots)
        return BF_ENOMEM;
    while ((err = db_step(q)) == BF_OK && give(q, ballots, found, arg))
        ;
    free(ballots);
    return err == BF_ENOENT ? BF_OK : err;
}

enum bf_err record_query(const char *db_url, const struct record_filter *filter, record_found *found,
                         void *arg, char **ret_message)
{
    auto_(db_close) struct db *db = NULL;
    enum bf_err err = db_open(db_url, DB_READ, &db, ret_message);
    if (err == BF_OK)
        err = db_migrate(db, "record", record_migrations, n_record_migrations, ret_message);
    if (err != BF_OK)
        return err;
    err = rows(db, filter, found, arg);
    if (err != BF_OK && asprintf(ret_message, "store %s: %s", db_url, db_error(db)) < 0)
        *ret_message = NULL;
    return err;
}
