/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, in its two kinds. Wall time (UTC seconds) is what tokens and certificates speak of; monotonic
 * time (nanoseconds since some start) is what timers and caches count. A worker reads both once a
 * batch, and a call is judged at its arrival. Tests bring a clock of their own.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef int64_t utc_t;  /* seconds since 1970-01-01T00:00:00Z */
typedef int64_t mono_t; /* nanoseconds, monotonic */

#define MONO_S(s)   ((mono_t)(s)*1000000000)
#define MONO_MS(ms) ((mono_t)(ms)*1000000)

struct instant {
    utc_t utc;
    int32_t ms; /* thousandths of the second, for records and logs */
    mono_t mono;
};

struct clock_source {
    struct instant (*now)(const struct clock_source *self);
};

/* The machine's own clock. */
extern const struct clock_source clock_system;

static inline struct instant clock_now(const struct clock_source *clock)
{
    return clock->now(clock);
}

/* A clock that a test sets: `struct clock_fixed c = { { clock_fixed_now }, { .utc = 1443208345 } };` */
struct clock_fixed {
    struct clock_source source;
    struct instant at;
};
struct instant clock_fixed_now(const struct clock_source *self);
/* Moves it, also while other threads look at it. */
void clock_fixed_set(struct clock_fixed *clock, struct instant at);

/* `2015-09-25T19:12:25Z`; out takes 21 bytes, NUL included. Years outside 0-9999 give `-`. */
char *utc_text(utc_t t, char out[static 21]);

#endif
