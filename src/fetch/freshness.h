/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an answer may be kept, by its own header.              RFC 9111 sections 4.2, 5.2.2; X5U-007
 * Only what a private cache reads; the floor of 24 h is the cache's business, not ours.
 */
#ifndef FETCH_FRESHNESS_H
#define FETCH_FRESHNESS_H

#include "base/clock.h"
#include "base/span.h"

struct freshness {
    int64_t max_age_s; /* -1: not said; the smallest of several */
    int64_t age_s;     /* spent in caches on the way */
    utc_t expires, date;
    bool has_expires, has_date, has_control, no_store, pragma;
};

#define FRESHNESS_UNSAID ((struct freshness){ .max_age_s = -1 })

/* One header field; names that say nothing about freshness are passed over. */
void freshness_header(struct freshness *f, struct span name, struct span value);

/* Seconds from now on; -1: nothing was said; 0: not to be kept. */
int64_t freshness_left(const struct freshness *f, utc_t now);

#endif
