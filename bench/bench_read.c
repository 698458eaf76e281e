/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading and judging one warm call costs beside the digest of its message: bytes -> message -> call -> token ->
 * judged, a thousand signers, batches of 64. The engine answers at once (the linker puts __wrap_es256_verify_many in its
 * place), so what is left is ours. CPU time of this thread, stage by stage, the median batch of each.
 *
 *     bench_read [SIGNERS] [TURNS]
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "cli/bench/meter.h"
#include "cli/bench/stage.h"
#include "verdict/judge.h"

#define BATCH       64u
#define SIGNERS     1024u
#define TURNS       40u
#define ARENA_BLOCK (32u << 10) /* as the server's */

enum what { COPY, DIGEST, MESSAGE, CALL, IDENTITY, TOKEN, JUDGE, SIGNING_INPUT, N_STAGES };

struct desks {
    struct stage_lab lab;
    struct epoch *epoch;
    unsigned slot;
    struct signers *signers;
    struct desk *desk;
    struct sha256 *sha;
    EVP_MD_CTX *md;
    struct judge judge;
    struct made_calls calls; /* one of each signer */
    struct instant now;
    struct lane {
        struct sip_message message;
        struct call call;
        struct identity identity;
        struct token token;
        struct arena *arena;
        struct hearing hearing;
    } lanes[BATCH];
    struct hearing *hearings[BATCH];
    double *took[N_STAGES]; /* nanoseconds a call, of each batch */
    size_t n_took;
};

/* Until the signers have proven themselves the engine is asked. */
static bool engine_is_asked = true;

void __real_es256_verify_many(struct es256 *engine, struct es256_job *jobs, size_t n);
void __wrap_es256_verify_many(struct es256 *engine, struct es256_job *jobs, size_t n);
void __wrap_es256_verify_many(struct es256 *engine, struct es256_job *jobs, size_t n)
{
    if (engine_is_asked)
        __real_es256_verify_many(engine, jobs, n);
    else
        for (size_t i = 0; i < n; i++)
            jobs[i].result = BF_OK;
}

static bool digest_message(struct desks *d, struct span s)
{
    uint8_t out[SHA256_BYTES];
    return EVP_DigestInit_ex2(d->md, NULL, NULL) == 1 && EVP_DigestUpdate(d->md, s.p, s.n) == 1 &&
           EVP_DigestFinal_ex(d->md, out, NULL) == 1;
}

/* ---- the stages, of one call ---- */

static bool run_one(struct desks *d, enum what what, struct lane *l, struct span bytes)
{
    static char copy[LIMIT_SIP_MESSAGE];
    static const struct peer peer = { .source = 1, .pai = true };
    static const struct call_rules rules = { .plan = &dial_plan_usual };
    enum token_flaw flaw;
    uint8_t sum[SHA256_BYTES];
    struct fault fault;
    switch (what) {
    case COPY: memcpy(copy, bytes.p, bytes.n); return true;
    case DIGEST: return digest_message(d, bytes);
    case MESSAGE: return message_read(bytes, SIP_DATAGRAM, &l->message, &fault) == BF_OK;
    case CALL:
        return call_of_sip(&l->message, &rules, &peer, d->now, d->sha, l->arena, &l->call, &fault) == BF_OK;
    case IDENTITY: return identity_read(l->call.identities[0], &l->identity, &fault) == BF_OK;
    case TOKEN: return token_read(l->identity.token, l->arena, &l->token, &flaw, &fault) == BF_OK;
    case SIGNING_INPUT: return sha256_one(d->sha, l->token.signed_part, sum) == BF_OK;
    case JUDGE:
    case N_STAGES: break;
    }
    return false;
}

static bool judge_batch(struct desks *d, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        struct lane *l = &d->lanes[i];
        l->hearing = (struct hearing){ .call = &l->call, .arena = l->arena };
        d->hearings[i] = &l->hearing;
    }
    judge_many(&d->judge, d->desk, d->hearings, n);
    for (size_t i = 0; i < n; i++)
        good = good && d->lanes[i].hearing.state == HEARING_JUDGED &&
               d->lanes[i].hearing.verdict.outcome == GENUINE;
    return good;
}

static bool run_batch(struct desks *d, enum what what, const struct made_call *calls, size_t n)
{
    bool good = true;
    const int64_t from = cpu_ns_thread();
    if (what == JUDGE)
        good = judge_batch(d, n);
    else
        for (size_t i = 0; i < n; i++)
            good = run_one(d, what, &d->lanes[i], span_make(calls[i].p, calls[i].invite)) && good;
    d->took[what][d->n_took] = (double)(cpu_ns_thread() - from) / (double)n;
    return good;
}

/* As a worker does it: the arenas are emptied once the batch is over. */
static bool run_stages(struct desks *d, const struct made_call *calls, size_t n)
{
    bool good = true;
    epoch_enter(d->epoch, d->slot);
    for (enum what what = COPY; what < N_STAGES; what++)
        good = good && run_batch(d, what, calls, n);
    epoch_exit(d->epoch, d->slot);
    for (size_t i = 0; i < n; i++)
        arena_reset(d->lanes[i].arena);
    return good;
}

/* ---- before anything is measured ---- */

static void told(void *arg)
{
    atomic_fetch_add((_Atomic size_t *)arg, 1);
}

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

/* Judged with the engine; what it lacks is asked for. *ret_known: the short way knew its header. */
static bool judge_one(struct desks *d, size_t i, _Atomic size_t *arrived, size_t *asked, bool *ret_known)
{
    struct lane *l = &d->lanes[0];
    const struct span bytes = span_make(d->calls.all[i].p, d->calls.all[i].invite);
    if (!run_one(d, MESSAGE, l, bytes) || !run_one(d, CALL, l, bytes))
        return false;
    epoch_enter(d->epoch, d->slot);
    const bool genuine = judge_batch(d, 1);
    *ret_known = genuine && l->hearing.verdict.n_identities && l->hearing.verdict.identities[0].short_way;
    for (size_t k = 0; k < l->hearing.n_wants; k++)
        *asked += signers_want(d->signers, l->hearing.wants[k].x5u, 0, false, told, arrived) == BF_OK;
    const bool good = genuine || l->hearing.n_wants;
    if (!good)
        fprintf(stderr, "%s\n", l->hearing.verdict.why);
    epoch_exit(d->epoch, d->slot);
    arena_reset(l->arena);
    return good;
}

/* Signers are asked for, and their tokens judged until their headers are known: few at a time, for those on probation are few. */
static bool warm(struct desks *d)
{
    _Atomic size_t arrived = 0;
    size_t asked = 0, known = 0;
    bool is_known;
    for (size_t first = 0; first < d->calls.n; first += known) {
        const size_t n = d->calls.n - first < BATCH ? d->calls.n - first : BATCH;
        known = 0;
        for (unsigned round = 0; round < 1000 && known < n; round++) {
            known = 0;
            for (size_t i = 0; i < n; i++) {
                if (!judge_one(d, first + i, &arrived, &asked, &is_known))
                    return false;
                known += is_known;
            }
            while (atomic_load(&arrived) < asked)
                pause_ms(1);
            pause_ms(known < n);
        }
        if (known < n)
            return false;
    }
    engine_is_asked = false;
    return true;
}

static bool make_signers(struct desks *d)
{
    char *message = NULL;
    const char *anchors[] = { d->lab.root };
    const struct trust_domain_options domain = { .name = "lab", .anchors = anchors, .n_anchors = 1 };
    struct signers_options options = { .certs_dir = d->lab.certs };
    if (epoch_create(&d->epoch) != BF_OK || epoch_join(d->epoch, &d->slot) != BF_OK ||
        trust_create(&domain, 1, 1, d->now.utc, &options.trust, &message) != BF_OK)
        return false;
    options.epoch = d->epoch;
    return signers_create(&options, &d->signers) == BF_OK;
}

static bool prepare(struct desks *d, size_t n, unsigned turns)
{
    d->now = clock_now(&clock_system);
    if (!stage_lab_open(n, &d->lab) || !calls_make(&d->lab.carriers, 0, n, 1, &d->calls) ||
        !make_signers(d) || desk_create(NULL, &d->desk) != BF_OK || sha256_create(&d->sha) != BF_OK)
        return false;
    d->md = EVP_MD_CTX_new();
    if (!d->md || EVP_DigestInit_ex2(d->md, EVP_sha256(), NULL) != 1)
        return false;
    d->judge =
        (struct judge){ .options = { .freshness_s = 600, .least_attestation = 'A' }, .signers = d->signers };
    for (size_t i = 0; i < BATCH; i++)
        if (arena_create(ARENA_BLOCK, 1u << 20, &d->lanes[i].arena) != BF_OK)
            return false;
    for (enum what what = COPY; what < N_STAGES; what++)
        if (!(d->took[what] = calloc((n / BATCH + 1) * turns, sizeof(double))))
            return false;
    return warm(d);
}

static void finish(struct desks *d)
{
    signers_destroy(d->signers);
    if (d->epoch)
        epoch_leave(d->epoch, d->slot);
    epoch_destroy(d->epoch);
    desk_destroy(d->desk);
    sha256_destroy(d->sha);
    EVP_MD_CTX_free(d->md);
    calls_free(&d->calls);
    for (size_t i = 0; i < BATCH; i++)
        arena_destroy(d->lanes[i].arena);
    for (enum what what = COPY; what < N_STAGES; what++)
        free(d->took[what]);
    stage_lab_close(&d->lab);
}

static void say_one(const char *name, double ns, double beside_ns, const char *beside)
{
    printf("%-28s %9.2f µs beside %9.2f µs (%s): %.2f\n", name, ns / 1000, beside_ns / 1000, beside,
           ns / beside_ns);
}

static void say(struct desks *d)
{
    static const char *const names[N_STAGES] = { "copy of the message", "message's digest (OpenSSL)",
                                                 "message_read",        "call_of_sip",
                                                 "identity_read",       "token_read",
                                                 "judge_many",          "signing input's digest" };
    double ns[N_STAGES];
    for (enum what what = COPY; what < N_STAGES; what++)
        ns[what] = median(d->took[what], d->n_took);
    for (enum what what = MESSAGE; what < N_STAGES; what++)
        say_one(names[what], ns[what], ns[DIGEST], names[DIGEST]);
    const double all = ns[MESSAGE] + ns[CALL] + ns[JUDGE] - ns[SIGNING_INPUT];
    say_one("read and judged, no signature", all, ns[DIGEST], names[DIGEST]);
    say_one("message's digest (OpenSSL)", ns[DIGEST], ns[COPY], names[COPY]);
}

int main(int argc, char **argv)
{
    static struct desks d;
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : SIGNERS;
    const unsigned turns = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : TURNS;
    bool good = prepare(&d, n, turns);
    if (!good)
        fprintf(stderr, "nothing can be measured\n");
    for (unsigned turn = 0; good && turn < turns; turn++)
        for (size_t at = 0; good && at + BATCH <= n; at += BATCH) {
            good = run_stages(&d, d.calls.all + at, BATCH);
            d.n_took++;
        }
    if (good)
        say(&d);
    finish(&d);
    return good ? 0 : 1;
}
