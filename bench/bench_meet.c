/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A date for eight people within sixty days: the time of a search whose diaries are read already, from making the wish ready to
 * the ranked dates. Half of the working time of each is taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "diary/meet.h"

#define PEOPLE  8u
#define DAYS    60
#define ROUNDS  400u
#define MOST_MS 0.5

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint64_t seed = 1;
static uint32_t below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

/* Meetings of an hour at some half-hours of the working time, as a full diary has them. */
static size_t fill(struct period *p, utc_t from)
{
    size_t n = 0;
    for (int day = -1; day <= DAYS; day++)
        for (int half = 18; half < 34; half++)
            if (below(4) == 0) {
                const utc_t at = from + day * DAY_S + half * 1800;
                p[n++] = (struct period){ at, at + 3600, below(8) ? PERIOD_BUSY : PERIOD_TENTATIVE, 0 };
            }
    return n;
}

static double search(const struct meet_wish *w, struct arena *arena, size_t *ret_n)
{
    struct meet *m;
    struct meet_date *dates;
    const double began = now_ms();
    arena_reset(arena);
    if (meet_ready(w, arena, &m) != BF_OK || meet_dates(m, arena, &dates, ret_n) != BF_OK)
        exit(1);
    return now_ms() - began;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(void)
{
    static const char *const names[] = { "Europe/London", "Europe/Berlin", "Europe/Madrid", "Europe/Rome" };
    static struct period busy[PEOPLE][(DAYS + 2) * 16];
    static double took[ROUNDS];
    struct meet_party parties[PEOPLE] = { 0 };
    struct arena *arena;
    size_t n = 0;
    const utc_t from = 20758 * DAY_S; /* 2026-11-01 */
    if (arena_create((size_t)8 << 20, (size_t)64 << 20, &arena) != BF_OK)
        return 1;
    for (size_t i = 0; i < PEOPLE; i++) {
        struct tz *zone;
        if (tz_open(span_of(names[i % 4]), &zone) != BF_OK)
            return 1;
        parties[i] = (struct meet_party){ .id = "p",
                                          .zone = zone,
                                          .hours = &hours_usual,
                                          .tentative = TENTATIVE_SOFT,
                                          .before_s = 300,
                                          .after_s = 300,
                                          .busy = { busy[i], fill(busy[i], from) } };
    }
    for (unsigned open = 0; open < 2;
         open++) { /* within working hours, then at any time, which has more to weigh */
        for (size_t i = 0; open && i < PEOPLE; i++)
            parties[i].hours = NULL;
        const struct meet_wish w = { .parties = parties,
                                     .n = PEOPLE,
                                     .zone = parties[0].zone,
                                     .from = from,
                                     .to = from + DAYS * DAY_S,
                                     .now = from,
                                     .length_s = 1800,
                                     .step_s = 900,
                                     .top = 8 };
        for (unsigned i = 0; i < ROUNDS; i++)
            took[i] = search(&w, arena, &n);
        qsort(took, ROUNDS, sizeof *took, by_size);
        printf("warm search, %u people, %d days, %-16s %.3f ms (median; %zu dates), goal %.1f\n", PEOPLE,
               DAYS, open ? "at any time:" : "working hours:", took[ROUNDS / 2], n, MOST_MS);
        if (!open && took[ROUNDS / 2] > MOST_MS)
            return 1;
    }
    for (size_t i = 0; i < PEOPLE; i++)
        tz_close((struct tz *)(uintptr_t)parties[i].zone);
    arena_destroy(arena);
    return 0;
}
