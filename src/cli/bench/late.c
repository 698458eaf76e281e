/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/late.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench/meter.h"

#define STEP        10000 /* nanoseconds: somebody is due so often at a spinning thread */
#define BATCH_BYTES 16384 /* a batch of records, about */

static mono_t now(void)
{
    return clock_now(&clock_system).mono;
}

static void latency_of(const struct histogram *h, struct latency *ret)
{
    ret->p50 = histogram_at(h, 0.5);
    ret->p99 = histogram_at(h, 0.99);
    ret->p999 = histogram_at(h, 0.999);
    ret->most = h->most;
}

/* ---- what the machine does ---- */

struct spin {
    int cpu;
    mono_t ns;
    struct histogram h;
};

static void *spin(void *arg)
{
    struct spin *s = arg;
    cpu_pin(s->cpu);
    const mono_t start = now();
    for (mono_t before = start, after; before - start < s->ns; before = after) {
        after = now();
        gap_add(&s->h, before, after, STEP);
    }
    return NULL;
}

/* Both CPUs at once, as the server and its caller have them; whoever had it worse counts. */
static bool gaps_measure(struct bench_run *r)
{
    struct spin *spins = calloc(2, sizeof *spins);
    pthread_t other;
    if (!spins)
        return false;
    spins[0] = (struct spin){ .cpu = r->server_cpu, .ns = r->quick ? MONO_MS(500) : MONO_S(2) };
    spins[1] = (struct spin){ .cpu = r->load_cpu, .ns = spins[0].ns };
    const bool two = r->server_cpu != r->load_cpu && pthread_create(&other, NULL, spin, &spins[1]) == 0;
    spin(&spins[0]);
    cpu_pin(-1);
    if (two)
        pthread_join(other, NULL);
    const size_t worse = two && histogram_at(&spins[1].h, 0.999) > histogram_at(&spins[0].h, 0.999);
    latency_of(&spins[worse].h, &r->figures->gaps);
    free(spins);
    return true;
}

/* A file beside the journals, as long as they would get. */
static bool disk_measure(struct bench_run *r)
{
    static const char bytes[BATCH_BYTES];
    char path[SCRATCH_PATH + 16];
    struct histogram *h = calloc(1, sizeof *h);
    snprintf(path, sizeof path, "%s/fdatasync", r->lab->dir);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    const mono_t end = now() + (r->quick ? MONO_MS(500) : MONO_S(3));
    bool good = h && fd >= 0;
    while (good && now() < end && !run_stopped(NULL)) {
        good = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes;
        const mono_t before = now();
        good = good && fdatasync(fd) == 0;
        histogram_add(h, now() - before, 1);
    }
    if (good)
        latency_of(h, &r->figures->disk);
    else
        command_fail("bench", 0, "%s cannot be written.", path);
    if (fd >= 0)
        close(fd);
    unlink(path);
    free(h);
    return good;
}

/* ---- what the server does ---- */

/* How far the last answer may be behind without a queue that grows: what the machine, or its disk, does to anybody. */
static mono_t usual_delay(const struct figures *f, enum durability keep)
{
    const mono_t disk = keep == KEEP_STRICT ? 2 * f->disk.p99 : 0;
    return MONO_MS(2) + (f->gaps.p999 > disk ? f->gaps.p999 : disk);
}

/*
 * `rate` calls a second for so long. ret->clean: all were answered rightly and in time, so that the last answer came no later
 * than 1 % after the last call was due, and the usual delay. false: no calls could be made.
 */
static bool open_loop(struct bench_run *r, const struct stage *s, enum durability keep, double rate,
                      double seconds, struct latency *ret)
{
    struct made_calls calls;
    struct load_result *result = calloc(1, sizeof *result);
    if (!result || !run_calls(r, true, (size_t)(rate * seconds) + 1, &calls)) {
        free(result);
        return false;
    }
    const struct load load = { .to = s->at,
                               .first_line = STAGE_FIRST_LINE,
                               .holds = STAGE_PASSED,
                               .calls = &calls,
                               .interval_ns = 1e9 / rate,
                               .window = keep == KEEP_STRICT ? OUTSIDE_STRICT_WINDOW : 0,
                               .shares_cpu = r->server_cpu == r->load_cpu,
                               .stop = run_stopped };
    cpu_pin(r->load_cpu);
    const bool right = load_run(&load, result);
    cpu_pin(-1);
    const double due = (double)calls.n * load.interval_ns;
    const double in_time = 1.01 * due + (double)usual_delay(r->figures, keep);
    *ret = (struct latency){ .rate = rate, .clean = right && (double)result->wall <= in_time };
    latency_of(&result->latency, ret);
    calls_free(&calls);
    free(result);
    return true;
}

/* From what it did in its turns downwards, in steps of 5 %. */
static bool find_clean_rate(struct bench_run *r, const struct stage *s, enum durability keep)
{
    const double full = r->figures->call[keep].rate, seconds = r->quick ? 0.25 : 1;
    for (int percent = 100; percent > 30 && !run_over(r); percent -= r->quick ? 10 : 5) {
        const double share = percent / 100.0;
        struct latency l;
        if (!open_loop(r, s, keep, share * full, seconds, &l))
            return false;
        if (l.clean) {
            r->figures->clean_rate[keep] = l.rate;
            return true;
        }
    }
    return true;
}

static int by_load(const void *a, const void *b)
{
    const double x = ((const struct latency *)a)->load, y = ((const struct latency *)b)->load;
    return (x > y) - (x < y);
}

/* What is wanted most comes first: the time may be up before the last. */
static bool latencies(struct bench_run *r, const struct stage *s, enum durability keep)
{
    static const double few[] = { 0.5, 0.9, 0.1 };
    static const double many[FIGURE_LOADS] = { 0.5, 0.9, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8 };
    const double *loads = r->plots ? many : few;
    const size_t n = r->plots ? FIGURE_LOADS : 3;
    struct figures *f = r->figures;
    for (size_t i = 0; i < n && !run_over(r) && f->clean_rate[keep] > 0; i++) {
        struct latency *l = &f->latency[keep][f->n_latency[keep]];
        if (!open_loop(r, s, keep, loads[i] * f->clean_rate[keep], r->quick ? 0.4 : 2, l))
            return false;
        l->load = loads[i];
        f->n_latency[keep]++;
    }
    qsort(f->latency[keep], f->n_latency[keep], sizeof f->latency[keep][0], by_load);
    return true;
}

bool measure_late(struct bench_run *r, struct outside *o)
{
    bool good = gaps_measure(r) && disk_measure(r);
    for (size_t k = KEEP_RELAXED; good && k < N_KEEP; k++)
        good = find_clean_rate(r, &o->servers[k], (enum durability)k) &&
               latencies(r, &o->servers[k], (enum durability)k);
    return good;
}
