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

struct instant clock_fixed_now(const struct clock_source *self)
{
    return ((const struct clock_fixed *)self)->at;
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
