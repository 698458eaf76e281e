/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forgetting somebody: what is kept of a call stays true (when, which verdict, by which certificate), who it was goes. First the
 * journal, from which the index could be made again, then the chunks of the index, a transaction each. The free pages of the
 * database are overwritten, too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "record/erase.h"
#include "record/member.h"

#define NAME_LEAST 3u /* shorter ones stand in every word */

static const struct span gone = { "no longer kept: it named somebody who was to be forgotten", 57 };

struct erasing {
    const struct record_erasing *who;
    struct record_ballot ballots[RECORD_BALLOTS];
    char *memory; /* RECORD_ENTRY bytes for an entry written anew */
    uint64_t records;
};

/* ---- a record ---- */

static bool mentions(struct span text, struct span word)
{
    for (size_t at = 0; word.n && at + word.n <= text.n; at++)
        if (bytes_equal_nocase(text.p + at, word.p, word.n))
            return true;
    return false;
}

static bool mentions_any(struct span text, const struct span *words, size_t n, size_t least)
{
    for (size_t i = 0; i < n; i++)
        if (words[i].n >= least && mentions(text, words[i]))
            return true;
    return false;
}

static bool is_one_of(struct span number, const struct span *numbers, size_t n)
{
    for (size_t i = 0; number.n && i < n; i++)
        if (span_equal(number, numbers[i]))
            return true;
    return false;
}

/* What a call of theirs says of them besides. */
struct said {
    struct span caller, claimed_name;
};

static bool tells(const struct erasing *e, const struct said *said, struct span text)
{
    const struct record_erasing *w = e->who;
    return mentions_any(text, w->names, w->n_names, NAME_LEAST) ||
           mentions_any(text, w->numbers, w->n_numbers, 1) || mentions(text, said->caller) ||
           (said->claimed_name.n >= NAME_LEAST && mentions(text, said->claimed_name));
}

static bool is_theirs(const struct record_erasing *w, const struct record *r)
{
    return (w->person && (r->person_id == w->person || r->claimed_person_id == w->person)) ||
           is_one_of(r->caller, w->numbers, w->n_numbers);
}

static void forget_caller(struct record *r)
{
    r->person_id = r->claimed_person_id = 0;
    r->person = r->claimed_person = r->from = r->pai = r->claimed_name = r->caller = r->message = r->answer =
        SPAN_NONE;
}

/* false: nothing of them stands there. The ballots are e->ballots. */
static bool forget(struct erasing *e, struct record *r)
{
    struct said said = { SPAN_NONE, SPAN_NONE };
    bool changed = is_theirs(e->who, r);
    if (changed) {
        said = (struct said){ r->caller, r->claimed_name };
        forget_caller(r);
    }
    for (size_t i = 0; i < n_record_members; i++) {
        const struct member *m = &record_members[i];
        if ((m->kind != MEMBER_TEXT && m->kind != MEMBER_BYTES) || !tells(e, &said, member_bytes(m, r)))
            continue;
        member_set_bytes(m, r, m->offset == offsetof(struct record, why) ? gone : SPAN_NONE);
        changed = true;
    }
    for (size_t i = 0; i < r->n_ballots; i++)
        if (tells(e, &said, e->ballots[i].why)) {
            e->ballots[i].why = gone;
            changed = true;
        }
    return changed;
}

/* *entry becomes what is left of it. */
static enum bf_err forget_entry(void *arg, struct span *entry)
{
    struct erasing *e = arg;
    struct record r;
    const enum bf_err err = record_entry_read(*entry, e->ballots, &r);
    if (err == BF_EUNSUP)
        return err;
    if (err || !forget(e, &r))
        return BF_OK;
    struct buf out = buf_on(e->memory, RECORD_ENTRY);
    record_entry_write(&r, &out);
    if (!buf_ok(&out))
        return BF_ELIMIT;
    *entry = buf_span(&out);
    e->records++;
    return BF_OK;
}

/* ---- the index ---- */

static enum bf_err forget_in_chunk(struct erasing *e, struct db_query *q, struct chunk *c)
{
    struct span rest = db_blob(q, 3), entry;
    const uint64_t before = e->records;
    chunk_empty(c);
    while (chunk_next(&rest, db_int(q, 2), &entry)) {
        enum bf_err err = forget_entry(e, &entry);
        if (err == BF_OK)
            err = chunk_add(c, entry, db_int(q, 1));
        if (err != BF_OK)
            return err;
    }
    return e->records == before ? BF_ENOENT : BF_OK;
}

static enum bf_err replace_chunk(struct db *db, int64_t seq, const struct chunk *c)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, "UPDATE chunks SET entries = ?2 WHERE seq = ?1", &q);
    if (err != BF_OK)
        return err;
    db_bind_int(q, 1, seq);
    db_bind_blob(q, 2, chunk_span(c));
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

/* The first chunk behind *seq. BF_ENOENT: there is none. */
static enum bf_err next_chunk(struct erasing *e, struct db *db, int64_t *seq, struct chunk *c)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(db, "SELECT seq, last_at, n, entries FROM chunks WHERE seq > ?1 ORDER BY seq LIMIT 1", &q);
    if (err != BF_OK)
        return err;
    db_bind_int(q, 1, *seq);
    err = db_step(q);
    if (err != BF_OK)
        return err;
    *seq = db_int(q, 0);
    err = forget_in_chunk(e, q, c);
    db_reset(q);
    if (err == BF_OK)
        err = replace_chunk(db, *seq, c);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err forget_in_index(struct erasing *e, struct db *db)
{
    struct chunk c = { 0 };
    int64_t seq = INT64_MIN;
    enum bf_err err = db_run(db, "PRAGMA secure_delete=ON");
    while (err == BF_OK)
        err = next_chunk(e, db, &seq, &c);
    chunk_clear(&c);
    if (err == BF_ENOENT)
        err = db_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    return err;
}

static enum bf_err erase_index(struct erasing *e, const char *db_url, char **ret_message)
{
    auto_(db_close) struct db *db = NULL;
    enum bf_err err = db_open(db_url, DB_WRITE, &db, ret_message);
    if (err == BF_OK)
        err = db_migrate(db, "record", record_migrations, n_record_migrations, ret_message);
    if (err != BF_OK)
        return err;
    err = forget_in_index(e, db);
    if (err && asprintf(ret_message, "%s: %s", db_url, db_error(db)) < 0)
        *ret_message = NULL;
    return err;
}

enum bf_err record_erase(struct journal *journal, const char *db_url, const struct record_erasing *who,
                         uint64_t *ret_records, char **ret_message)
{
    struct erasing *e = calloc(1, sizeof *e);
    enum bf_err err = e ? BF_OK : BF_ENOMEM;
    if (e) {
        e->who = who;
        e->memory = malloc(RECORD_ENTRY);
        err = e->memory ? BF_OK : BF_ENOMEM;
    }
    if (err == BF_OK && journal)
        err = journal_rewrite(journal, forget_entry, e);
    if (err == BF_OK) {
        e->records = 0;
        err = db_url ? erase_index(e, db_url, ret_message) : BF_OK;
    }
    if (err == BF_OK)
        *ret_records = e->records;
    if (e)
        free(e->memory);
    free(e);
    return err;
}
