/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is our clock right? A step of wall time against monotonic time, or signed times that all lie on one side of ours,
 * says no. It only raises alarms: nothing is judged differently.                         design.md "Freshness"; SEC-043
 */
#ifndef SERVE_WATCH_H
#define SERVE_WATCH_H

#include "base/clock.h"
#include "base/fault.h"

#define WATCH_STEP_MS  2000
#define WATCH_MEDIAN_S 20
#define WATCH_LEAST    32u /* samples below which a median says nothing */

struct watch {
    bool begun;
    int64_t wall_ms, mono_ms;
    uint64_t seen; /* samples counted when the median last alarmed */
};

/* Call it about once a second. *ret_ms: how far the clock jumped, forward or back. true: more than WATCH_STEP_MS. */
bool watch_step(struct watch *w, struct instant now, int64_t *ret_ms);

/*
 * offsets: the last iat - now of tokens, in any order; scratch takes n. *ret_s: the median; true: it is beyond WATCH_MEDIAN_S.
 * total: how many there ever were; the same samples alarm once.
 */
bool watch_median(struct watch *w, const int32_t *offsets, int32_t *scratch, size_t n, uint64_t total,
                  int64_t *ret_s);

#endif
