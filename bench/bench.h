/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures as ratios. A machine is fast or slow, busy or idle; what stays is how much more one thing costs than
 * another, measured in turns within one run. CPU time of the process, all its threads, never the wall's.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU nanoseconds that a process (0: this one) has used so far, all threads, system calls included. */
int64_t cpu_ns(pid_t pid);

/* CPU nanoseconds of the threads of a process that have this name (`worker`, `index`), to the hundredth of a second. */
int64_t cpu_ns_of(pid_t pid, const char *thread);

/* One thing to measure: runs `n` times, returns false when it did not do its work (the figure would be a lie). */
struct subject {
    const char *name;
    bool (*run)(void *arg, uint64_t n);
    void *arg;
};

/*
 * Runs both in turns, `turns` times n of each, and takes the median turn of each. *ret_ns: nanoseconds of one run
 * of each. false when one of them did not do its work.
 */
bool bench_in_turns(const struct subject subjects[2], unsigned turns, uint64_t n, double ret_ns[2]);

/*
 * `verify engine: 71.2 µs beside 70.1 µs (EVP_DigestVerify), 1.02, goal 1.10`; goal 0: none. true: within the goal.
 */
bool bench_say(const char *name, double ours_ns, double theirs_ns, const char *theirs, double goal);

/* The median of the values, which are put in order. */
double bench_median(double *values, unsigned n);

#endif
