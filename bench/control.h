/* SPDX-License-Identifier: Apache-2.0 */
/* Two servers, and whether each believes and refuses what it should: nothing is measured before that. */
#ifndef BENCH_CONTROL_H
#define BENCH_CONTROL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/bench/made.h"

enum { OURS, THEIRS, SIDES };

struct side {
    const char *name;
    pid_t pid;
    struct sockaddr_in at;
    double rate;     /* calls a second */
    double call_ns;  /* CPU of a call at that rate */
    double fixed_ns; /* and at the fixed one */
};

struct controlled {
    const struct side *sides;        /* SIDES of them */
    const struct carriers *carriers; /* the first signs */
    const struct carriers *stranger; /* whose root nobody trusts */
};

/*
 * A line for each case and side, of TAP or of the report. number: of the next call, moved on. true: all are as they
 * should be.
 */
#define CONTROLS 4u
bool control(const struct controlled *c, uint64_t *number, bool tap);

#endif
