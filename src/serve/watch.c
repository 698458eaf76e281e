/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/watch.h"

#include <stdlib.h>
#include <string.h>

bool watch_step(struct watch *w, struct instant now, int64_t *ret_ms)
{
    const int64_t wall = now.utc * 1000 + now.ms, mono = now.mono / 1000000;
    const int64_t jump = w->begun ? (wall - w->wall_ms) - (mono - w->mono_ms) : 0;
    w->begun = true;
    w->wall_ms = wall;
    w->mono_ms = mono;
    *ret_ms = jump;
    return jump > WATCH_STEP_MS || jump < -WATCH_STEP_MS;
}

static int by_value(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

bool watch_median(struct watch *w, const int32_t *offsets, int32_t *scratch, size_t n, uint64_t total,
                  int64_t *ret_s)
{
    *ret_s = 0;
    if (n < WATCH_LEAST)
        return false;
    memcpy(scratch, offsets, n * sizeof *scratch);
    qsort(scratch, n, sizeof *scratch, by_value);
    *ret_s = scratch[n / 2];
    const bool far = *ret_s > WATCH_MEDIAN_S || *ret_s < -WATCH_MEDIAN_S;
    if (!far || total < w->seen + n)
        return false;
    w->seen = total;
    return true;
}
