/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it worth waiting for more calls? A batch of one costs nearly what a batch of eight does, for the engine verifies
 * eight signatures at once; so when calls come fast enough that a short wait meets some, it saves more than it costs.
 *
 * What is known of the load is a level that decays with time: about how many calls came within the last GATHER_SPAN. Idle,
 * or with few calls a second, the answer is always 0. Waits that meet nobody (a caller who sends the next call when the
 * last one is answered) are given up soon, and tried again once in GATHER_RETRY. Nothing here reads a clock or waits.
 */
#ifndef SERVE_GATHER_H
#define SERVE_GATHER_H

#include "base/clock.h"

#define GATHER_SPAN  MONO_MS(8)
#define GATHER_GROUP 8u /* a batch of so many, or more, is not waited for */
#define GATHER_LEAST 2u /* calls that a wait must be expected to meet */
#define GATHER_RETRY 512u

struct gather {
    mono_t at;        /* of the last look */
    int64_t level;    /* in 1/256 of a call */
    unsigned doubt;   /* so many waits in a row, about, met less than half of what was expected */
    unsigned refused; /* for doubt, since the last wait */
};

/* So many calls were taken at `now`; also when there were none. */
void gather_seen(struct gather *g, unsigned calls, mono_t now);

/* have: calls of the batch so far. How long to wait for more, 0 to ceiling. */
mono_t gather_wait(struct gather *g, unsigned have, mono_t ceiling);

/* After a wait: so many more came. Before they are told to gather_seen. */
void gather_met(struct gather *g, mono_t waited, unsigned calls);

#endif
