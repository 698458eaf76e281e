/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody who calls: INVITEs from one UDP socket, in batches, an ACK for every answer, and a count of what came back.
 * One thread that never sleeps while it has a CPU of its own.
 */
#ifndef CLI_BENCH_LOAD_H
#define CLI_BENCH_LOAD_H

#include <netinet/in.h>
#include <sys/types.h>

#include "cli/bench/made.h"
#include "cli/bench/stats.h"

#define LOAD_BATCH  64u
#define LOAD_WINDOW 512u /* calls on their way: enough that a server never waits, few enough for its socket */

struct load {
    struct sockaddr_in to;
    const char *first_line, *holds; /* what a right answer begins with and contains */
    const struct made_calls *calls; /* each is placed once */
    double interval_ns;             /* between two calls (pace); 0: as many as the window lets through */
    size_t window;                  /* 0: LOAD_WINDOW */
    bool shares_cpu;                /* sleep when there is nothing to do: others want this CPU */
    bool (*stop)(void *arg);        /* asked now and then; NULL: never */
    void *stop_arg;
};

struct load_result {
    size_t sent, answered;
    size_t right;             /* answered, once, by the text that was expected */
    size_t again;             /* further answers to the same call */
    size_t lost;              /* not answered within LOAD_PATIENCE */
    mono_t wall;              /* from the first call to the last answer */
    bool stopped;             /* by load.stop */
    struct histogram latency; /* since the call was due; in a closed loop since it was sent */
};
#define LOAD_PATIENCE MONO_MS(1000)
#define LOAD_GIVE_UP  MONO_MS(3000) /* without any answer */

/* true: every call was sent, and answered rightly. false: `ret` says how many were not; errno 0, or what the socket said. */
bool load_run(const struct load *load, struct load_result *ret);

/* As load_run, and the CPU time of process `pid` for each call; negative: it was not clean, and standard error says how. */
double load_cost(const struct load *load, pid_t pid, struct load_result *ret);

#endif
