/* SPDX-License-Identifier: Apache-2.0 */
/* Digits at fixed places; nothing is guessed. */
#include "diary/when.h"

#include <stdio.h>

static bool digits_read(struct span s, size_t at, size_t n, unsigned *ret)
{
    uint64_t value;
    if (at + n > s.n || !span_decimal(span_first(span_from(s, at), n), 9999, &value))
        return false;
    *ret = (unsigned)value;
    return true;
}

/* `hhmmss` */
static bool time_read(struct span s, size_t at, unsigned *ret)
{
    unsigned hour, minute, second;
    if (!digits_read(s, at, 2, &hour) || !digits_read(s, at + 2, 2, &minute) ||
        !digits_read(s, at + 4, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    *ret = hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    return true;
}

bool when_read(struct span text, struct when *ret)
{
    unsigned year, month, day, seconds = 0;
    const bool utc = text.n == 16 && (text.p[15] == 'Z' || text.p[15] == 'z'), date = text.n == 8;
    if (!digits_read(text, 0, 4, &year) || !digits_read(text, 4, 2, &month) ||
        !digits_read(text, 6, 2, &day) || !civil_is_date((int32_t)year, month, day))
        return false;
    if (!date &&
        ((text.n != 15 && !utc) || (text.p[8] != 'T' && text.p[8] != 't') || !time_read(text, 9, &seconds)))
        return false;
    ret->t = civil_day((int32_t)year, month, day) * DAY_S + seconds;
    ret->form = date ? WHEN_DATE : utc ? WHEN_UTC : WHEN_LOCAL;
    return true;
}

const char *when_text(struct when when, char out[static WHEN_TEXT])
{
    const struct civil c = civil_of(when.t);
    const int n = snprintf(out, WHEN_TEXT, "%04d%02u%02u", (int)c.year % 10000, (unsigned)c.month % 100,
                           (unsigned)c.day % 100);
    if (when.form != WHEN_DATE || when.t % DAY_S != 0)
        snprintf(out + n, WHEN_TEXT - (size_t)n, "T%02u%02u%02u%s", (unsigned)c.hour % 100,
                 (unsigned)c.minute % 100, (unsigned)c.second % 100, when.form == WHEN_UTC ? "Z" : "");
    return out;
}

bool when_offset_read(struct span text, int32_t *ret)
{
    unsigned hours, minutes, seconds = 0;
    if ((text.n != 5 && text.n != 7) || (text.p[0] != '+' && text.p[0] != '-') ||
        !digits_read(text, 1, 2, &hours) || !digits_read(text, 3, 2, &minutes) ||
        (text.n == 7 && !digits_read(text, 5, 2, &seconds)) || hours > 23 || minutes > 59 || seconds > 59)
        return false;
    const int32_t east = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *ret = text.p[0] == '-' ? -east : east;
    return true;
}
