/* SPDX-License-Identifier: Apache-2.0 */
/* What meet.c makes ready and meet_rank.c weighs. */
#ifndef DIARY_MEET_PARTS_H
#define DIARY_MEET_PARTS_H

#include "diary/meet.h"

/* What a clock is ahead of UTC, from a moment on. */
struct clock_part {
    utc_t from;
    int32_t offset;
};
struct clock_parts {
    struct clock_part *p;
    size_t n; /* at least 1 */
};

enum meet_list {
    LIST_TAKEN,
    LIST_BUFFER,
    LIST_WAY,
    LIST_TENTATIVE,
    LIST_NOTICE,
    LIST_PER_DAY,
    LIST_HOURS,
    LISTS
};

struct meet_side {
    struct periods lists[LISTS]; /* what forbids, by why */
    struct periods all;          /* their union */
    struct periods soft;         /* tentative, where that is only a pity */
    struct periods preferred;
    struct periods meetings; /* taken or tentative, as the diary has it */
    struct clock_parts clock;
    day_t first_day;
    int32_t *per_day; /* meetings on each local day from first_day on */
    size_t days;
};

struct meet {
    const struct meet_wish *wish;
    struct meet_side *sides;
    struct clock_parts clock; /* of the wish's zone */
    struct periods forbidden; /* by somebody required */
    struct periods twice;     /* starts whose time somebody's clock shows twice */
};

/* Where the last questions were answered: they come in ascending order. */
struct meet_cursor {
    size_t forbidden, twice, clock;
};

int32_t clock_offset(struct clock_parts parts, size_t *hint, utc_t at);
local_t clock_day(local_t t); /* the day of it */

/* The function that decides. ret_behind: where the next start may lie. */
bool meet_refused(const struct meet *m, struct meet_cursor *cursor, utc_t start, utc_t *ret_behind);
/* The first start of the grid from `at` on. */
utc_t meet_grid(const struct meet *m, struct meet_cursor *cursor, utc_t at);

#endif
