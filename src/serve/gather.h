/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it worth waiting for more calls? A batch of one costs nearly what a batch of eight does, for the engine verifies
 * eight signatures at once; so when calls come fast enough that a short wait meets some, it saves more than it costs.
 *
 * What is known of the load is a level that decays with time: about how many calls came within the last GATHER_SPAN. Nothing
 * here reads a clock or waits. Idle, or with few calls a second, the answer is always 0.
 */
#ifndef SERVE_GATHER_H
#define SERVE_GATHER_H

#include "base/clock.h"

#define GATHER_SPAN  MONO_MS(8)
#define GATHER_GROUP 8u /* a batch of so many, or more, is not waited for */
#define GATHER_LEAST 2u /* calls that a wait must be expected to meet */

struct gather {
    mono_t at;     /* of the last look */
    int64_t level; /* in 1/256 of a call */
};

/* So many calls were taken at `now`; also when there were none. */
void gather_seen(struct gather *g, unsigned calls, mono_t now);

/* have: calls of the batch so far. How long to wait for more, 0 to ceiling. */
mono_t gather_wait(const struct gather *g, unsigned have, mono_t ceiling);

#endif
