/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the server: idle, what a cached signer adds, and whether it stays flat over many calls.
 *
 *     bench_memory PROGRAM [CALLS]      CALLS: 0 leaves the long part out; 1000000 in `make soak`
 */
#include <stdio.h>
#include <stdlib.h>

#include "load.h"
#include "stage.h"

#define CARRIERS     1024u
#define IDLE_KB      (25 * 1024)
#define SIGNER_BYTES (16.0 * 1024)

static bool say(const char *what, double value, const char *unit, double most)
{
    printf("%-28s %9.1f %s, at most %.0f%s\n", what, value, unit, most, value <= most ? "" : "  MISSED");
    fflush(stdout);
    return value <= most;
}

/* n calls of this carrier, 2,048 at a time; false when an answer was not as expected. */
static bool place(const struct stage *s, struct carrier *c, uint64_t first, uint64_t n)
{
    while (c && n) {
        const size_t some = n < 2048 ? (size_t)n : 2048;
        struct datagram *calls = calls_make(c, first, some);
        const struct load_result r =
            calls ? load_run(&s->at, calls, some, "SIP/2.0 302", "TN-Validation-Passed")
                  : (struct load_result){ 0 };
        calls_free(calls, some);
        if (r.passed != some) {
            fprintf(stderr, "%zu of %zu calls were answered as expected\n", r.passed, some);
            return false;
        }
        first += some;
        n -= some;
    }
    return c != NULL;
}

/* Each carrier once, a chain to be read and kept for each: the first call of one may wait for it, and is parked. */
static bool meet_carriers(const struct stage *s)
{
    for (size_t i = 1; i < s->n_carriers; i++) {
        struct carrier *c = stage_carrier(s, i);
        const bool good = place(s, c, 8000000 + i, 1);
        carrier_close(c);
        if (!good)
            return false;
    }
    return true;
}

static bool flat(const struct stage *s, struct carrier *c, uint64_t calls)
{
    long kb[5];
    /* the first fifth fills what is bounded: answers kept, tokens seen */
    for (int part = 0; part < 5; part++) {
        if (!place(s, c, 10000 + (uint64_t)part * (calls / 5), calls / 5))
            return false;
        kb[part] = resident_kb(s->server);
        printf("after %9llu calls          %9.1f MiB\n", (unsigned long long)(part + 1) * (calls / 5),
               (double)kb[part] / 1024);
        fflush(stdout);
    }
    return say("growth over the last half", (double)(kb[4] - kb[2]) / 1024, "MiB", 2);
}

int main(int argc, char **argv)
{
    const uint64_t calls = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    struct stage s;
    if (argc < 2 || !stage_open(argv[1], "durability: relaxed", CARRIERS, &s))
        return 64;
    struct carrier *first = stage_carrier(&s, 0);
    bool good = say("idle", (double)resident_kb(s.server) / 1024, "MiB", IDLE_KB / 1024.0);
    /* as many calls of one carrier first: what calls leave behind is not the signers' */
    bool done = first && place(&s, first, 0, 2 * CARRIERS);
    const long before = resident_kb(s.server);
    done = done && meet_carriers(&s);
    if (done)
        good = say("a cached signer", (double)(resident_kb(s.server) - before) * 1024 / (CARRIERS - 1),
                   "bytes", SIGNER_BYTES) &&
               good;
    if (done && calls)
        good = flat(&s, first, calls) && good;
    carrier_close(first);
    stage_close(&s);
    return done && good ? 0 : 1;
}
