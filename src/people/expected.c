/* SPDX-License-Identifier: Apache-2.0 */
/* Expected calls in the store, and the times people write them with. */
#include "people/expected.h"

#include <stdio.h>

#include "base/tz.h"
#include "people/book_parts.h"

#define WORD_BYTES 256u
#define FAR_END    INT64_C(253402300800) /* the year 10000 */

/* ---- times ---- */

static bool take_digits(struct span *s, size_t n, uint64_t most, uint64_t *ret)
{
    if (s->n < n || !span_decimal(span_first(*s, n), most, ret))
        return false;
    *s = span_from(*s, n);
    return true;
}

static bool take_char(struct span *s, const char *any)
{
    if (s->n == 0 || !strchr(any, s->p[0]) || !s->p[0])
        return false;
    *s = span_from(*s, 1);
    return true;
}

/* `2026-11-24 15:00`, with seconds or without, with a T or a blank. */
static bool take_wall(struct span *s, local_t *ret)
{
    uint64_t year, month, day, hour, minute, second = 0;
    if (!take_digits(s, 4, 9999, &year) || !take_char(s, "-") || !take_digits(s, 2, 12, &month) ||
        !take_char(s, "-") || !take_digits(s, 2, 31, &day) || !take_char(s, " Tt") ||
        !take_digits(s, 2, 23, &hour) || !take_char(s, ":") || !take_digits(s, 2, 59, &minute))
        return false;
    if (take_char(s, ":") && !take_digits(s, 2, 59, &second))
        return false;
    if (!civil_is_date((int32_t)year, (unsigned)month, (unsigned)day))
        return false;
    const struct civil c = { (int32_t)year, (uint8_t)month,  (uint8_t)day,
                             (uint8_t)hour, (uint8_t)minute, (uint8_t)second };
    *ret = civil_seconds(&c);
    return true;
}

/* `Z`, `+01:00`. */
static bool take_offset(struct span *s, utc_t *ret)
{
    uint64_t hours, minutes;
    const bool west = s->n && s->p[0] == '-';
    *ret = 0;
    if (take_char(s, "Zz"))
        return true;
    if (!take_char(s, "+-") || !take_digits(s, 2, 23, &hours) || !take_char(s, ":") ||
        !take_digits(s, 2, 59, &minutes))
        return false;
    *ret = (utc_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

static enum bf_err time_in_zone(local_t wall, const char *zone, utc_t *ret, struct fault *fault)
{
    auto_(tz_close) struct tz *z = NULL;
    enum tz_sort sort;
    const enum bf_err err = tz_open(span_of(zone), &z);
    if (err == BF_ENOENT || err == BF_EFORM)
        return fault_at(fault, BF_EFORM, 0, "there is no such time zone");
    if (err)
        return fault_at(fault, err, 0, "the zone cannot be read");
    const utc_t at = tz_utc(z, wall, &sort);
    if (sort == TZ_SKIPPED)
        return fault_at(fault, BF_EFORM, 0, "the clocks of that zone skip this time");
    *ret = at;
    return BF_OK;
}

enum bf_err expected_time(struct span text, const char *zone, utc_t *ret, struct fault *fault)
{
    struct span rest = span_trim(text);
    local_t wall;
    utc_t offset;
    if (!take_wall(&rest, &wall))
        return fault_at(fault, BF_EFORM, 0, "a time is written 2026-11-24 15:00, or as RFC 3339 has it");
    if (rest.n == 0)
        return time_in_zone(wall, zone ? zone : "", ret, fault);
    if (!take_offset(&rest, &offset) || rest.n)
        return fault_at(fault, BF_EFORM, text.n - rest.n, "Z or an offset such as +01:00 is expected here");
    *ret = wall - offset;
    return BF_OK;
}

/* ---- the table ---- */

static const char sql_expected[] = "SELECT id, person, from_at, until_at, zone, number, word, source, state, "
                                   "call, by_whom FROM expected";

static enum bf_err zone_check(const char *zone)
{
    auto_(tz_close) struct tz *z = NULL;
    const enum bf_err err = tz_open(span_of(zone), &z);
    return err == BF_ENOENT ? BF_EFORM : err;
}

static enum bf_err check(struct book *b, const struct expected *e)
{
    if (e->until <= e->from)
        return book_refuse(b, BF_EFORM, "the window ends before it begins");
    if (e->from < 0 || e->until > FAR_END)
        return book_refuse(b, BF_EFORM, "nobody expects a call that long");
    const enum bf_err err = zone_check(e->zone ? e->zone : "");
    if (err)
        return err == BF_EFORM ? book_refuse(b, err, "there is no time zone \"%.64s\"", e->zone)
                               : book_refuse(b, err, "the time zone \"%.64s\" cannot be read", e->zone);
    if (e->word && strlen(e->word) > WORD_BYTES)
        return book_refuse(b, BF_EFORM, "the word has more than %u bytes", WORD_BYTES);
    return e->until <= clock_now(&clock_system).utc ? book_refuse(b, BF_EFORM, "the window has ended already")
                                                    : BF_OK;
}

static struct span text_of(const char *text)
{
    return text ? span_of(text) : SPAN("");
}

static enum bf_err person_is_there(struct book *b, int64_t id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(book_db(b), "SELECT 1 FROM people WHERE id = ?1", &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, id);
    err = db_step(q);
    return err == BF_ENOENT ? book_refuse(b, err, "there is no person %lld", (long long)id)
                            : book_failed(b, err);
}

static enum bf_err insert(struct book *b, const struct expected *e, int64_t *ret_id)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char number[LIMIT_NUMBER + 2] = "";
    enum bf_err err =
        db_prepare(book_db(b),
                   "INSERT INTO expected (person, from_at, until_at, zone, number, word, source, state, "
                   "call, by_whom) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9) RETURNING id",
                   &q);
    if (err)
        return book_failed(b, err);
    if (e->number.n)
        number_show(&e->number, number);
    db_bind_int(q, 1, e->person);
    db_bind_int(q, 2, e->from);
    db_bind_int(q, 3, e->until);
    db_bind_text(q, 4, text_of(e->zone));
    db_bind_text(q, 5, span_of(number));
    db_bind_text(q, 6, text_of(e->word));
    db_bind_text(q, 7, text_of(e->source));
    db_bind_int(q, 8, EXPECTED_OPEN);
    db_bind_text(q, 9, text_of(e->by));
    err = db_step(q);
    if (err == BF_OK)
        *ret_id = db_int(q, 0);
    return book_failed(b, err == BF_ENOENT ? BF_EIO : err);
}

enum bf_err expected_add(struct book *b, const struct expected *e, int64_t *ret_id)
{
    enum bf_err err = check(b, e);
    if (err == BF_OK)
        err = book_begin(b);
    if (err)
        return err;
    err = person_is_there(b, e->person);
    if (err == BF_OK)
        err = insert(b, e, ret_id);
    if (err == BF_OK)
        err = book_touched(b);
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

/* Out of the open state, which a call leaves once. BF_ENOENT: it is not open. */
static enum bf_err leave_open(struct book *b, int64_t id, enum expected_state state, struct span call,
                              struct span who)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err =
        db_prepare(book_db(b),
                   "UPDATE expected SET state = ?2, call = ?3, by_whom = CASE WHEN ?4 = '' THEN "
                   "by_whom ELSE ?4 END WHERE id = ?1 AND state = ?5",
                   &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, id);
    db_bind_int(q, 2, state);
    db_bind_text(q, 3, call);
    db_bind_text(q, 4, who);
    db_bind_int(q, 5, EXPECTED_OPEN);
    err = db_step(q);
    if (err != BF_ENOENT)
        return book_failed(b, err == BF_OK ? BF_EIO : err);
    if (db_changes(book_db(b)) == 0)
        return book_refuse(b, BF_ENOENT, "there is no expected call %lld that is open", (long long)id);
    return BF_OK;
}

static enum bf_err close_one(struct book *b, int64_t id, enum expected_state state, struct span call,
                             struct span who)
{
    enum bf_err err = book_begin(b);
    if (err)
        return err;
    err = leave_open(b, id, state, call, who);
    if (err == BF_OK)
        err = book_touched(b);
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}

enum bf_err expected_cancel(struct book *b, int64_t id, const char *who)
{
    return close_one(b, id, EXPECTED_CANCELLED, SPAN(""), text_of(who));
}

enum bf_err expected_met(struct book *b, int64_t id, struct span call)
{
    return close_one(b, id, EXPECTED_MET, call, SPAN(""));
}

/* A row whose texts are the arena's. */
static const struct expected *row_read(struct db_query *q, struct arena *arena)
{
    struct expected *e = arena_new(arena, struct expected);
    if (!e)
        return NULL;
    *e = (struct expected){ .id = db_int(q, 0),
                            .person = db_int(q, 1),
                            .from = db_int(q, 2),
                            .until = db_int(q, 3),
                            .zone = arena_copy(arena, db_text(q, 4)).p,
                            .word = arena_copy(arena, db_text(q, 6)).p,
                            .source = arena_copy(arena, db_text(q, 7)).p,
                            .state = (enum expected_state)(db_int(q, 8) & 3),
                            .call = arena_copy(arena, db_text(q, 9)).p,
                            .by = arena_copy(arena, db_text(q, 10)).p };
    struct span digits = db_text(q, 5);
    e->number.global = digits.n && digits.p[0] == '+';
    digits = span_from(digits, e->number.global);
    if (digits.n && digits.n <= sizeof e->number.digits) {
        memcpy(e->number.digits, digits.p, digits.n);
        e->number.n = (uint8_t)digits.n;
    }
    return e->zone && e->word && e->source && e->call && e->by ? e : NULL;
}

enum bf_err expected_list(struct book *b, int64_t person, utc_t since, utc_t until, expected_found *found,
                          void *arg)
{
    auto_(db_finalize) struct db_query *q = NULL;
    auto_(arena_destroy) struct arena *arena = NULL;
    char sql[sizeof sql_expected + 160];
    snprintf(sql, sizeof sql, "%s WHERE until_at > ?1 AND from_at < ?2%s ORDER BY from_at, id", sql_expected,
             person ? " AND person = ?3" : "");
    enum bf_err err = arena_create(2048, 1 << 16, &arena);
    if (err == BF_OK)
        err = db_prepare(book_db(b), sql, &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, since ? since : INT64_MIN);
    db_bind_int(q, 2, until ? until : INT64_MAX);
    if (person)
        db_bind_int(q, 3, person);
    while ((err = db_step(q)) == BF_OK) {
        arena_reset(arena);
        const struct expected *e = row_read(q, arena);
        if (!e)
            return book_failed(b, BF_ENOMEM);
        if (!found(arg, e))
            return BF_OK;
    }
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}

/* ---- missed ---- */

struct missed {
    struct arena *arena;
    const struct expected *rows[64]; /* so many at a time; the rest next time */
    size_t n;
};

static enum bf_err find_missed(struct book *b, utc_t now, struct missed *m)
{
    auto_(db_finalize) struct db_query *q = NULL;
    char sql[sizeof sql_expected + 96];
    snprintf(sql, sizeof sql, "%s WHERE state = ?1 AND until_at <= ?2 ORDER BY until_at, id", sql_expected);
    enum bf_err err = db_prepare(book_db(b), sql, &q);
    if (err)
        return book_failed(b, err);
    db_bind_int(q, 1, EXPECTED_OPEN);
    db_bind_int(q, 2, now);
    while (m->n < ARRAY_SIZE(m->rows) && (err = db_step(q)) == BF_OK) {
        m->rows[m->n] = row_read(q, m->arena);
        if (!m->rows[m->n++])
            return book_failed(b, BF_ENOMEM);
    }
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}

enum bf_err expected_sweep(struct book *b, utc_t now, expected_found *found, void *arg)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    enum bf_err err = arena_create(4096, 1 << 20, &arena);
    struct missed missed = { .arena = arena };
    if (err == BF_OK)
        err = find_missed(b, now, &missed);
    if (err)
        return err;
    for (size_t i = 0; i < missed.n; i++) {
        struct expected e = *missed.rows[i];
        e.state = EXPECTED_MISSED;
        err = close_one(b, e.id, EXPECTED_MISSED, SPAN(""), SPAN(""));
        if (err == BF_ENOENT) /* met or cancelled meanwhile */
            continue;
        if (err)
            return err;
        if (!found(arg, &e))
            break;
    }
    return BF_OK;
}
