/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a run, and what they share: the lab, the time there is, whether to stop. */
#ifndef CLI_BENCH_RUN_H
#define CLI_BENCH_RUN_H

#include <signal.h>

#include "cli/bench/figures.h"
#include "cli/bench/stage.h"
#include "cli/command.h"
#include "es256/es256.h"

struct bench_run {
    struct figures *figures;
    const struct stage_lab *lab;
    const char *program; /* this one */
    bool quick, plots;
    enum es256_choice engine; /* of calls */
    mono_t deadline;          /* nothing long begins after it */
    int server_cpu, load_cpu; /* the same one where there is no other; -1: anywhere */
    uint64_t next_number;     /* of calls: each is made once */
    struct progress progress;
    size_t step;
};

/* Each fills its part of the figures. false: something did not work, and standard error says what; or run_over. */
bool measure_signatures(struct bench_run *r);
bool measure_inside(struct bench_run *r);
bool measure_outside(struct bench_run *r);

/* Ctrl-C, which is held back while the bench runs; void *, so that it can be asked by whoever loads. */
bool run_stopped(void *unused);
/* Stopped, or the time is up. */
bool run_over(const struct bench_run *r);
mono_t run_left(const struct bench_run *r);
void run_step(struct bench_run *r);

/* Calls of this lab; numbered on. signed_: with tokens, made now. */
bool run_calls(struct bench_run *r, bool signed_, size_t n, struct made_calls *ret);

/* An engine's pool for this run: tables for every signer. NULL, *ret: OpenSSL alone. */
bool run_pool(enum es256_choice engine, bool tables, struct es256_pool **ret);

/* Nothing is missing that belongs to a whole run on this CPU: the time sufficed. */
bool figures_complete(const struct figures *f);
/* When the run is printed as JSON: one object on one line. */
void report_json(const struct figures *f);
void report_table(const struct figures *f, bool colors);
/* SVG files in a directory that exists; command: what made them. false: errno. */
bool plots_write(const struct figures *f, const char *directory, const char *command);

#endif
