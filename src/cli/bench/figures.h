/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `bonafide bench` found out: filled by the parts that measure (signatures.c, inside.c, outside.c), read by those
 * that tell (report.c, plot.c). CPU time in nanoseconds for one; 0: was not measured here.
 */
#ifndef CLI_BENCH_FIGURES_H
#define CLI_BENCH_FIGURES_H

#include "cli/bench/stats.h"

#define FIGURE_SIGNERS 1000u
#define FIGURE_SIZES   7u /* batches of 1, 2, 4 … 64 */
#define FIGURE_LOADS   9u

enum durability { KEEP_OFF, KEEP_RELAXED, KEEP_STRICT, N_KEEP };

/* A server under more calls than it can take. */
struct full_figures {
    double ns;        /* all of its threads */
    double worker_ns; /* of these */
    double rate;      /* calls a second, by the wall's clock */
    double batch;     /* messages in a batch, on average */
};

struct latency {
    double load; /* share of the highest clean rate */
    double rate; /* calls a second */
    bool clean;  /* every call was answered rightly, and in time */
    mono_t p50, p99, p999, most;
};

struct figures {
    bool quick;
    bool cut; /* the time was up before the end */
    char cpu[96];
    const char *engine, *why_no_lanes; /* NULL: lanes run here */
    double seconds;                    /* that all of it took */

    /* signatures */
    double sign_ns, identity_ns; /* EVP_DigestSign with a kept key; a whole Identity value */
    double openssl_ns;           /* EVP_DigestVerify with kept keys */
    double warm_ns[FIGURE_SIZES], cold_ns[FIGURE_SIZES];
    double table_bytes, table_ns; /* of a signer */

    /* whole calls in memory */
    double inside_ns, scale_2;
    double known_ns; /* a call where CROWD_PEOPLE are known; 0: a quick run, which leaves it out */

    /* whole calls over UDP */
    struct full_figures echo, call[N_KEEP], sign;
    struct full_figures workers_2;
    double generator_2_ns; /* what the caller took of the CPUs that two workers and it shared */
    double clean_rate[N_KEEP];
    struct latency latency[N_KEEP][FIGURE_LOADS];
    size_t n_latency[N_KEEP];
    struct latency gaps; /* what a spinning thread saw */
    struct latency disk; /* fdatasync of a batch of records */
};

/* One, two, four … */
static inline size_t figure_size(size_t i)
{
    return (size_t)1 << i;
}

#endif
