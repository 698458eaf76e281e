/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Habits and exceptions in the store. A habit is of a person, a number and a signer: another signer's calls are a habit of
 * their own, which has to be learned and confirmed like the first. A signer with a code (SPC) is told by it and its trust
 * domain; its certificate may come from another CA tomorrow.
 */
#include "people/habit.h"

#include <stdio.h>

#include "people/book_parts.h"

#define DAY_S       86400
#define HABIT_TEXTS 4096u /* of one row */

static const char sql_habits[] = "SELECT id, person, number, spc, issuer, trust_domain, state, calls, days, "
                                 "since, last, confirmed_by FROM habits";

/* ---- numbers as the tables have them: as one dials them, with '+' where they begin with a country code ---- */

static void number_bind(struct db_query *q, int at, const struct number *number,
                        char text[static LIMIT_NUMBER + 2])
{
    number_show(number, text);
    db_bind_text(q, at, span_of(text));
}

static struct number number_of_row(struct db_query *q, int column)
{
    struct number number = { .n = 0 };
    struct span text = db_text(q, column);
    const bool global = text.n && text.p[0] == '+';
    text = span_from(text, global);
    if (text.n && text.n <= sizeof number.digits) {
        memcpy(number.digits, text.p, text.n);
        number.n = (uint8_t)text.n;
        number.global = global;
    }
    return number;
}

/* Texts of a row, kept until the next one. */
struct shelf {
    char memory[HABIT_TEXTS];
    size_t used;
};

static const char *shelve(struct shelf *s, struct span text)
{
    char *to = s->memory + s->used;
    const size_t room = sizeof s->memory - s->used;
    if (text.n >= room)
        return "";
    if (text.n)
        memcpy(to, text.p, text.n);
    to[text.n] = 0;
    s->used += text.n + 1;
    return to;
}

/* ---- learning ---- */

static int64_t day_of(utc_t at)
{
    return at >= 0 ? at / DAY_S : (at - DAY_S + 1) / DAY_S;
}

struct known_habit {
    int64_t id, state, days;
    utc_t last;
};

/* The habit this call belongs to. BF_ENOENT: it begins one. */
static enum bf_err habit_of(struct book *b, const struct habit_lesson *l, struct known_habit *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char text[LIMIT_NUMBER + 2];
    enum bf_err err =
        db_prepare(book_db(b),
                   "SELECT id, state, days, last FROM habits WHERE person = ?1 AND number = ?2 AND spc = ?3 "
                   "AND trust_domain = ?4 AND (spc <> '' OR issuer = ?5)",
                   &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, l->person);
    number_bind(q, 2, &l->number, text);
    db_bind_text(q, 3, l->spc.p ? l->spc : SPAN(""));
    db_bind_text(q, 4, l->trust_domain.p ? l->trust_domain : SPAN(""));
    db_bind_text(q, 5, l->issuer.p ? l->issuer : SPAN(""));
    err = db_step(q);
    if (err == BF_OK) {
        *ret = (struct known_habit){ db_int(q, 0), db_int(q, 1), db_int(q, 2), db_int(q, 3) };
    }
    return err == BF_ENOENT ? err : book_failed(b, err);
}

static enum bf_err habit_begin(struct book *b, const struct habit_lesson *l)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char text[LIMIT_NUMBER + 2];
    enum bf_err err =
        db_prepare(book_db(b),
                   "INSERT INTO habits (person, number, spc, issuer, trust_domain, state, calls, "
                   "days, since, last, confirmed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 1, ?7, ?7, '')",
                   &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, l->person);
    number_bind(q, 2, &l->number, text);
    db_bind_text(q, 3, l->spc.p ? l->spc : SPAN(""));
    db_bind_text(q, 4, l->issuer.p ? l->issuer : SPAN(""));
    db_bind_text(q, 5, l->trust_domain.p ? l->trust_domain : SPAN(""));
    db_bind_int(q, 6, HABIT_LEARNING);
    db_bind_int(q, 7, l->at);
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}

/* One more call, and perhaps one more day; what was learned on enough days is proposed to a person. */
static enum bf_err habit_grow(struct book *b, const struct known_habit *h, const struct habit_lesson *l)
{
    auto_(db_finalize) struct db_query *q = NULL;
    const bool new_day = day_of(l->at) > day_of(h->last);
    const bool learned = h->state == HABIT_LEARNING && h->days + new_day >= HABIT_DAYS;
    enum bf_err err =
        db_prepare(book_db(b),
                   "UPDATE habits SET calls = calls + 1, days = days + ?2, last = max(last, ?3), state = ?4 "
                   "WHERE id = ?1",
                   &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, h->id);
    db_bind_int(q, 2, new_day);
    db_bind_int(q, 3, l->at);
    db_bind_int(q, 4, learned ? HABIT_PROPOSED : h->state);
    err = db_step(q);
    if (err != BF_ENOENT)
        return book_failed(b, err);
    return learned ? book_touched(b) : BF_OK; /* that a habit goes on changes nothing for calls */
}

enum bf_err habit_learn(struct book *b, const struct habit_lesson *lesson)
{
    struct known_habit known = { .id = 0 };
    enum bf_err err = book_begin(b);
    if (err)
        return err;
    err = habit_of(b, lesson, &known);
    if (err == BF_ENOENT) {
        err = habit_begin(b, lesson);
        if (err == BF_OK)
            err = book_touched(b);
    } else if (err == BF_OK)
        err = habit_grow(b, &known, lesson);
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

/* ---- confirming ---- */

static enum bf_err state_of(struct book *b, int64_t id, int64_t *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(book_db(b), "SELECT state FROM habits WHERE id = ?1", &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, id);
    err = db_step(q);
    if (err == BF_OK)
        *ret = db_int(q, 0);
    return err == BF_ENOENT ? book_refuse(b, err, "there is no habit %lld", (long long)id)
                            : book_failed(b, err);
}

static enum bf_err state_set(struct book *b, int64_t id, enum habit_state state, const char *who)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(book_db(b), "UPDATE habits SET state = ?2, confirmed_by = ?3 WHERE id = ?1", &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, id);
    db_bind_int(q, 2, state);
    db_bind_text(q, 3, span_of(who ? who : ""));
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}

enum bf_err habit_decide(struct book *b, int64_t id, bool confirm, const char *who)
{
    int64_t state = 0;
    enum bf_err err = book_begin(b);
    if (err)
        return err;
    err = state_of(b, id, &state);
    if (err == BF_OK && confirm && state == HABIT_LEARNING)
        err = book_refuse(b, BF_EAGAIN, "habit %lld is still being learned: it takes calls on %u days",
                          (long long)id, HABIT_DAYS);
    if (err == BF_OK)
        err = state_set(b, id, confirm ? HABIT_CONFIRMED : HABIT_REFUSED, who);
    if (err == BF_OK)
        err = book_touched(b);
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

static bool habit_tell(struct db_query *q, habit_found *found, void *arg)
{
    struct shelf shelf = { .used = 0 };
    const struct habit h = { .id = db_int(q, 0),
                             .person = db_int(q, 1),
                             .number = number_of_row(q, 2),
                             .spc = shelve(&shelf, db_text(q, 3)),
                             .issuer = shelve(&shelf, db_text(q, 4)),
                             .trust_domain = shelve(&shelf, db_text(q, 5)),
                             .state = (enum habit_state)(db_int(q, 6) & 3),
                             .calls = (uint32_t)db_int(q, 7),
                             .days = (uint32_t)db_int(q, 8),
                             .since = db_int(q, 9),
                             .last = db_int(q, 10),
                             .confirmed_by = shelve(&shelf, db_text(q, 11)) };
    return found(arg, &h);
}

enum bf_err habit_list(struct book *b, int64_t person, habit_found *found, void *arg)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char sql[sizeof sql_habits + 96];
    snprintf(sql, sizeof sql, "%s%s ORDER BY person, number, id", sql_habits,
             person ? " WHERE person = ?1" : "");
    enum bf_err err = db_prepare(book_db(b), sql, &q);
    if (err)
        return book_failed(b, err);
    if (person)
        db_bind_int(q, 1, person);
    while ((err = db_step(q)) == BF_OK)
        if (!habit_tell(q, found, arg))
            return BF_OK;
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}

/* ---- exceptions ---- */

static enum bf_err changed_one(struct book *b, struct db_query *q, const char *missing)
{
    enum bf_err err = db_step(q);
    if (err != BF_ENOENT)
        return book_failed(b, err == BF_OK ? BF_EIO : err);
    if (missing && db_changes(book_db(b)) == 0)
        return book_refuse(b, BF_ENOENT, "%s", missing);
    return book_touched(b);
}

enum bf_err exception_add(struct book *b, const struct number *number, struct span name, const char *who)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char text[LIMIT_NUMBER + 2];
    name = span_trim(name);
    if (number->n == 0 || name.n == 0 || name.n > BOOK_NAME_BYTES)
        return book_refuse(b, BF_EFORM, "an exception takes a number and a name");
    enum bf_err err = book_begin(b);
    if (err)
        return err;
    err = book_failed(b, db_prepare(book_db(b),
                                    "INSERT INTO exceptions (number, name, by_whom) VALUES (?1, ?2, ?3) "
                                    "ON CONFLICT (number, name) DO UPDATE SET by_whom = ?3",
                                    &q));
    if (err == BF_OK) {
        number_bind(q, 1, number, text);
        db_bind_text(q, 2, name);
        db_bind_text(q, 3, span_of(who ? who : ""));
        err = changed_one(b, q, NULL);
    }
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

enum bf_err exception_remove(struct book *b, int64_t id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = book_begin(b);
    if (err)
        return err;
    err = book_failed(b, db_prepare(book_db(b), "DELETE FROM exceptions WHERE id = ?1", &q));
    if (err == BF_OK) {
        db_bind_int(q, 1, id);
        err = changed_one(b, q, "there is no such exception");
    }
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

enum bf_err exception_list(struct book *b, exception_found *found, void *arg)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(book_db(b), "SELECT id, number, name, by_whom FROM exceptions ORDER BY number, name", &q);
    if (err)
        return book_failed(b, err);
    while ((err = db_step(q)) == BF_OK) {
        struct shelf shelf = { .used = 0 };
        const struct exception e = { .id = db_int(q, 0),
                                     .number = number_of_row(q, 1),
                                     .name = shelve(&shelf, db_text(q, 2)),
                                     .by = shelve(&shelf, db_text(q, 3)) };
        if (!found(arg, &e))
            return BF_OK;
    }
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}
