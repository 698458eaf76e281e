/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the index: filters become conditions of one SELECT; every value is bound, none is put into the text. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/member.h"

#define LIMIT_UNSAID 100u
#define CONDITIONS   10u

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
    add_number(&q, "at >= ?", f->since != 0, f->since);
    add_number(&q, "at < ?", f->until != 0, f->until);
    add_number(&q, "kind = 0 AND outcome = ?", f->outcome >= 0, f->outcome);
    add_text(&q, "caller = ?", f->caller);
    add_text(&q, "called = ?", f->called);
    add_text(&q, "call_id = ?", f->call_id);
    add_text(&q, "id = ?", f->id);
    add_text(&q, "origid = ?", f->origid);
    add_text(&q, "spc = ?", f->spc);
    return q;
}

/* Where to go on. A record that is gone was older than all that are there, or never was: then ids decide. */
static enum bf_err add_after(struct question *question, struct db *db, const char *after_id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, "SELECT seq FROM records WHERE id = ?1", &q);
    if (err != BF_OK)
        return err;
    db_bind_text(q, 1, span_of(after_id));
    err = db_step(q);
    if (err == BF_OK)
        add_number(question, "seq > ?", true, db_int(q, 0));
    else if (err == BF_ENOENT)
        add_text(question, "id > ?", span_of(after_id));
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err ask(struct db *db, const struct question *q, bool rising, size_t limit,
                       struct db_query **ret)
{
    char memory[2048];
    struct buf sql = BUF_ON(memory);
    buf_text(&sql, "SELECT ");
    record_columns(&sql);
    buf_text(&sql, " FROM records");
    for (size_t i = 0; i < q->n; i++) {
        buf_text(&sql, i ? " AND " : " WHERE ");
        buf_text(&sql, q->conditions[i].text);
    }
    buf_text(&sql, rising ? " ORDER BY seq LIMIT ?" : " ORDER BY seq DESC LIMIT ?");
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

static struct span json_span(const json_t *text)
{
    return span_make(json_string_value(text), json_string_length(text));
}

/* Whoever can write the database can write anything: what is no ballot is left out. */
static size_t read_ballots(const json_t *list, struct record_ballot *ballots)
{
    size_t i, n = 0;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        const json_t *vote = json_array_get(row, 2);
        if (n == RECORD_BALLOTS || !json_is_string(json_array_get(row, 0)) ||
            !json_is_string(json_array_get(row, 3)) || !json_is_integer(vote))
            continue;
        ballots[n++] = (struct record_ballot){
            .check = json_span(json_array_get(row, 0)),
            .identity = (int)json_integer_value(json_array_get(row, 1)),
            .vote = (uint8_t)json_integer_value(vote),
            .why = json_span(json_array_get(row, 3)),
        };
    }
    return n;
}

static bool read_row(struct db_query *q, struct record *r)
{
    for (size_t i = 0; i < n_record_members; i++) {
        const struct member *m = &record_members[i];
        if (member_is_number(m)) {
            if (!member_takes_number(m, db_int(q, (int)i)))
                return false;
            member_set_number(m, r, db_int(q, (int)i));
            continue;
        }
        const bool is_text = m->kind == MEMBER_TEXT || m->kind == MEMBER_FIXED_TEXT;
        const struct span bytes = is_text ? db_text(q, (int)i) : db_blob(q, (int)i);
        if (!member_takes_bytes(m, bytes))
            return false;
        member_set_bytes(m, r, bytes);
    }
    return true;
}

/* false: enough. */
static bool give(struct db_query *q, struct record_ballot *ballots, record_found *found, void *arg)
{
    struct record r = { .ballots = ballots };
    const struct span text = db_text(q, (int)n_record_members);
    if (!read_row(q, &r))
        return true;
    json_t *list = json_loadb(text.p, text.n, JSON_ALLOW_NUL, NULL);
    r.n_ballots = read_ballots(list, ballots);
    const bool go_on = found(arg, &r);
    json_decref(list);
    return go_on;
}

static enum bf_err rows(struct db *db, const struct record_filter *f, record_found *found, void *arg)
{
    auto_(db_finalize) struct db_query *q = NULL;
    struct question question = question_of(f);
    enum bf_err err = f->after_id && f->after_id[0] ? add_after(&question, db, f->after_id) : BF_OK;
    if (err == BF_OK)
        err = ask(db, &question, f->after_id != NULL, f->limit ? f->limit : LIMIT_UNSAID, &q);
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
