/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the index. The database finds the chunks that can hold an answer: by time, or by where a record stands; what
 * is in them is read here, and looked at record by record.
 */
#include <stdio.h>
#include <stdlib.h>

#include "record/member.h"

#define LIMIT_UNSAID 100u
#define ID_TIME      10u  /* digits of an id that tell its time */
#define ID_NEAR_MS   2000 /* between the time of an id and that of its row */

/* Where a record stands: its chunk, and its number in it. */
struct stand {
    int64_t seq;
    size_t place;
};

struct question {
    const struct record_filter *filter;
    int64_t since, until; /* milliseconds: from, and before */
    struct stand after;   /* follow: what comes behind it */
    struct span after_id; /* follow: and has a larger id than this; n 0: any */
    bool oldest_first;
    record_found *found;
    void *arg;
    size_t left; /* how many may still be found */
};

/* The entries of one chunk, in order. */
struct reading {
    struct record_ballot ballots[RECORD_BALLOTS];
    struct span *entries;
    size_t n, size;
};

static void reading_destroy(struct reading *r)
{
    if (r)
        free(r->entries);
    free(r);
}
AUTO_DEFINE(struct reading, reading_destroy);

/* Whoever can write the database can write anything: what is no chunk is left out from there on. */
static enum bf_err reading_begin(struct reading *r, int64_t n, struct span entries)
{
    struct span entry;
    for (r->n = 0; chunk_next(&entries, n, &entry); r->entries[r->n++] = entry)
        if (r->n == r->size) {
            const size_t size = r->size ? 2 * r->size : CHUNK_RECORDS;
            struct span *more = realloc(r->entries, size * sizeof *more);
            if (!more)
                return BF_ENOMEM;
            r->entries = more;
            r->size = size;
        }
    return BF_OK;
}

/* ---- does a record answer the question? ---- */

static bool is_asked(struct span asked, struct span text)
{
    return asked.n == 0 || span_equal(asked, text);
}

static bool is_after(struct span id, struct span other)
{
    const size_t n = id.n < other.n ? id.n : other.n;
    const int order = memcmp(id.p, other.p, n);
    return order > 0 || (order == 0 && id.n > other.n);
}

static bool answers(const struct question *q, const struct record *r)
{
    const struct record_filter *f = q->filter;
    const int64_t at = record_ms(r->at.utc, r->at.ms);
    const struct span id = span_make(r->id, RECORD_ID);
    return at >= q->since && at < q->until &&
           (f->outcome < 0 || (r->kind == RECORD_VERIFIED && r->outcome == f->outcome)) &&
           is_asked(f->caller, r->caller) && is_asked(f->called, r->called) &&
           is_asked(f->call_id, r->call_id) && is_asked(f->origid, r->origid) && is_asked(f->spc, r->spc) &&
           is_asked(f->id, id) && (q->after_id.n == 0 || is_after(id, q->after_id));
}

/* false: enough. */
static bool give(struct question *q, struct reading *reading, size_t place)
{
    struct record r;
    if (record_entry_read(reading->entries[place], reading->ballots, &r) != BF_OK || !answers(q, &r))
        return true;
    q->left--;
    return q->found(q->arg, &r) && q->left > 0;
}

static bool give_chunk(struct question *q, struct reading *reading, int64_t seq)
{
    bool more = true;
    if (!q->oldest_first) {
        for (size_t i = reading->n; more && i-- > 0;)
            more = give(q, reading, i);
        return more;
    }
    for (size_t i = seq == q->after.seq ? q->after.place + 1 : 0; more && i < reading->n; i++)
        more = give(q, reading, i);
    return more;
}

/* ---- where a record stands ---- */

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

static bool is_in(struct reading *reading, struct span id, size_t *ret_place)
{
    struct record r;
    for (size_t i = 0; i < reading->n; i++)
        if (record_entry_read(reading->entries[i], reading->ballots, &r) == BF_OK &&
            span_equal(id, span_make(r.id, RECORD_ID))) {
            *ret_place = i;
            return true;
        }
    return false;
}

/* Among the chunks of a window of time. BF_ENOENT. */
static enum bf_err find_between(struct db *db, struct reading *reading, struct span id,
                                const int64_t window[2], struct stand *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(
        db, "SELECT seq, n, entries FROM chunks WHERE last_at >= ?1 AND first_at <= ?2 ORDER BY seq", &q);
    if (err != BF_OK)
        return err;
    db_bind_int(q, 1, window[0]);
    db_bind_int(q, 2, window[1]);
    while ((err = db_step(q)) == BF_OK) {
        struct stand s = { .seq = db_int(q, 0) };
        err = reading_begin(reading, db_int(q, 1), db_blob(q, 2));
        if (err != BF_OK)
            return err;
        if (is_in(reading, id, &s.place)) {
            *ret = s;
            return BF_OK;
        }
    }
    return err;
}

/*
 * An id is made when its call arrives, so its row is near its time; only after a clock was set it is elsewhere. BF_ENOENT.
 */
static enum bf_err find_id(struct db *db, struct reading *reading, struct span id, struct stand *ret)
{
    const int64_t ms = id_ms(id), near[2] = { ms - ID_NEAR_MS, ms + ID_NEAR_MS },
                  always[2] = { INT64_MIN, INT64_MAX };
    const enum bf_err err = ms < 0 ? BF_ENOENT : find_between(db, reading, id, near, ret);
    return err == BF_ENOENT ? find_between(db, reading, id, always, ret) : err;
}

/* ---- which chunks ---- */

/* First and last of those that reach into the window; first > last: none. */
static enum bf_err find_range(struct db *db, const struct question *q, int64_t range[2])
{
    auto_(db_finalize) struct db_query *query = NULL;
    range[0] = INT64_MIN;
    range[1] = INT64_MAX;
    if (q->since == INT64_MIN && q->until == INT64_MAX)
        return BF_OK;
    enum bf_err err = db_prepare(
        db, "SELECT min(seq), max(seq), count(*) FROM chunks WHERE last_at >= ?1 AND first_at < ?2", &query);
    if (err != BF_OK)
        return err;
    db_bind_int(query, 1, q->since);
    db_bind_int(query, 2, q->until);
    err = db_step(query);
    if (err != BF_OK)
        return err;
    range[0] = db_int(query, 2) ? db_int(query, 0) : 1;
    range[1] = db_int(query, 2) ? db_int(query, 1) : 0;
    return BF_OK;
}

static enum bf_err read_chunks(struct db *db, struct question *q, struct reading *reading,
                               const int64_t range[2])
{
    auto_(db_finalize) struct db_query *query = NULL;
    bool more = true;
    enum bf_err err =
        db_prepare(db,
                   q->oldest_first ? "SELECT seq, n, entries FROM chunks WHERE seq >= ?1 AND "
                                     "seq <= ?2 AND last_at >= ?3 AND first_at < ?4 ORDER BY seq"
                                   : "SELECT seq, n, entries FROM chunks WHERE seq >= ?1 AND "
                                     "seq <= ?2 AND last_at >= ?3 AND first_at < ?4 "
                                     "ORDER BY seq DESC",
                   &query);
    if (err != BF_OK)
        return err;
    db_bind_int(query, 1, range[0]);
    db_bind_int(query, 2, range[1]);
    db_bind_int(query, 3, q->since);
    db_bind_int(query, 4, q->until);
    while (more && (err = db_step(query)) == BF_OK) {
        err = reading_begin(reading, db_int(query, 1), db_blob(query, 2));
        if (err != BF_OK)
            return err;
        more = give_chunk(q, reading, db_int(query, 0));
    }
    return err == BF_ENOENT ? BF_OK : err;
}

/* Where to go on. A record that is gone was older than all that are there, or never was: then ids decide. */
static enum bf_err follow(struct db *db, struct question *q, struct reading *reading, int64_t range[2])
{
    const struct span id = span_of(q->filter->after_id);
    const enum bf_err err = id.n ? find_id(db, reading, id, &q->after) : BF_ENOENT;
    if (err == BF_OK)
        range[0] = range[0] > q->after.seq ? range[0] : q->after.seq;
    else if (err == BF_ENOENT)
        q->after_id = id;
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err only_id(struct db *db, struct question *q, struct reading *reading, int64_t range[2])
{
    struct stand at;
    const enum bf_err err = find_id(db, reading, q->filter->id, &at);
    const bool there = err == BF_OK && at.seq >= range[0] && at.seq <= range[1];
    range[0] = there ? at.seq : 1;
    range[1] = there ? at.seq : 0;
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err ask(struct db *db, struct question *q)
{
    int64_t range[2];
    auto_(reading_destroy) struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return BF_ENOMEM;
    enum bf_err err = find_range(db, q, range);
    if (err == BF_OK && q->filter->id.n)
        err = only_id(db, q, reading, range);
    if (err == BF_OK && q->filter->after_id)
        err = follow(db, q, reading, range);
    return err == BF_OK ? read_chunks(db, q, reading, range) : err;
}

enum bf_err record_query(const char *db_url, const struct record_filter *filter, record_found *found,
                         void *arg, char **ret_message)
{
    auto_(db_close) struct db *db = NULL;
    struct question q = { .filter = filter,
                          .since = filter->since ? record_ms(filter->since, 0) : INT64_MIN,
                          .until = filter->until ? record_ms(filter->until, 0) : INT64_MAX,
                          .after = { .seq = INT64_MIN },
                          .oldest_first = filter->after_id != NULL,
                          .found = found,
                          .arg = arg,
                          .left = filter->limit ? filter->limit : LIMIT_UNSAID };
    enum bf_err err = db_open(db_url, DB_READ, &db, ret_message);
    if (err == BF_OK)
        err = db_migrate(db, "record", record_migrations, n_record_migrations, ret_message);
    if (err != BF_OK)
        return err;
    err = ask(db, &q);
    if (err != BF_OK && asprintf(ret_message, "store %s: %s", db_url, db_error(db)) < 0)
        *ret_message = NULL;
    return err;
}
