/* SPDX-License-Identifier: Apache-2.0 */
/* The diaries of `diary meet`. Whatever is wrong with one, the time of its owner is taken, and it is said. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/diary_meet.h"
#include "cli/input.h"

#define SOURCE_BYTES   ((size_t)32 << 20)
#define SOURCE_PERIODS 5000000u

enum bf_err meeting_take(struct meet_who *who, const struct period *p)
{
    if (who->n == SOURCE_PERIODS)
        return BF_ELIMIT;
    if (who->n == who->size) {
        const size_t size = who->size ? 2 * who->size : 256;
        struct period *larger = realloc(who->busy, size * sizeof *larger);
        if (!larger)
            return BF_ENOMEM;
        who->busy = larger;
        who->size = size;
    }
    who->busy[who->n++] = *p;
    return BF_OK;
}

void meeting_warn(struct meeting *m, const struct meet_who *who, const char *what)
{
    json_t *row = json_pack("{s:s, s:s}", "diary", who->id, "what", what);
    if (row)
        json_array_append_new(m->warnings, row);
}

/* ---- a list of busy time: an object a line ---- */

static bool digits(const char *text, size_t at, size_t n, uint32_t *ret)
{
    uint64_t value;
    if (!span_decimal(span_make(text + at, n), 9999, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* 2026-12-01T10:00:00Z */
static bool instant_read(const json_t *value, utc_t *ret)
{
    const char *text = json_string_value(value);
    uint32_t year, month, day, hour, minute, second;
    if (!text || strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text[19] != 'Z')
        return false;
    if (!digits(text, 0, 4, &year) || !digits(text, 5, 2, &month) || !digits(text, 8, 2, &day) ||
        !digits(text, 11, 2, &hour) || !digits(text, 14, 2, &minute) || !digits(text, 17, 2, &second) ||
        !civil_is_date((int32_t)year, month, day) || hour > 23 || minute > 59 || second > 60)
        return false;
    *ret = civil_day((int32_t)year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

/* What is said of it: an unknown word is unknown time. */
static uint16_t kind_of(const json_t *value)
{
    const char *text = json_string_value(value);
    for (uint16_t kind = 1; text && kind < PERIOD_ANY; kind = (uint16_t)(kind << 1))
        if (strcmp(text, period_word(kind)) == 0)
            return kind;
    return PERIOD_UNKNOWN;
}

static enum bf_err line_read(struct span line, const struct meet_who *who, bool closed, struct period *ret)
{
    json_t *row = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    const bool good = row && instant_read(json_object_get(row, "start"), &ret->from) &&
                      instant_read(json_object_get(row, "end"), &ret->to) && ret->from <= ret->to;
    ret->kinds = closed ? PERIOD_UNAVAILABLE : kind_of(json_object_get(row, "type"));
    ret->place = who->place;
    json_decref(row);
    return good ? BF_OK : BF_EFORM;
}

static enum bf_err list_read(struct span text, struct meet_who *who, bool closed, size_t *ret_line)
{
    enum bf_err err = BF_OK;
    *ret_line = 0;
    while (!err && text.n) {
        const size_t end = span_find(text, '\n');
        const struct span line = span_trim(span_first(text, end));
        struct period p;
        ++*ret_line;
        if (line.n)
            err = line_read(line, who, closed, &p);
        if (line.n && !err)
            err = meeting_take(who, &p);
        text = span_from(text, end + 1);
    }
    return err;
}

/* ---- any source ---- */

static enum bf_err unusable(struct meeting *m, struct meet_who *who, const char *what)
{
    const struct period all = { m->reach.from, m->reach.to, PERIOD_UNKNOWN, 0 };
    who->unusable = true;
    meeting_warn(m, who, what);
    return meeting_take(who, &all);
}

enum bf_err meeting_source(struct meeting *m, struct meet_who *who, const char *source, bool closed)
{
    struct span text = SPAN_NONE;
    char what[512];
    size_t line;
    enum bf_err err = input_read(source, SOURCE_BYTES, &text);
    if (err) {
        snprintf(what, sizeof what, "%.300s: %s: all time counts as taken", source, input_error(err));
        return err == BF_ENOMEM ? err : unusable(m, who, what);
    }
    if (span_starts_nocase(span_trim(text), SPAN("BEGIN:")) || span_starts(text, SPAN("\xef\xbb\xbf"))) {
        snprintf(what, sizeof what,
                 "%.300s: calendars are not read yet, lists of `diary busy --json` are: all time "
                 "counts as taken",
                 source);
        err = unusable(m, who, what);
    } else {
        err = list_read(text, who, closed, &line);
        snprintf(what, sizeof what, "%.300s: line %zu is no busy time: all time counts as taken", source,
                 line);
        if (err == BF_EFORM)
            err = unusable(m, who, what);
    }
    free((void *)(uintptr_t)text.p);
    return err;
}
