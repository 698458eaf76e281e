/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What many measurements say: percentiles of latencies, medians of turns, and when each call of an open loop is due.
 * Pure arithmetic; the clock is the caller's.
 */
#ifndef CLI_BENCH_STATS_H
#define CLI_BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* ---- a histogram of nanoseconds: 128 steps an octave, so that a percentile is at most 1 % too high ---- */

#define HISTOGRAM_STEPS   128u
#define HISTOGRAM_OCTAVES 34u /* up to 18 minutes; what is longer counts as that */

struct histogram {
    uint64_t n;
    mono_t most;
    uint32_t counts[(HISTOGRAM_OCTAVES + 1) * HISTOGRAM_STEPS];
};

/* ns < 0 counts as 0. times: how often it happened. */
void histogram_add(struct histogram *h, mono_t ns, uint32_t times);
/* The value that `share` of all values (0 < share <= 1) do not exceed: the nearest rank. 0 when there are none. */
mono_t histogram_at(const struct histogram *h, double share);

/* ---- an open loop ---- */

/*
 * Call i is due at start + i * interval, whatever became of the calls before it, and its latency counts from there. A server
 * that stands still, or a caller that could not send, therefore shows in every call that should have been made meanwhile
 * (no coordinated omission). interval 0: a closed loop, where a call is due when there is room for it.
 */
struct pace {
    mono_t start;
    double interval; /* nanoseconds */
    size_t n;        /* calls in all */
    size_t sent, answered;
    size_t window; /* how many may be on their way: more would not fit into the server's socket */
};

mono_t pace_due(const struct pace *p, size_t i);
/* How many are to be sent now: due, not sent yet, and room for them. */
size_t pace_owed(const struct pace *p, mono_t now);

/*
 * What a spinning thread saw, as if it had been asked for something at every `step`: it looked at `before`, and then not
 * again until `after`. Calls that were due in between waited until then.
 */
void gap_add(struct histogram *h, mono_t before, mono_t after, mono_t step);

/* ---- turns ---- */

double median(double *values, size_t n); /* puts them in order; 0 of none */

#endif
