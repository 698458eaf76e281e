/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole verified call over UDP, warm, its chain trusted, beside the least it can cost: one verification by the
 * engine and a bare echo of the same datagrams in the same batches. Server, echo and caller are processes of their
 * own; what counts is the CPU time of all threads of the server and of the echo.
 *
 *     bench_call PROGRAM [CALLS]       PROGRAM: build/bonafide
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>

#include "bench.h"
#include "load.h"
#include "stage.h"
#include "es256/es256.h"

#define GOAL  1.35
#define TURNS 5u

struct figures {
    double call_ns, echo_ns, wall_ns;
    double worker_ns, index_ns; /* of call_ns */
};

/* Server and echo in turns, the same datagrams to both; the median turn of each. */
static bool measure(const struct stage *stage, struct carrier *carrier, pid_t echo,
                    const struct sockaddr_in *echo_at, size_t n, struct figures *ret)
{
    double call[TURNS], bare[TURNS], wall[TURNS], unused;
    const int64_t worker = cpu_ns_of(stage->server, "worker"), index = cpu_ns_of(stage->server, "index");
    const double all = (double)n * (TURNS + 1);
    for (unsigned turn = 0; turn <= TURNS; turn++) {
        struct datagram *calls = calls_make(carrier, (uint64_t)turn * n, n);
        const unsigned at = turn ? turn - 1 : 0; /* the first only warms up, and is written over */
        if (!calls)
            return false;
        call[at] =
            load_cost(stage->server, &stage->at, calls, n, "SIP/2.0 302", "TN-Validation-Passed", &wall[at]);
        bare[at] = load_cost(echo, echo_at, calls, n, "INVITE ", "Identity: ", &unused);
        calls_free(calls, n);
        if (call[at] < 0 || bare[at] < 0)
            return false;
    }
    *ret = (struct figures){
        .call_ns = bench_median(call, TURNS),
        .echo_ns = bench_median(bare, TURNS),
        .wall_ns = bench_median(wall, TURNS),
        .worker_ns = (double)(cpu_ns_of(stage->server, "worker") - worker) / all,
        .index_ns = (double)(cpu_ns_of(stage->server, "index") - index) / all,
    };
    return true;
}

static double engine_ns(void)
{
    enum { N = 2048 };
    static const char text[420] = "a signing input";
    struct es256_job jobs[LOAD_BATCH];
    struct es256 *engine = NULL;
    struct es256_key *key = NULL;
    struct sha256 *sha = NULL;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    double ns[TURNS];
    uint8_t signature[64];
    bool good = pkey && es256_create(NULL, &engine) == BF_OK && es256_key_create(pkey, &key) == BF_OK &&
                sha256_create(&sha) == BF_OK &&
                es256_sign(pkey, span_make(text, sizeof text), signature) == BF_OK;
    for (unsigned turn = 0; good && turn < TURNS; turn++) {
        const int64_t from = cpu_ns(0);
        for (unsigned done = 0; good && done < N; done += LOAD_BATCH) {
            for (unsigned i = 0; i < LOAD_BATCH; i++) {
                jobs[i].key = key;
                memcpy(jobs[i].signature, signature, 64);
                good = good && sha256_one(sha, span_make(text, sizeof text), jobs[i].digest) == BF_OK;
            }
            es256_verify_many(engine, jobs, LOAD_BATCH);
            for (unsigned i = 0; i < LOAD_BATCH; i++)
                good = good && jobs[i].result == BF_OK;
        }
        ns[turn] = (double)(cpu_ns(0) - from) / N;
    }
    sha256_destroy(sha);
    es256_key_destroy(key);
    es256_destroy(engine);
    EVP_PKEY_free(pkey);
    return good ? bench_median(ns, TURNS) : -1;
}

static bool run(const char *program, const char *name, const char *store, size_t n, double goal, bool *good)
{
    struct stage stage;
    struct figures f = { 0 };
    struct sockaddr_in echo_at;
    const double engine = engine_ns();
    bool done = false;
    if (engine < 0 || !stage_open(program, store, 1, &stage))
        return false;
    struct carrier *carrier = stage_carrier(&stage, 0);
    const pid_t echo = carrier ? echo_start(&echo_at) : 0;
    if (echo) {
        done = measure(&stage, carrier, echo, &echo_at, n, &f);
        echo_stop(echo);
    }
    carrier_close(carrier);
    stage_close(&stage);
    if (!done)
        return false;
    printf(
        "%s: engine %.2f µs, echo %.2f µs; worker %.1f µs, index %.1f µs; %.0f calls/s seen from outside\n",
        name, engine / 1000, f.echo_ns / 1000, f.worker_ns / 1000, f.index_ns / 1000, 1e9 / f.wall_ns);
    *good = bench_say(name, f.call_ns, engine + f.echo_ns, "engine + echo", goal) && *good;
    return true;
}

int main(int argc, char **argv)
{
    const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 6400;
    bool good = true;
    if (argc < 2 || n == 0) {
        fprintf(stderr, "usage: bench_call PROGRAM [CALLS]\n");
        return 64;
    }
    const bool done = run(argv[1], "whole call, relaxed", "durability: relaxed", n, GOAL, &good) &&
                      run(argv[1], "whole call, strict", "durability: strict", n, 0, &good) &&
                      run(argv[1], "whole call, store off", "url: \"\"", n, 0, &good);
    return done && good ? 0 : 1;
}
