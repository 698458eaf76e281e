/* SPDX-License-Identifier: Apache-2.0 */
/* How late answers come: by load and durability, beside what the machine and its disk do to anybody. */
#ifndef CLI_BENCH_LATE_H
#define CLI_BENCH_LATE_H

#include "cli/bench/outside.h"

/* Fills clean_rate, latency, gaps and disk. The highest clean rate is looked for below what each server did in its turns. */
bool measure_late(struct bench_run *r, struct outside *o);

#endif
