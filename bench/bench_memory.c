/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the server: idle, what a cached signer adds, and whether it stays flat over many calls.
 *
 *     bench_memory PROGRAM [CALLS]      CALLS: 0 leaves the long part out; 1000000 in `make soak`
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/bench/stage.h"

#define CARRIERS     1024u
#define IDLE_KB      (25 * 1024)
#define SIGNER_BYTES (16.0 * 1024)

static bool say(const char *what, double value, const char *unit, double most)
{
    printf("%-28s %9.1f %s, at most %.0f%s\n", what, value, unit, most, value <= most ? "" : "  MISSED");
    fflush(stdout);
    return value <= most;
}

/* n calls, 2,048 at a time, signed by these carriers in turn; false when an answer was not as expected. */
static bool place(const struct stage *s, const struct carriers *carriers, uint64_t first, uint64_t n)
{
    while (n) {
        const size_t some = n < 2048 ? (size_t)n : 2048;
        struct made_calls calls;
        struct load_result result;
        if (!calls_make(carriers, first, some, 2, &calls))
            return false;
        const struct load load = { .to = s->at,
                                   .first_line = STAGE_FIRST_LINE,
                                   .holds = STAGE_PASSED,
                                   .calls = &calls,
                                   .shares_cpu = true };
        const bool good = load_cost(&load, s->server, &result) >= 0;
        calls_free(&calls);
        if (!good)
            return false;
        first += some;
        n -= some;
    }
    return true;
}

static bool flat(const struct stage *s, const struct carriers *first, uint64_t calls)
{
    long kb[5];
    /* the first fifth fills what is bounded: answers kept, tokens seen */
    for (int part = 0; part < 5; part++) {
        if (!place(s, first, 10000 + (uint64_t)part * (calls / 5), calls / 5))
            return false;
        kb[part] = resident_kb(s->server);
        printf("after %9llu calls          %9.1f MiB\n", (unsigned long long)(part + 1) * (calls / 5),
               (double)kb[part] / 1024);
        fflush(stdout);
    }
    return say("growth over the last half", (double)(kb[4] - kb[2]) / 1024, "MiB", 2);
}

static bool run(const struct stage *s, uint64_t calls, bool *good)
{
    const struct carriers first = { s->lab->carriers.all, 1 };
    *good = say("idle", (double)resident_kb(s->server) / 1024, "MiB", IDLE_KB / 1024.0);
    /* as many calls of one carrier first: what calls leave behind is not the signers' */
    if (!place(s, &first, 0, 2 * CARRIERS))
        return false;
    const long before = resident_kb(s->server);
    /* a chain to be read and kept for each: the first call of one may wait for it, and is parked */
    if (!stage_meet(s, 8000000))
        return false;
    *good = say("a cached signer", (double)(resident_kb(s->server) - before) * 1024 / (CARRIERS - 1), "bytes",
                SIGNER_BYTES) &&
            *good;
    if (calls)
        *good = flat(s, &first, calls) && *good;
    return true;
}

int main(int argc, char **argv)
{
    const uint64_t calls = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    struct stage_lab lab;
    struct stage s;
    bool good = false, done = false;
    if (argc < 2 || !stage_lab_open(CARRIERS, &lab))
        return 64;
    const struct stage_options options = {
        .program = argv[1], .name = "server", .store = "  durability: relaxed\n", .workers = 1, .cpu = -1
    };
    if (stage_open(&lab, &options, &s)) {
        done = run(&s, calls, &good);
        stage_close(&s);
    }
    stage_lab_close(&lab);
    return done && good ? 0 : 1;
}
