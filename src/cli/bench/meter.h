/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures as ratios. A machine is fast or slow, busy or idle; what stays is how much more one thing costs than
 * another, measured in turns within one run. CPU time of the process, all its threads, never the wall's.
 */
#ifndef CLI_BENCH_METER_H
#define CLI_BENCH_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* CPU nanoseconds that a process (0: this one) has used so far, all threads, system calls included. */
int64_t cpu_ns(pid_t pid);
/* Of the calling thread. */
int64_t cpu_ns_thread(void);
/* CPU nanoseconds of the threads of a process that have this name (`worker`, `index`). */
int64_t cpu_ns_of(pid_t pid, const char *thread);

/* One thing to measure: runs `n` times, returns false when it did not do its work (the figure would be a lie). */
struct subject {
    const char *name;
    bool (*run)(void *arg, uint64_t n);
    void *arg;
    uint64_t n;
    double ns; /* out: of one run, the median turn */
};

/*
 * Runs all in turns and takes the median turn of each; a round before the first warms caches and predictors. Ends
 * after `turns`, or after the turn that was under way when `budget_ns` of the wall's time were used up (0: no such end).
 * false when one of them did not do its work; *ret_failed (may be NULL) is its name.
 */
#define METER_TURNS 64u
bool meter_in_turns(struct subject *subjects, size_t n_subjects, unsigned turns, int64_t budget_ns,
                    const char **ret_failed);

/* The calling thread, and those it starts from now on, stay on this CPU; -1: on any that the process began with. */
void cpu_pin(int cpu);
/* Every thread that a process has now. */
void cpu_pin_process(pid_t pid, int cpu);
/* The CPUs this process may use: how many, and two of them (the same one twice when there is no other). */
size_t cpu_pair(int ret[static 2]);
/* `model name` of /proc/cpuinfo. */
void cpu_name(char *out, size_t size);

#endif
