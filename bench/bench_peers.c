/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ours beside Kamailio with secsipid: the same calls, the same signers, the same checks (signature, chain to our root,
 * time, whose call it is), each server alone on one core with the load on another. First both must refuse what is not
 * to be believed; then the highest rate at which every call is answered rightly, the CPU time of all processes and
 * threads that a call takes there, and what it takes at a fixed rate that SIPp sends. docs/bench/peers.md says more.
 *
 *     bench_peers PROGRAM PEERS               PROGRAM: build/bonafide; PEERS: bench/peers
 *     bench_peers PROGRAM PEERS --tell        every trial as well
 *     bench_peers PROGRAM PEERS --control     only whether both believe and refuse the same; TAP
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "peer.h"
#include "sipp.h"
#include "cli/bench/meter.h"

#define SIGNERS    1000u
#define FIXED_RATE 1000u
#define FIXED_S    8u

/* The search for the highest clean rate. */
#define OFTEN 8u /* calls of each signer in a closed loop */
#define WINDOW                                                                                               \
    128u /* calls on their way there: full batches, and no call waits long even where the machine is slow */
#define BUSY    32u /* calls of each signer in a round that makes it one of the busy */
#define ROUNDS  20u /* of those, until ours has a table for every signer */
#define STEPS   5u  /* of bisection: to within 2 % */
#define TRIAL_S 1.0 /* each */
#define TURNS   3u  /* runs at the rate that was found */
#define TURN_S  2.0 /* each */
#define WRONG   6u  /* how often that rate may turn out too high, by 3 % each time */

/* Goals: times the rate, times less CPU at that rate, times less at the fixed one. */
static const double goals[] = { 40, 50, 12 };

struct bench {
    struct stage_lab lab;
    struct carriers stranger;
    struct stage stage;
    struct peer peer;
    struct side sides[SIDES];
    int server_cpu, load_cpu; /* the same where there is only one */
    uint64_t number;          /* of the next call: none is placed twice */
    bool told;                /* every trial is */
};

/* SIGINT and SIGTERM are blocked, and looked for: what was started is ended in any case. */
static bool stopped(void *unused)
{
    sigset_t pending;
    (void)unused;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM));
}

/* n calls, the signers in turn, tokens of now. */
static bool calls_of_all(struct bench *b, size_t n, struct made_calls *ret)
{
    const uint64_t first = b->number;
    b->number += n;
    return !stopped(NULL) && calls_make(&b->lab.carriers, first, n, 2, ret);
}

/* ---- measuring ---- */

/* Waits until a server has come to rest (records are written after the answers), ten seconds at most. Its CPU so far. */
static int64_t rest(const struct side *side)
{
    int64_t before = tree_cpu_ns(side->pid);
    for (unsigned i = 0; i < 50 && !stopped(NULL); i++) {
        poll(NULL, 0, 200);
        const int64_t now = tree_cpu_ns(side->pid);
        if (now - before < MONO_MS(2)) /* a hundredth of the time: timers */
            return now;
        before = now;
    }
    return before;
}

struct trial {
    double interval_ns; /* between two calls; 0: as fast as it goes */
    size_t n, window;   /* calls in all, and at most at a time; 0: load.h says */
    double rate, ns;    /* out: calls a second, CPU of each */
};

static struct trial at_rate(double rate, double seconds)
{
    return (struct trial){ .interval_ns = 1e9 / rate, .n = (size_t)(rate * seconds) };
}

/* What the threads of ours took, for whoever looks for where the time goes. */
static const char *const threads[] = { "worker", "record", "index" };
#define THREADS (sizeof threads / sizeof threads[0])

static void threads_look(const struct side *side, int64_t ret[static THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        ret[i] = cpu_ns_of(side->pid, threads[i]);
}

static void threads_tell(const struct side *side, const int64_t from[static THREADS], size_t n)
{
    int64_t now[THREADS];
    threads_look(side, now);
    for (size_t i = 0; i < THREADS; i++)
        if (now[i] > from[i])
            printf(", %s %.1f", threads[i], (double)(now[i] - from[i]) / 1e3 / (double)n);
    printf("\n");
    fflush(stdout);
}

static void tell(const struct side *side, const struct trial *t, const struct load_result *r, bool good)
{
    printf("  %s: %.0f calls/s for %.1f s: %zu of %zu right, %zu lost; p50 %.2f ms, p99 %.2f ms; %.1f µs%s",
           side->name, t->rate, (double)r->wall / 1e9, r->right, t->n, r->lost,
           (double)histogram_at(&r->latency, 0.5) / 1e6, (double)histogram_at(&r->latency, 0.99) / 1e6,
           t->ns / 1e3, good ? "" : "  not clean");
}

/* As fast as they are due, within 1 %: or the queue would grow for ever. */
static bool in_time(const struct trial *t, const struct load_result *r)
{
    return t->interval_ns == 0 || (double)r->wall <= 1.01 * (double)t->n * t->interval_ns + 2e6;
}

/* Places calls. false: one was lost or answered wrongly, or the server could not keep up. */
static bool trial_run(struct bench *b, const struct side *side, struct trial *t)
{
    struct made_calls calls = { 0 };
    struct load_result *r = calloc(1, sizeof *r);
    bool good = r && calls_of_all(b, t->n, &calls);
    const struct load load = { .to = side->at,
                               .first_line = STAGE_FIRST_LINE,
                               .holds = STAGE_PASSED,
                               .calls = &calls,
                               .interval_ns = t->interval_ns,
                               .window = t->window,
                               .shares_cpu = b->server_cpu == b->load_cpu,
                               .stop = stopped };
    if (good) {
        const int64_t from = rest(side);
        int64_t of[THREADS];
        threads_look(side, of);
        cpu_pin(b->load_cpu);
        good = load_run(&load, r) && in_time(t, r);
        cpu_pin(-1);
        t->ns = (double)(rest(side) - from) / (double)t->n;
        t->rate = (double)t->n * 1e9 / (double)r->wall;
        if (b->told) {
            tell(side, t, r, good);
            threads_tell(side, of, t->n);
        }
    }
    calls_free(&calls);
    free(r);
    return good;
}

/* Tables of signers that our engine has; -1: it is of a kind that has none, or another server is asked about. */
static double tables_of(const struct bench *b, const struct side *side)
{
    const double tables = side == &b->sides[OURS] ? stage_metric(&b->stage, "bonafide_es256_tables") : -1;
    if (b->told && tables >= 0)
        printf("  %s: tables for %.0f signers\n", side->name, tables);
    return tables;
}

/*
 * Every signer, few at a time: ours lets only so many calls of one source wait for certificates it does not have yet. Then
 * often enough that what is made for busy signers is made: a table for each, of so many in a round.
 */
static bool warm(struct bench *b, const struct side *side)
{
    struct trial few = { .n = SIGNERS, .window = 32 }, often = { .n = OFTEN * SIGNERS, .window = WINDOW };
    struct trial busy = { .n = BUSY * SIGNERS, .window = WINDOW };
    bool good = trial_run(b, side, &few) && trial_run(b, side, &often);
    for (unsigned round = 0; good && round < ROUNDS; round++) {
        const double tables = tables_of(b, side);
        if (tables < 0 || tables >= SIGNERS)
            break;
        good = trial_run(b, side, &busy);
    }
    if (!good && !stopped(NULL))
        fprintf(stderr, "%s: not every call was answered rightly, although there was time\n", side->name);
    return good;
}

/*
 * Bisection between half of what a closed loop gets through and a little more than that. Then TURNS longer runs at the
 * rate that was found; when one of those is not clean, it was too high.
 */
static bool highest(struct bench *b, struct side *side)
{
    double rate[TURNS], ns[TURNS];
    unsigned turn = 0, wrong = 0;
    struct trial closed = { .n = OFTEN * SIGNERS, .window = WINDOW };
    if (!trial_run(b, side, &closed))
        return false;
    double low = closed.rate / 2, high = closed.rate * 1.1;
    for (unsigned step = 0; step < STEPS; step++) {
        const double middle = (low + high) / 2;
        struct trial t = at_rate(middle, TRIAL_S);
        *(trial_run(b, side, &t) ? &low : &high) = middle;
    }
    while (turn < TURNS && wrong < WRONG && !stopped(NULL)) {
        struct trial t = at_rate(low, TURN_S);
        if (trial_run(b, side, &t)) {
            rate[turn] = t.rate, ns[turn] = t.ns, turn++;
        } else {
            low *= 0.97, turn = 0, wrong++;
        }
    }
    if (turn < TURNS) {
        fprintf(stderr, "%s: no rate was clean %u times in a row; is this machine busy otherwise?\n",
                side->name, TURNS);
        return false;
    }
    side->rate = median(rate, TURNS);
    side->call_ns = median(ns, TURNS);
    return true;
}

static bool fixed(struct bench *b, struct side *side, const char *scenario)
{
    const size_t n = (size_t)FIXED_RATE * FIXED_S;
    struct made_calls calls = { 0 };
    if (!calls_of_all(b, n, &calls))
        return false;
    const int64_t from = rest(side);
    int64_t of[THREADS];
    threads_look(side, of);
    cpu_pin(b->load_cpu);
    const bool good = sipp_run(b->lab.dir, scenario, &side->at, &calls, FIXED_RATE);
    cpu_pin(-1);
    side->fixed_ns = (double)(rest(side) - from) / (double)n;
    if (b->told) {
        printf("  %s: %u calls/s of SIPp for %u s: %.1f µs", side->name, FIXED_RATE, FIXED_S,
               side->fixed_ns / 1e3);
        threads_tell(side, of, n);
    }
    calls_free(&calls);
    return good;
}

/* ---- the whole ---- */

static bool open_all(struct bench *b, const char *program, const char *peers, size_t signers)
{
    char config[512];
    /* What cannot be believed is refused, as the peer does; the record is kept as it is by default, but for `relaxed`. */
    const struct stage_options options = { .program = program,
                                           .name = "ours",
                                           .store = "  durability: relaxed\n",
                                           .more = "policy: {broken: reject, unproven: reject}\n"
                                                   "redress: https://example.org/refused\n",
                                           .workers = 1,
                                           .cpu = b->server_cpu,
                                           .metrics = true };
    snprintf(config, sizeof config, "%s/kamailio.cfg", peers);
    if (!stage_lab_open(signers, &b->lab) || !stranger_open(&b->lab, &b->stranger) ||
        !stage_open(&b->lab, &options, &b->stage) ||
        !peer_open(config, &b->lab, &b->stranger, b->server_cpu, &b->peer))
        return false;
    b->sides[OURS] = (struct side){ .name = "bonafide", .pid = b->stage.server, .at = b->stage.at };
    b->sides[THEIRS] = (struct side){ .name = "Kamailio", .pid = b->peer.pid, .at = b->peer.at };
    return true;
}

static void close_all(struct bench *b)
{
    peer_close(&b->peer);
    stage_close(&b->stage);
    carriers_close(&b->stranger);
    if (b->lab.dir[0])
        stage_lab_close(&b->lab);
}

static bool measure(struct bench *b, const char *peers)
{
    char scenario[512];
    snprintf(scenario, sizeof scenario, "%s/call.xml", peers);
    for (unsigned i = 0; i < SIDES; i++) {
        struct side *side = &b->sides[i];
        if (!warm(b, side) || !highest(b, side) || !fixed(b, side, scenario))
            return false;
    }
    return true;
}

/* How many times better ours is, beside the goal. */
static bool row(const char *what, double ours, double theirs, double times, double goal)
{
    printf("%-40s %10.1f %10.1f %8.1f x   goal %.0f x%s\n", what, ours, theirs, times, goal,
           times >= goal ? "" : "  MISSED");
    return times >= goal;
}

static bool report(const struct bench *b)
{
    const struct side *o = &b->sides[OURS], *t = &b->sides[THEIRS];
    printf("%-40s %10s %10s\n", "", o->name, t->name);
    bool good = row("highest clean rate, calls/s", o->rate, t->rate, o->rate / t->rate, goals[0]);
    good &= row("CPU of a call at that rate, us", o->call_ns / 1e3, t->call_ns / 1e3, t->call_ns / o->call_ns,
                goals[1]);
    good &= row("CPU of a call at 1,000 calls/s, SIPp, us", o->fixed_ns / 1e3, t->fixed_ns / 1e3,
                t->fixed_ns / o->fixed_ns, goals[2]);
    return good;
}

static int bench(struct bench *b, const char *program, const char *peers, bool tap)
{
    int cpus[2];
    sigset_t ends;
    cpu_pair(cpus);
    b->server_cpu = cpus[0], b->load_cpu = cpus[1];
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    bool good = open_all(b, program, peers, tap ? 1 : SIGNERS);
    const struct controlled controlled = { b->sides, &b->lab.carriers, &b->stranger };
    if (tap)
        printf("1..%u\n", CONTROLS * SIDES);
    good = good && control(&controlled, &b->number, tap) && (tap || (measure(b, peers) && report(b)));
    close_all(b);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    const bool tap = argc == 4 && strcmp(argv[3], "--control") == 0;
    const bool told = argc == 4 && strcmp(argv[3], "--tell") == 0;
    const char *lacking = peer_lacking();
    if (argc != 3 && !tap && !told) {
        fprintf(stderr, "usage: bench_peers PROGRAM PEERS [--tell|--control]\n");
        return 64;
    }
    if (!lacking && !tap && !sipp_there())
        lacking = "SIPp is not installed";
    if (lacking) {
        printf(tap ? "1..0 # SKIP %s\n" : "%s; `make bench-peers` installs it\n", lacking);
        return tap ? 0 : 1;
    }
    struct bench *b = calloc(1, sizeof *b);
    if (!b)
        return 1;
    b->told = told;
    const int status = bench(b, argv[1], argv[2], tap);
    free(b);
    return status;
}
