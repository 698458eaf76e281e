/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates that suit all parties: found, ranked and explained; and when there is none, what stands in the way.
 *
 * What forbids a meeting is laid down for each required party as periods that it must not overlap: taken time with its buffers
 * and ways, time outside the hours, notice, days that are full. Their union decides, and one function asks it, for the list of
 * dates as for the booking of one. A period of unknown kind is taken time like any other. Nothing here reads a calendar.
 */
#ifndef DIARY_MEET_H
#define DIARY_MEET_H

#include "diary/hours.h"

#define MEET_PARTIES 64u
#define MEET_SLOTS   2000000u /* of the grid */
#define MEET_TOP     100u     /* dates that are given at most */
#define MEET_WAYS    0xffffu  /* minutes: nobody knows, so not on that day */

enum meet_role {
    MEET_REQUIRED,
    MEET_OPTIONAL,
    MEET_RESOURCE
}; /* a resource must be free, and has no wishes */
enum meet_tentative { TENTATIVE_BUSY, TENTATIVE_SOFT, TENTATIVE_FREE };

struct meet_party {
    const char *id;
    enum meet_role role;
    const struct tz *zone;
    const struct hours *hours;     /* NULL: at any time */
    const struct hours *preferred; /* NULL: hours, else hours_usual; changes the order, forbids nothing */
    struct periods busy; /* sorted; within the window and as far around it as buffers and ways reach */
    enum meet_tentative tentative;
    /* Free time before and after the new meeting; between two places the longer of it and the way. */
    uint32_t before_s, after_s;
    uint32_t notice_s; /* between now and the meeting */
    uint32_t per_day;  /* meetings of a local day, this one included; 0: any number */
};

struct meet_wish {
    const struct meet_party *parties;
    size_t n;
    const struct tz *zone; /* its clock has the grid and the half-days */
    utc_t from, to, now;   /* the meeting lies within [from, to) */
    uint32_t length_s, step_s;
    size_t top;
    uint16_t place; /* of the meeting; 0: nowhere, as a call */
    /* Minutes from place a to place b at [a * places + b]; NULL: none. */
    const uint16_t *ways;
    uint16_t places;
};

/* ---- whether it is possible ---- */

enum meet_cause {
    MEET_POSSIBLE,
    MEET_WINDOW,   /* not within the window */
    MEET_GRID,     /* not on the grid */
    MEET_REPEATED, /* its time comes twice on somebody's clock */
    MEET_TAKEN,    /* the party's time is taken */
    MEET_BUFFER,
    MEET_WAY,
    MEET_TENTATIVE,
    MEET_NOTICE,
    MEET_PER_DAY,
    MEET_HOURS,
    MEET_LENGTH,  /* only of a relaxation: a shorter meeting */
    MEET_PRESENCE /* only of a relaxation: without the party */
};
const char *meet_cause_word(enum meet_cause cause);

struct meet; /* a wish, made ready */

/* The wish and all it points to, and the arena, must outlive it. BF_EINVAL: too many, or no time; BF_ELIMIT: slots; BF_ENOMEM. */
enum bf_err meet_ready(const struct meet_wish *wish, struct arena *arena, struct meet **ret) must_use;

struct meet_refusal {
    enum meet_cause cause;
    size_t party; /* SIZE_MAX: of none */
};
/* What forbids a meeting that starts then; ret may be NULL. Threads may ask at once. */
bool meet_possible(const struct meet *m, utc_t start, struct meet_refusal *ret);

/* ---- the dates ---- */

/* How one party sees a date. */
struct meet_view {
    size_t party;
    int32_t offset;      /* of its zone, seconds east of UTC */
    uint32_t away_h;     /* hours from its preferred hours, at most 12; 0: within */
    bool absent;         /* optional, and not free */
    bool tentative;      /* over something that is not certain */
    bool follows, leads; /* begins where another meeting ends; ends where one begins */
};

struct meet_date {
    utc_t start, end;
    uint32_t cost;
    struct meet_view *views; /* one a party, worst-placed first, resources last */
    bool lunch;              /* over somebody's 12:00 to 13:00 */
};

/* Best first, none overlapping another, one a half-day as long as there are half-days. None: *ret_n is 0. */
enum bf_err meet_dates(const struct meet *m, struct arena *arena, struct meet_date **ret, size_t *ret_n)
    must_use;

/* The first possible start; false: none. */
bool meet_first(const struct meet *m, utc_t *ret);

/* ---- none ---- */

struct meet_relaxed {
    enum meet_cause cause;
    size_t party;      /* SIZE_MAX: of none */
    utc_t first;       /* the first date without it */
    uint32_t length_s; /* of MEET_LENGTH: the longest that fits, by halving */
};
/*
 * Each constraint that alone would have to give way for a date to exist, the earliest date first, the gentler first of two.
 * Without somebody comes last, as it makes their diary worth nothing. BF_ENOMEM.
 */
enum bf_err meet_relax(const struct meet_wish *wish, struct arena *arena, struct meet_relaxed **ret,
                       size_t *ret_n) must_use;

#endif
