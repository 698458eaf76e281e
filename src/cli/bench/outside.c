/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole calls over UDP: INVITE, answer, ACK, between this process on one CPU and `bonafide serve` on the other, in turns
 * with a bare echo of the same datagrams. Every answer is looked at; a turn in which one was missing or wrong ends the
 * bench. CPU time is that of the whole server process, what it does after the last answer (the index of the record)
 * included.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench/echo.h"
#include "cli/bench/late.h"
#include "cli/bench/meter.h"
#include "cli/bench/outside.h"

#define TURNS_MOST 15u

#define SOON "es256:\n  busy: 1\n" /* tables soon: nobody measures while signers prove themselves */

static const struct {
    const char *name, *store;
} keeps[N_KEEP] = {
    [KEEP_OFF] = { "off", "  url: \"\"\n  journal: \"\"\n" },
    [KEEP_RELAXED] = { "relaxed", "  durability: relaxed\n" },
    [KEEP_STRICT] = { "strict", "  durability: strict\n" },
};

/* ---- the servers ---- */

static bool servers_open(struct bench_run *r, struct outside *o)
{
    for (size_t k = 0; k < N_KEEP; k++) {
        const struct stage_options options = { .program = r->program,
                                               .name = keeps[k].name,
                                               .store = keeps[k].store,
                                               .more = SOON,
                                               .workers = 1,
                                               .cpu = -1, /* until they are warm */
                                               .metrics = true };
        if (!stage_open(r->lab, &options, &o->servers[k]))
            return false;
        o->opened++;
    }
    return echo_start(&o->echo);
}

static void servers_close(struct outside *o)
{
    for (size_t k = 0; k < o->opened; k++)
        stage_close(&o->servers[k]);
    if (o->echo.counts)
        echo_stop(&o->echo);
}

/* All of its threads; the few GET /metrics that we ask for among them, which its worker answers. */
static int64_t server_ns(pid_t pid)
{
    return cpu_ns(pid);
}

/* Until it has nothing left to do: the index of the record may be behind the answers. s NULL: the echo, which never is. */
static void wait_for_quiet(const struct bench_run *r, const struct stage *s)
{
    const mono_t end = clock_now(&clock_system).mono + (r->quick ? MONO_S(2) : MONO_S(10));
    bool quiet = s == NULL;
    while (!quiet && clock_now(&clock_system).mono < end && !run_stopped(NULL)) {
        const int64_t before = server_ns(s->server);
        poll(NULL, 0, 15);
        quiet = server_ns(s->server) - before < MONO_MS(1) / 2 &&
                stage_metric(s, "bonafide_journal_lag_records") <= 0;
    }
}

/* ---- until they are warm ---- */

#define SLOWLY                                                                                               \
    250000.0         /* nanoseconds between two calls: tables are built about as fast as they are asked for */
#define FEW      32u /* calls on their way while signers are new: each waits for its chain, and only so many may */
#define AT_FIRST 2u /* rounds like that */

/* A round of calls to one server. */
struct warming {
    const struct bench_run *r;
    const struct stage *stage;
    struct load load;
    pthread_t thread;
    bool started, answered, clean, tables;
};

static bool over(void *arg)
{
    return run_over(arg);
}

static void *warm_one(void *arg)
{
    struct warming *w = arg;
    struct load_result *result = calloc(1, sizeof *result);
    w->clean = result && load_run(&w->load, result);
    w->answered = result && (result->answered > 0 || result->stopped);
    free(result);
    wait_for_quiet(w->r, w->stage);
    w->tables = w->r->figures->why_no_lanes ||
                stage_metric(w->stage, OUTSIDE_TABLES) >= (double)w->r->lab->carriers.n;
    return NULL;
}

/* The same calls to all servers at once. *ret_warm: all answered all of them rightly, and have a table for every signer. */
static bool warm_round(struct bench_run *r, struct outside *o, unsigned round, bool *ret_warm)
{
    struct warming all[N_KEEP] = { 0 };
    struct made_calls calls;
    bool good = true;
    if (!run_calls(r, true, r->lab->carriers.n, &calls))
        return false;
    for (size_t k = 0; k < N_KEEP; k++) {
        all[k] = (struct warming){ .r = r, .stage = &o->servers[k] };
        all[k].load = (struct load){ .to = o->servers[k].at,
                                     .first_line = STAGE_FIRST_LINE,
                                     .holds = STAGE_PASSED,
                                     .calls = &calls,
                                     .interval_ns = round < AT_FIRST ? 0 : SLOWLY,
                                     .window = FEW,
                                     .shares_cpu = true,
                                     .stop = over,
                                     .stop_arg = r };
        all[k].started = pthread_create(&all[k].thread, NULL, warm_one, &all[k]) == 0;
    }
    *ret_warm = true;
    for (size_t k = 0; k < N_KEEP; k++) {
        if (all[k].started)
            pthread_join(all[k].thread, NULL);
        good = good && all[k].answered;
        *ret_warm = *ret_warm && all[k].clean && all[k].tables;
    }
    calls_free(&calls);
    return good || command_fail("bench", false, "a server answers no call.");
}

static bool servers_warm(struct bench_run *r, struct outside *o, bool *ret_warm)
{
    bool good = true;
    *ret_warm = false;
    for (unsigned round = 0; good && (!*ret_warm || round < AT_FIRST) && round < 60 && !run_over(r); round++)
        good = warm_round(r, o, round, ret_warm);
    for (size_t k = 0; k < N_KEEP; k++)
        cpu_pin_process(o->servers[k].server, r->server_cpu);
    return good;
}

/* ---- under more calls than it can take ---- */

/* One of those that take turns. */
struct subject_over_udp {
    const char *first_line, *holds;
    struct sockaddr_in at;
    const struct stage *stage; /* NULL: the echo */
    pid_t pid;
    bool signs;
    size_t window;
    struct full_figures *ret;
    double ns[TURNS_MOST], worker_ns[TURNS_MOST], rate[TURNS_MOST], batch[TURNS_MOST];
};

static double batches(const struct outside *o, const struct subject_over_udp *s)
{
    uint64_t datagrams, n;
    if (s->stage)
        return stage_metric(s->stage, "bonafide_batches_total");
    echo_look(&o->echo, &datagrams, &n);
    return (double)n;
}

static bool take_turn(struct bench_run *r, const struct outside *o, struct subject_over_udp *s,
                      const struct made_calls *calls, size_t turn)
{
    const struct load load = { .to = s->at,
                               .first_line = s->first_line,
                               .holds = s->holds,
                               .calls = calls,
                               .window = s->window,
                               .shares_cpu = r->server_cpu == r->load_cpu,
                               .stop = run_stopped };
    struct load_result result;
    const double n = (double)calls->n, batches_before = batches(o, s);
    const int64_t cpu = server_ns(s->pid), worker = cpu_ns_of(s->pid, "worker");
    cpu_pin(r->load_cpu);
    const bool good = load_cost(&load, s->pid, &result) >= 0;
    cpu_pin(-1);
    wait_for_quiet(r, s->stage);
    s->ns[turn] = (double)(server_ns(s->pid) - cpu) / n;
    s->worker_ns[turn] = (double)(cpu_ns_of(s->pid, "worker") - worker) / n;
    s->rate[turn] = n * 1e9 / (double)result.wall;
    s->batch[turn] = 2 * n / (batches(o, s) - batches_before);
    return good;
}

static void settle(struct subject_over_udp *s, size_t turns)
{
    *s->ret = (struct full_figures){ median(s->ns, turns), median(s->worker_ns, turns),
                                     median(s->rate, turns), median(s->batch, turns) };
}

#define SUBJECTS (N_KEEP + 2)

static void subjects_name(struct bench_run *r, const struct outside *o, struct subject_over_udp *s)
{
    struct figures *f = r->figures;
    for (size_t k = 0; k < N_KEEP; k++)
        s[k] = (struct subject_over_udp){ .first_line = STAGE_FIRST_LINE,
                                          .holds = STAGE_PASSED,
                                          .at = o->servers[k].at,
                                          .stage = &o->servers[k],
                                          .pid = o->servers[k].server,
                                          .window = k == KEEP_STRICT ? OUTSIDE_STRICT_WINDOW : 0,
                                          .ret = &f->call[k] };
    s[N_KEEP] = s[KEEP_RELAXED];
    s[N_KEEP].holds = STAGE_SIGNED;
    s[N_KEEP].at = o->servers[KEEP_RELAXED].sign_at;
    s[N_KEEP].signs = true;
    s[N_KEEP].ret = &f->sign;
    s[N_KEEP + 1] = (struct subject_over_udp){ .first_line = ECHO_FIRST_LINE,
                                               .holds = ECHO_HOLDS,
                                               .at = o->echo.at,
                                               .pid = o->echo.pid,
                                               .ret = &f->echo };
}

/* What is left, less what is to come after them. */
static mono_t turns_budget(const struct bench_run *r)
{
    const mono_t left = run_left(r) - (r->quick ? MONO_S(7) : MONO_S(60));
    const mono_t most = r->quick ? MONO_S(4) : MONO_S(60);
    return left < most ? left : most;
}

/* All in turns; the first turn only warms up, and is written over. */
static bool full_measure(struct bench_run *r, struct outside *o)
{
    struct subject_over_udp *s = calloc(SUBJECTS, sizeof *s);
    const size_t n = r->quick ? 6000 : 20000, turns = r->quick ? 3 : 7;
    const mono_t end = clock_now(&clock_system).mono + turns_budget(r);
    size_t done = 0;
    bool good = s != NULL;
    if (good)
        subjects_name(r, o, s);
    for (size_t turn = 0; good && turn <= turns && !run_over(r); turn++) {
        struct made_calls calls = { 0 }, plain = { 0 };
        good = run_calls(r, true, n, &calls) && run_calls(r, false, n, &plain);
        struct made_calls fewer = calls; /* each batch waits for the disk */
        fewer.n = n / 4;
        for (size_t i = 0; good && i < SUBJECTS && !run_stopped(NULL); i++)
            good = take_turn(r, o, &s[i],
                             s[i].signs         ? &plain
                             : i == KEEP_STRICT ? &fewer
                                                : &calls,
                             turn ? turn - 1 : 0);
        calls_free(&calls);
        calls_free(&plain);
        done = turn ? turn : 1;
        if (turn && clock_now(&clock_system).mono > end)
            break;
    }
    for (size_t i = 0; good && i < SUBJECTS; i++)
        settle(&s[i], done);
    free(s);
    return good;
}

/* ---- two workers ---- */

#define ROUNDS 5u /* the first two are for the tables */
#define CALLS  30000u

static bool two_workers_round(struct bench_run *r, const struct stage *s, double *ret_ns,
                              double *ret_caller_ns, double *ret_rate)
{
    struct made_calls calls;
    struct load_result result;
    if (!run_calls(r, true, CALLS, &calls))
        return false;
    const struct load load = { .to = s->at,
                               .first_line = STAGE_FIRST_LINE,
                               .holds = STAGE_PASSED,
                               .calls = &calls,
                               .shares_cpu = true,
                               .stop = run_stopped };
    const int64_t mine = cpu_ns_thread(), theirs = server_ns(s->server);
    const bool good = load_cost(&load, s->server, &result) >= 0;
    *ret_caller_ns = (double)(cpu_ns_thread() - mine) / CALLS;
    wait_for_quiet(r, s);
    *ret_ns = (double)(server_ns(s->server) - theirs) / CALLS;
    *ret_rate = CALLS * 1e9 / (double)(result.wall ? result.wall : 1);
    calls_free(&calls);
    return good || run_stopped(NULL);
}

/* Two workers and their caller, on whatever CPUs there are. */
static bool two_workers(struct bench_run *r)
{
    double ns[ROUNDS], caller_ns[ROUNDS], rate[ROUNDS];
    struct stage s;
    const struct stage_options options = { .program = r->program,
                                           .name = "two-workers",
                                           .store = keeps[KEEP_RELAXED].store,
                                           .more = SOON,
                                           .workers = 2,
                                           .cpu = -1,
                                           .metrics = true };
    if (!stage_open(r->lab, &options, &s))
        return false;
    bool good = stage_meet(&s, r->next_number);
    r->next_number += r->lab->carriers.n;
    size_t done = 0;
    for (; good && done < ROUNDS && !run_over(r); done++)
        good = two_workers_round(r, &s, &ns[done], &caller_ns[done], &rate[done]);
    if (good && done == ROUNDS) {
        r->figures->workers_2 =
            (struct full_figures){ .ns = median(ns + 2, ROUNDS - 2), .rate = median(rate + 2, ROUNDS - 2) };
        r->figures->generator_2_ns = median(caller_ns + 2, ROUNDS - 2);
    }
    stage_close(&s);
    return good;
}

bool measure_outside(struct bench_run *r)
{
    struct outside o = { .opened = 0 };
    bool good = servers_open(r, &o), warm = false;
    run_step(r);
    good = good && servers_warm(r, &o, &warm);
    cpu_pin_process(o.echo.pid, r->server_cpu);
    run_step(r);
    if (good && warm && !run_over(r))
        good = full_measure(r, &o);
    run_step(r);
    if (good && warm && !run_over(r))
        good = measure_late(r, &o);
    servers_close(&o);
    if (good && !r->quick && r->server_cpu != r->load_cpu && !run_over(r))
        good = two_workers(r);
    run_step(r);
    return good;
}
