/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working hours: which parts of the days of a week somebody can be met, and the days on which it is otherwise. A moment lies
 * within them when the clock on the wall says so: the hour that a zone skips is no part of them, one that comes twice is
 * judged by the clock both times.
 */
#ifndef DIARY_HOURS_H
#define DIARY_HOURS_H

#include "base/arena.h"
#include "base/tz.h"
#include "diary/span.h"

#define HOURS_PIECES 6u    /* of a day */
#define HOURS_DAYS   1000u /* that are otherwise */

/* Seconds past midnight; to may lie on the next day (22:00 to 30:00), and belongs to the day that it begins on. */
struct hours_piece {
    int32_t from, to;
};
struct hours_day {
    struct hours_piece pieces[HOURS_PIECES];
    uint32_t n;
};
/* Closed days have no piece, and what the day before reaches into them ends at midnight. */
struct hours_other {
    day_t first, last;
    struct hours_day day;
};
struct hours {
    struct hours_day week[7]; /* 0: Sunday */
    struct hours_other *other;
    size_t n_other; /* by first; the last of those that hold a day counts */
};

/*
 * `Mo-Fr/09:00-12:30+13:30-17:00,Sa/10:00-14:00,2026-12-24/09:00-12:00,!2026-12-25..2026-12-26`: commas between what holds
 * for weekdays, for dates and, with `!`, closed dates. An end not behind its beginning lies on the next day. Weekdays that are not
 * named are closed, where any is named; else all are open. other lies in the arena.
 * BF_EFORM: the fault says where; BF_ELIMIT; BF_ENOMEM.
 */
enum bf_err hours_read(struct span text, struct arena *arena, struct hours *ret, struct fault *fault)
    must_use;

/* Monday to Friday, 09:00 to 17:00. */
extern const struct hours hours_usual;

/* What lies within them, disjoint and sorted, of that kind. BF_ENOMEM. */
enum bf_err hours_open(const struct hours *h, const struct tz *zone, const struct period *within,
                       struct arena *arena, struct periods *ret) must_use;

#endif
