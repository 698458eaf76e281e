/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static struct instant system_now(const struct clock_source *self)
{
    struct timespec wall, mono;
    (void)self;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    return (struct instant){
        .utc = wall.tv_sec,
        .ms = (int32_t)(wall.tv_nsec / 1000000),
        .mono = (mono_t)mono.tv_sec * 1000000000 + mono.tv_nsec,
    };
}

const struct clock_source clock_system = { system_now };

/* Field by field, atomically: threads of a room under test may look at the clock while the test moves it. */
struct instant clock_fixed_now(const struct clock_source *self)
{
    const struct instant *at = &((const struct clock_fixed *)self)->at;
    return (struct instant){
        .utc = __atomic_load_n(&at->utc, __ATOMIC_RELAXED),
        .ms = __atomic_load_n(&at->ms, __ATOMIC_RELAXED),
        .mono = __atomic_load_n(&at->mono, __ATOMIC_RELAXED),
    };
}

void clock_fixed_set(struct clock_fixed *clock, struct instant at)
{
    __atomic_store_n(&clock->at.utc, at.utc, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->at.ms, at.ms, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->at.mono, at.mono, __ATOMIC_RELAXED);
}

char *utc_text(utc_t t, char out[static 21])
{
    struct tm tm;
    time_t when = (time_t)t;
    if (!gmtime_r(&when, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099)
        snprintf(out, 21, "-");
    else /* strftime does not pad the year */
        snprintf(out, 21, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(tm.tm_year + 1900) % 10000u,
                 (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u, (unsigned)tm.tm_hour % 100u,
                 (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
    return out;
}
