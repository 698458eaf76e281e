/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clock on the wall says in a zone. Changes of the next decades are looked up once (base/tz.h: the system's zones); a question
 * is a search among them, without a lock, so that threads can ask.
 */
#ifndef RULES_ZONE_H
#define RULES_ZONE_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

#define ZONE_CHANGES 400u

struct zone {
    size_t n; /* at least 1: what holds before the first change */
    struct {
        utc_t from;
        int32_t offset; /* seconds east of UTC */
    } at[ZONE_CHANGES];
};

/* BF_EFORM: there is no such zone. BF_EIO, BF_ENOMEM. "" is UTC. Reads a file: not for a worker. */
enum bf_err zone_read(struct span name, struct zone *ret) must_use;

/* Minutes since midnight, 0 to 1439, and the day of the week, 0: Sunday. */
struct zone_time {
    unsigned minute, weekday;
};
struct zone_time zone_time(const struct zone *z, utc_t at);

#endif
