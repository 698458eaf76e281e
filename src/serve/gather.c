/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After calls at an even rate the level is rate x (GATHER_SPAN + the time between looks), x 256.
 * 16,000 a second, a look for each: 16 x 8 + 1 = 129 calls; seven more take 7 / 16 ms: 434 µs.
 */
#include "serve/gather.h"

#include <stdbool.h>

#define ONE 256

void gather_seen(struct gather *g, unsigned calls, mono_t now)
{
    const mono_t passed = now > g->at ? now - g->at : 0;
    if (passed > 1000 * GATHER_SPAN)
        g->level = 0;
    else
        g->level = g->level * GATHER_SPAN / (GATHER_SPAN + passed);
    g->level += (int64_t)calls * ONE;
    g->at = now;
}

#define DOUBT_LIMIT 3u

static bool is_doubted(struct gather *g)
{
    if (g->doubt < DOUBT_LIMIT || ++g->refused >= GATHER_RETRY)
        return false;
    return true;
}

mono_t gather_wait(struct gather *g, unsigned have, mono_t ceiling)
{
    if (have == 0 || have >= GATHER_GROUP || ceiling <= 0 || g->level <= 0)
        return 0;
    if (g->level * ceiling < (int64_t)GATHER_LEAST * ONE * GATHER_SPAN || is_doubted(g))
        return 0;
    const mono_t wait = (int64_t)(GATHER_GROUP - have) * ONE * GATHER_SPAN / g->level;
    return wait < ceiling ? wait : ceiling;
}

void gather_met(struct gather *g, mono_t waited, unsigned calls)
{
    const int64_t expected = g->level * waited / GATHER_SPAN; /* in 1/256 of a call, as the level */
    g->refused = 0;
    if (2 * (int64_t)calls * ONE >= expected)
        g->doubt /= 2;
    else if (g->doubt < 2 * DOUBT_LIMIT)
        g->doubt++;
}
