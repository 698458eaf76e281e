/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed call beside the least it can cost: `EVP_DigestSign` on a key and a context that are kept, and a bare echo of
 * the same datagrams. First in memory (deciding, token, signature, header), then whole over UDP.
 *
 *     bench_sign PROGRAM [CALLS]       PROGRAM: build/bonafide
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "bench.h"
#include "load.h"
#include "stage.h"
#include "base/clock.h"
#include "signing/signing.h"

#define GOAL  1.25
#define TURNS 7u
#define INPUT 420u /* a shaken token's signing input, about */

struct work {
    EVP_PKEY *pkey;
    EVP_MD_CTX *ctx;
    struct signing *signing;
    struct signing_desk *desk;
    size_t batch;
    struct call calls[LOAD_BATCH];
};

static bool run_openssl(void *arg, uint64_t n)
{
    static const uint8_t input[INPUT] = "a signing input";
    const struct work *w = arg;
    for (uint64_t i = 0; i < n; i++) {
        uint8_t der[80];
        size_t size = sizeof der;
        /* NULL type and key: the context keeps both */
        if (EVP_DigestSignInit(w->ctx, NULL, NULL, NULL, NULL) != 1 ||
            EVP_DigestSign(w->ctx, der, &size, input, sizeof input) != 1)
            return false;
    }
    return true;
}

static bool run_signing(void *arg, uint64_t n)
{
    struct work *w = arg;
    struct signed_call what[LOAD_BATCH];
    struct sign_job jobs[LOAD_BATCH];
    for (uint64_t done = 0; done < n; done += w->batch) {
        for (size_t i = 0; i < w->batch; i++)
            jobs[i] = (struct sign_job){ .call = &w->calls[(done + i) % LOAD_BATCH], .ret = &what[i] };
        signing_sign_many(w->signing, w->desk, jobs, w->batch);
        for (size_t i = 0; i < w->batch; i++) {
            char memory[LIMIT_IDENTITY_VALUE];
            struct buf out = BUF_ON(memory);
            if (jobs[i].refusal != SIGN_OK ||
                signing_identity(w->signing, jobs[i].call, &what[i], &out) != BF_OK)
                return false;
        }
    }
    return true;
}

static bool prepare_calls(struct work *w)
{
    socklen_t n;
    struct call call = { .arrival = clock_now(&clock_system), .has_caller = true, .has_called = true };
    if (addr_read(SPAN("127.0.0.1:5060"), &call.peer.addr, &n, NULL) != BF_OK)
        return false;
    call.called = (struct number){ "12155550131", 11 };
    for (size_t i = 0; i < LOAD_BATCH; i++) {
        char digits[16];
        snprintf(digits, sizeof digits, "1215555%04zu", i);
        call.caller.n = 11;
        memcpy(call.caller.digits, digits, 11);
        w->calls[i] = call;
    }
    return true;
}

static bool prepare_signing(struct work *w, const struct stage *s)
{
    char key[320], *message = NULL;
    struct number_range numbers;
    struct cidr customers;
    snprintf(key, sizeof key, "%s/lab/carriers/0001/key.pem", s->dir);
    const struct sign_row_options row = {
        &numbers, 1, 'A', &customers, 1, key, "https://lab.example/0001.pem", NULL
    };
    const bool good = number_range_read(SPAN("+1215"), &numbers, NULL) == BF_OK &&
                      cidr_read(SPAN("127.0.0.0/8"), &customers, NULL) == BF_OK &&
                      signing_create(&row, 1, &w->signing, &message) == BF_OK;
    if (!good)
        fprintf(stderr, "%s\n", message ? message : "the row cannot be made");
    free(message);
    return good;
}

static bool prepare(struct work *w, const struct stage *s)
{
    return (w->pkey = EVP_EC_gen("P-256")) && (w->ctx = EVP_MD_CTX_new()) &&
           EVP_DigestSignInit(w->ctx, NULL, EVP_sha256(), NULL, w->pkey) == 1 && prepare_signing(w, s) &&
           signing_desk_create(&w->desk) == BF_OK && prepare_calls(w);
}

static void clear(struct work *w)
{
    signing_desk_destroy(w->desk);
    signing_destroy(w->signing);
    EVP_MD_CTX_free(w->ctx);
    EVP_PKEY_free(w->pkey);
}

/* Server, echo and OpenSSL in turns; the median turn of each. The first only warms up. */
static bool whole(struct work *w, const struct stage *s, size_t n, bool *good)
{
    struct sockaddr_in at;
    double call[TURNS + 1], echo[TURNS + 1], bare[TURNS + 1], wall;
    const pid_t pid = echo_start(&at);
    bool done = pid != 0;
    for (unsigned t = 0; done && t <= TURNS; t++) {
        struct datagram *calls = calls_make(NULL, (uint64_t)t * n, n);
        const int64_t from = cpu_ns(0);
        done = calls && run_openssl(w, 512);
        bare[t] = (double)(cpu_ns(0) - from) / 512;
        call[t] =
            done ? load_cost(s->server, &s->sign_at, calls, n, "SIP/2.0 302", "\r\nIdentity: ey", &wall) : -1;
        echo[t] = done ? load_cost(pid, &at, calls, n, "INVITE ", "Contact: ", &wall) : -1;
        done = call[t] >= 0 && echo[t] >= 0;
        calls_free(calls, n);
    }
    if (pid)
        echo_stop(pid);
    if (!done)
        return false;
    const double sign_ns = bench_median(bare + 1, TURNS), echo_ns = bench_median(echo + 1, TURNS);
    printf("EVP_DigestSign %.2f µs, echo %.2f µs; worker %.2f µs a call\n", sign_ns / 1000, echo_ns / 1000,
           (double)cpu_ns_of(s->server, "worker") / 1000 / (double)(n * (TURNS + 1)));
    *good = bench_say("whole signed call", bench_median(call + 1, TURNS), sign_ns + echo_ns,
                      "EVP_DigestSign + echo", GOAL) &&
            *good;
    return true;
}

static bool in_memory(struct work *w, size_t batch, const char *name, bool *good)
{
    const struct subject subjects[2] = { { "signing", run_signing, w },
                                         { "EVP_DigestSign", run_openssl, w } };
    double ns[2];
    w->batch = batch;
    if (!bench_in_turns(subjects, 15, 1024, ns))
        return false;
    *good = bench_say(name, ns[0], ns[1], "EVP_DigestSign", 0) && *good;
    return true;
}

int main(int argc, char **argv)
{
    const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 6400;
    struct work w = { 0 };
    struct stage stage;
    bool good = true;
    if (argc < 2 || n == 0) {
        fprintf(stderr, "usage: bench_sign PROGRAM [CALLS]\n");
        return 64;
    }
    if (!stage_open(argv[1], "durability: relaxed", 1, &stage))
        return 1;
    const bool done = prepare(&w, &stage) &&
                      in_memory(&w, LOAD_BATCH, "Identity value, 64 at a time", &good) &&
                      in_memory(&w, 1, "Identity value, one at a time", &good) && whole(&w, &stage, n, &good);
    clear(&w);
    stage_close(&stage);
    return done && good ? 0 : 1;
}
