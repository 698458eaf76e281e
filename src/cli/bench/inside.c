/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole calls in memory: bytes -> message -> call -> judged, 64 at a time, each call new, a thousand signers in turn, one
 * memory of tokens and one index of signers for all threads. What a worker does, without its sockets and its record.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/bench/crowd.h"
#include "cli/bench/meter.h"
#include "cli/bench/run.h"
#include "verdict/judge.h"

#define BATCH       64u
#define ARENA_BLOCK (32u << 10)
#define ARENA_MAX   (1u << 20)
#define REPLAY      (1u << 20)

struct inside {
    struct epoch *epoch;
    struct signers *signers;
    struct replay *replay;
    struct es256_pool *pool;
    struct judge judge;
    struct call_rules rules;
    people_place people;
};

struct lane {
    struct sip_message message;
    struct call call;
    struct hearing hearing;
    struct arena *arena;
};

/* What a thread has. */
struct bench_seat {
    struct inside *inside;
    struct desk *desk;
    unsigned slot;
    bool joined;
    struct lane lanes[BATCH];
    /* its work */
    const struct made_calls *calls;
    size_t from, n;
    pthread_barrier_t *start;
    bool good;
    mono_t wall;
    int64_t cpu;
    long slept; /* how often it waited for something: a lock, a page */
};

/* ---- judging ---- */

static bool lane_read(struct bench_seat *s, struct lane *lane, const struct made_call *made,
                      struct instant now)
{
    const struct peer peer = { .pai = true, .source = 1 };
    struct fault fault;
    arena_reset(lane->arena);
    if (message_read(span_make(made->p, made->invite), SIP_DATAGRAM, &lane->message, &fault) != BF_OK ||
        call_of_sip(&lane->message, &s->inside->rules, &peer, now, desk_sha256(s->desk), lane->arena,
                    &lane->call, &fault) != BF_OK)
        return false;
    lane->hearing.judge = &s->inside->judge;
    lane->hearing.call = &lane->call;
    lane->hearing.arena = lane->arena;
    lane->hearing.desk = s->desk;
    lane->hearing.last = false;
    lane->hearing.asked_again = false;
    lane->hearing.n_wants = 0;
    return true;
}

/* One of ten thousand invented people may be called like a caller. */
static bool is_expected(const struct inside *in, enum outcome outcome)
{
    return outcome == GENUINE || (in->judge.people && outcome == IMPOSTOR);
}

static bool batch_judge(struct bench_seat *s, const struct made_call *made, size_t n)
{
    struct hearing *hearings[BATCH];
    const struct instant now = clock_now(&clock_system);
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        if (!lane_read(s, &s->lanes[i], &made[i], now))
            return false;
        hearings[i] = &s->lanes[i].hearing;
    }
    epoch_enter(s->inside->epoch, s->slot);
    judge_many(&s->inside->judge, s->desk, hearings, n);
    for (size_t i = 0; good && i < n; i++) {
        good = hearings[i]->state == HEARING_JUDGED && is_expected(s->inside, hearings[i]->verdict.outcome);
        if (!good)
            command_fail("bench", 0, "a call in memory was not judged genuine: %s.",
                         hearings[i]->state == HEARING_JUDGED ? hearings[i]->verdict.why : "it waits");
    }
    epoch_exit(s->inside->epoch, s->slot);
    return good;
}

static long times_slept(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 1;
}

static void *seat_work(void *arg)
{
    struct bench_seat *s = arg;
    s->good = true;
    pthread_barrier_wait(s->start);
    const long slept = times_slept();
    const mono_t began = clock_now(&clock_system).mono;
    const int64_t cpu = cpu_ns_thread();
    for (size_t at = 0; s->good && at < s->n; at += BATCH)
        s->good = batch_judge(s, &s->calls->all[s->from + at], s->n - at < BATCH ? s->n - at : BATCH);
    s->cpu = cpu_ns_thread() - cpu;
    s->wall = clock_now(&clock_system).mono - began;
    s->slept = times_slept() - slept;
    return NULL;
}

/*
 * n_seats threads, `each` calls each; false: a call was not judged genuine. *ret_ns: what the slowest of them took. A thread
 * that never slept took its CPU time: whatever else there is by the wall's clock, other processes took from it. One that
 * did sleep waited for the others, and that counts.
 */
static bool work(struct bench_seat *const *seats, size_t n_seats, const struct made_calls *calls, size_t each,
                 double *ret_ns)
{
    pthread_t threads[2];
    pthread_barrier_t start;
    bool good = pthread_barrier_init(&start, NULL, (unsigned)n_seats) == 0;
    size_t started = 0;
    for (size_t i = 0; good && i < n_seats; i++) {
        seats[i]->calls = calls;
        seats[i]->from = i * each;
        seats[i]->n = each;
        seats[i]->start = &start;
        if (i > 0 && pthread_create(&threads[started], NULL, seat_work, seats[i]) != 0)
            return false; /* no thread: the bench ends */
        started += i > 0;
    }
    if (good)
        seat_work(seats[0]);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    *ret_ns = 0;
    for (size_t i = 0; i < n_seats; i++) {
        const double took = (double)(seats[i]->slept ? seats[i]->wall : seats[i]->cpu);
        *ret_ns = took > *ret_ns ? took : *ret_ns;
        good = good && seats[i]->good;
    }
    pthread_barrier_destroy(&start);
    return good;
}

/* ---- what is needed ---- */

static void seat_close(struct bench_seat *s)
{
    if (!s)
        return;
    if (s->joined)
        epoch_leave(s->inside->epoch, s->slot);
    desk_destroy(s->desk);
    for (size_t i = 0; i < BATCH; i++)
        arena_destroy(s->lanes[i].arena);
    free(s);
}

static struct bench_seat *seat_open(struct inside *in)
{
    struct bench_seat *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->inside = in;
    bool good = desk_create(in->pool, &s->desk) == BF_OK;
    s->joined = good && epoch_join(in->epoch, &s->slot) == BF_OK;
    good = good && s->joined;
    for (size_t i = 0; good && i < BATCH; i++)
        good = arena_create(ARENA_BLOCK, ARENA_MAX, &s->lanes[i].arena) == BF_OK;
    if (good)
        return s;
    seat_close(s);
    return NULL;
}

static bool inside_open(struct bench_run *r, struct inside *in)
{
    const char *const anchors[] = { r->lab->root };
    const struct trust_domain_options domain = {
        .name = "lab", .anchors = anchors, .n_anchors = 1, .lab = true
    };
    struct trust *trust = NULL;
    char *message = NULL;
    if (trust_create(&domain, 1, 1, clock_now(&clock_system).utc, &trust, &message) != BF_OK) {
        command_fail("bench", 0, "%s", message ? message : "no anchors");
        free(message);
        return false;
    }
    if (epoch_create(&in->epoch) != BF_OK ||
        signers_create(
            &(struct signers_options){
                .certs_dir = r->lab->certs, .trust = trust, .epoch = in->epoch, .clock = &clock_system },
            &in->signers) != BF_OK) {
        trust_destroy(trust);
        return false;
    }
    in->judge =
        (struct judge){ .options = { .freshness_s = 60, .least_attestation = 'A' }, .signers = in->signers };
    if (replay_create(REPLAY, MONO_S(130), &in->replay) != BF_OK || !run_pool(r->engine, true, &in->pool))
        return false;
    in->judge.replay = in->replay;
    return true;
}

static void inside_close(struct inside *in)
{
    people_destroy((struct people *)atomic_load(&in->people));
    signers_destroy(in->signers);
    replay_destroy(in->replay);
    es256_pool_destroy(in->pool);
    epoch_destroy(in->epoch);
}

static void one_there(void *arg)
{
    atomic_fetch_sub((_Atomic size_t *)arg, 1);
}

static bool chain_ask(struct inside *in, const struct carrier *c, _Atomic size_t *missing)
{
    atomic_fetch_add(missing, 1);
    return signers_want(in->signers, span_of(c->x5u), 0, false, one_there, missing) == BF_OK;
}

/*
 * A batch at a time, the chains of its signers are asked for, and its calls judged: what no token has proven yet is kept
 * only for few at a time.
 */
static bool signers_meet(struct bench_run *r, struct inside *in, struct bench_seat *seat)
{
    const struct carriers *carriers = &r->lab->carriers;
    struct made_calls calls;
    _Atomic size_t missing = 0;
    bool good = run_calls(r, true, carriers->n, &calls);
    for (size_t at = 0; good && at < calls.n; at += BATCH) {
        const size_t n = calls.n - at < BATCH ? calls.n - at : BATCH;
        for (size_t i = 0; good && i < n; i++)
            good = chain_ask(in, &carriers->all[(calls.first + at + i) % carriers->n], &missing);
        for (int tries = 0; atomic_load(&missing) && tries < 50000; tries++)
            usleep(100);
        good = good && batch_judge(seat, &calls.all[at], n);
    }
    if (atomic_load(&missing)) { /* who would answer into a frame that is gone? */
        signers_destroy(in->signers);
        in->signers = NULL;
    }
    calls_free(&calls);
    return good;
}

/* Rounds until every signer has its table; where there are no tables, one. *ret_warm: it came to that. */
static bool warm_up(struct bench_run *r, struct inside *in, struct bench_seat *seat, bool *ret_warm)
{
    const bool tables = strcmp(es256_pool_name(in->pool), "lanes") == 0;
    bool good = true;
    *ret_warm = false;
    for (unsigned round = 0; good && !*ret_warm && round < 40 && !run_over(r); round++) {
        struct made_calls calls;
        double ns;
        if (!run_calls(r, true, 4 * r->lab->carriers.n, &calls))
            return false;
        good = work(&seat, 1, &calls, calls.n, &ns);
        calls_free(&calls);
        es256_pool_settle(in->pool);
        *ret_warm = !tables || es256_pool_counts(in->pool).tables >= r->lab->carriers.n;
    }
    return good;
}

/* ---- measuring ---- */

static bool turn(struct bench_run *r, struct bench_seat *const *seats, size_t each, double *ret_ns,
                 double *ret_scale)
{
    struct made_calls calls;
    double one = 0, two = 0;
    if (!run_calls(r, true, each, &calls))
        return false;
    bool good = work(seats, 1, &calls, each, &one);
    *ret_ns = (double)seats[0]->cpu / (double)each;
    calls_free(&calls);
    if (!good || !run_calls(r, true, 2 * each, &calls))
        return false;
    good = work(seats, 2, &calls, each, &two);
    calls_free(&calls);
    *ret_scale = 2 * one / two;
    return good;
}

static bool measure(struct bench_run *r, struct bench_seat *const *seats)
{
    enum { MOST = 7 };
    double ns[MOST], scale[MOST];
    const size_t each = r->quick ? 4096 : 16384, turns = r->quick ? 3 : MOST;
    size_t done = 0;
    for (; done < turns && !run_over(r); done++)
        if (!turn(r, seats, each, &ns[done], &scale[done]))
            return false;
    r->figures->inside_ns = median(ns, done);
    r->figures->scale_2 = r->server_cpu != r->load_cpu ? median(scale, done) : 0;
    return true;
}

/* The same calls where many people are known, and every name is looked for among theirs. */
static bool measure_known(struct bench_run *r, struct inside *in, struct bench_seat *seat)
{
    enum { MOST = 5 };
    const size_t each = 8192;
    double ns[MOST], took;
    size_t done = 0;
    struct people *people = NULL;
    if (!crowd_load(r->lab->dir, CROWD_PEOPLE, &people))
        return false;
    atomic_store(&in->people, people);
    in->judge.people = &in->people;
    for (bool good = true; good && done < MOST && !run_over(r); done++) {
        struct made_calls calls;
        good = run_calls(r, true, each, &calls) && work(&seat, 1, &calls, each, &took);
        calls_free(&calls);
        if (!good)
            return false;
        ns[done] = (double)seat->cpu / (double)each;
    }
    r->figures->known_ns = median(ns, done);
    return true;
}

bool measure_inside(struct bench_run *r)
{
    struct inside in = { 0 };
    struct bench_seat *seats[2] = { NULL, NULL };
    bool good = inside_open(r, &in), warm = false;
    for (size_t i = 0; good && i < 2; i++)
        good = (seats[i] = seat_open(&in)) != NULL;
    good = good && signers_meet(r, &in, seats[0]) && warm_up(r, &in, seats[0], &warm);
    run_step(r);
    if (good && warm && !run_stopped(NULL))
        good = measure(r, seats) && (r->quick || measure_known(r, &in, seats[0]));
    seat_close(seats[0]);
    seat_close(seats[1]);
    inside_close(&in);
    run_step(r);
    return good;
}
