/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of repetition: the value of RRULE and EXRULE, and the times that it gives.      RFC 5545 sections 3.3.10 and 3.8.5.3
 *
 * A rule is walked in local time: what a clock on the wall says, whatever the zone does to it. A walk begins in a window, not
 * at the first time of the series: it jumps. It takes a bounded number of steps, and says so when they are used up: then nobody
 * knows what the rule gives, which is for the caller to count as busy.
 */
#ifndef DIARY_RECUR_H
#define DIARY_RECUR_H

#include "base/tz.h"

enum recur_freq {
    FREQ_SECONDLY,
    FREQ_MINUTELY,
    FREQ_HOURLY,
    FREQ_DAILY,
    FREQ_WEEKLY,
    FREQ_MONTHLY,
    FREQ_YEARLY
};

#define RECUR_TEXT  4096u   /* bytes of a rule */
#define RECUR_DAYS  64u     /* entries of BYDAY, each counted once */
#define RECUR_STEPS 200000u /* periods that a walk looks at */
#define RECUR_YEAR  9999    /* nothing repeats behind it */

enum recur_until { UNTIL_NONE, UNTIL_DATE, UNTIL_LOCAL, UNTIL_UTC };

/* Numbers as the rule writes them; bit n of the first half is n, of the second -n. */
struct recur_set {
    uint64_t plus[6], minus[6];
    bool is_set;
};

struct recur {
    enum recur_freq freq;
    uint32_t interval;
    uint64_t count; /* 0: none */
    enum recur_until until_kind;
    local_t until;      /* of UNTIL_DATE: the first second of the day; of UNTIL_UTC: the instant */
    uint8_t week_start; /* 0: Sunday */
    bool by_second, by_minute, by_hour, by_month;
    uint64_t seconds, minutes; /* bit n: n */
    uint32_t hours, months;
    struct recur_set month_days, year_days, weeks, positions;
    struct {
        int8_t nth; /* 0: every */
        uint8_t weekday;
    } days[RECUR_DAYS];
    uint8_t n_days;
};

/*
 * BF_EFORM: what RFC 5545 does not allow, also of parts beside each other; the fault says where. BF_EUNSUP: another calendar
 * than the Gregorian one (RFC 7529). BF_ELIMIT.
 */
enum bf_err recur_read(struct span text, struct recur *ret, struct fault *fault) must_use;

/* A walk; what is in it is its own business. Nothing to be freed. */
struct recur_walk {
    struct recur rule; /* with what is missing taken from DTSTART */
    const struct tz *zone;
    local_t start, from, to;
    int64_t period;
    uint64_t counted;
    uint32_t steps;
    bool ended, numbered_in_year;
    day_t first_day;
    uint64_t days[6];
    uint32_t n_days, n_times, at, n;
    uint64_t seconds, minutes;
    uint32_t hours;
};

/*
 * The times of the series from `from` on and before `to`; start is DTSTART, which counts only where the rule gives it. zone:
 * where UNTIL in UTC is compared; NULL: UTC. The rule is copied, the zone is not.
 */
void recur_begin(struct recur_walk *w, const struct recur *rule, local_t start, const struct tz *zone,
                 local_t from, local_t to);
/* Ascending. BF_ENOENT: no more; BF_ELIMIT: RECUR_STEPS were not enough. */
enum bf_err recur_next(struct recur_walk *w, local_t *ret) must_use;

#endif
