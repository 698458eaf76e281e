/* SPDX-License-Identifier: Apache-2.0 */
/* The servers of a run: one for each way to keep the record, all warm, all on one CPU, idle unless it is their turn. */
#ifndef CLI_BENCH_OUTSIDE_H
#define CLI_BENCH_OUTSIDE_H

#include "cli/bench/echo.h"
#include "cli/bench/run.h"

struct outside {
    struct stage servers[N_KEEP];
    size_t opened;
    struct echo echo;
};

/* A strict server waits for the disk with every batch: a longer queue would be older than it allows, and be shed. */
#define OUTSIDE_STRICT_WINDOW 128u

#define OUTSIDE_TABLES "bonafide_es256_tables" /* tables of signers, as /metrics tells them */

#endif
