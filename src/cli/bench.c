/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bonafide bench`: what a signature, a verification and a whole call cost on this machine, beside OpenSSL's own figure
 * measured in the same run.
 *
 * Every row is measured in turn, several rounds long, and its best round counts: whatever else the machine does can
 * only make a round slower. Time is CPU time of all threads of the process.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bonafide/sign.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/scratch.h"
#include "credential/lab.h"
#include "es256/es256.h"
#include "front/verifier.h"
#include "sip/message.h"

#define ROUNDS 7u
#define CALLS  512u /* distinct calls, judged in turn by a verifier that keeps no memory of tokens */

struct bench {
    struct lab *lab;
    struct lab_carrier carrier;
    struct lab_carrier_options carrier_options;
    char directory[SCRATCH_PATH], root[SCRATCH_PATH];
    char *key_pem;
    /* signatures */
    EVP_MD_CTX *context;
    unsigned char der[80]; /* a signature over `message`, as OpenSSL writes it */
    size_t der_n;
    struct es256 *engine;
    struct es256_key *key;
    struct es256_job jobs[LIMIT_BATCH];
    struct bf_signer *signer;
    /* calls */
    struct bf_verifier *verifier;
    char *calls[CALLS];
    utc_t at;
};

static const char message[] =
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4"
    "YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9.eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIxMjE1NTU1MDEzMSJdfS"
    "wiaWF0IjoxNDQzMjA4MzQ1LCJvcmlnIjp7InRuIjoiMTIxNTU1NTAxMjEifSwib3JpZ2lkIjoiMTIzZTQ1NjcifQ";
static const char url[] = "https://certs.lab.example/1234.pem";

/* ---- what is measured: each does n of them, and says whether all went well ---- */

static bool openssl_verify(struct bench *b, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n && good; i++)
        good = EVP_DigestVerifyInit(b->context, NULL, EVP_sha256(), NULL, b->carrier.key) == 1 &&
               EVP_DigestVerify(b->context, b->der, b->der_n, (const unsigned char *)message,
                                strlen(message)) == 1;
    return good;
}

static bool engine_verify(struct bench *b, size_t n, size_t batch)
{
    bool good = true;
    for (size_t done = 0; done < n && good; done += batch) {
        for (size_t i = 0; i < batch && good; i++)
            good = sha256_once(span_of(message), b->jobs[i].digest) == BF_OK;
        es256_verify_many(b->engine, b->jobs, batch);
        for (size_t i = 0; i < batch; i++)
            good = good && b->jobs[i].result == BF_OK;
    }
    return good;
}

static bool engine_verify_one(struct bench *b, size_t n)
{
    return engine_verify(b, n, 1);
}

static bool engine_verify_batch(struct bench *b, size_t n)
{
    return engine_verify(b, n, LIMIT_BATCH);
}

static bool openssl_sign(struct bench *b, size_t n)
{
    unsigned char out[80];
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        size_t size = sizeof out;
        good = EVP_DigestSignInit(b->context, NULL, EVP_sha256(), NULL, b->carrier.key) == 1 &&
               EVP_DigestSign(b->context, out, &size, (const unsigned char *)message, strlen(message)) == 1;
    }
    return good;
}

static bool library_sign(struct bench *b, size_t n)
{
    const char *dest[] = { "12155550131" };
    struct bf_sign_request request = {
        .size = sizeof request, .orig = "12155550121", .dest = dest, .n_dest = 1, .attestation = 'A'
    };
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        char *identity = NULL;
        good = bf_sign(b->signer, &request, &identity, NULL) == BF_OK;
        free(identity);
    }
    return good;
}

static enum bf_err is_genuine(void *arg, const struct bf_verifier *v, struct seat *seat,
                              const struct verdict *verdict, const struct call *call)
{
    (void)v, (void)seat, (void)call;
    *(bool *)arg = verdict->outcome == GENUINE;
    return BF_OK;
}

/* Bytes in, verdict out: what a worker does between receiving and answering. */
static bool call_verify(struct bench *b, size_t n)
{
    struct peer peer = { .pai = true };
    struct fault f;
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        const char *text = b->calls[i % CALLS];
        struct call call = { 0 };
        struct seat *seat;
        bool genuine = false;
        if (verifier_sit(b->verifier, &seat))
            return false;
        good = message_read(span_of(text), SIP_DATAGRAM, seat->message, &f) == BF_OK &&
               call_of_sip(seat->message, verifier_rules(b->verifier), &peer,
                           verifier_arrival(b->verifier, b->at), desk_sha256(seat->desk), seat->arena, &call,
                           &f) == BF_OK &&
               verifier_hear(b->verifier, seat, &call, is_genuine, &genuine) == BF_OK && genuine;
        verifier_leave(b->verifier, seat);
    }
    return good;
}

/* beside: the row whose figure this one is held against. */
static const struct bench_row {
    const char *name, *what;
    bool (*run)(struct bench *b, size_t n);
    int beside;
    size_t batch; /* n is a multiple of it */
} bench_rows[] = {
    { "openssl-verify", "EVP_DigestVerify, key kept", openssl_verify, -1, 1 },
    { "verify", "signature verified, one at a time", engine_verify_one, 0, 1 },
    { "verify-64", "signature verified, 64 at a time", engine_verify_batch, 0, LIMIT_BATCH },
    { "call", "whole call: INVITE in, genuine out", call_verify, 0, 1 },
    { "openssl-sign", "EVP_DigestSign, key kept", openssl_sign, -1, 1 },
    { "sign", "Identity value made and signed", library_sign, 4, 1 },
};
#define N_ROWS ARRAY_SIZE(bench_rows)

/* ---- measuring ---- */

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of CPU for one, or a negative number. */
static double measure(struct bench *b, const struct bench_row *row, double budget_s)
{
    size_t n = row->batch, all = 0;
    double start = cpu_s(), used = 0;
    while (used < budget_s) {
        if (!row->run(b, n))
            return -1;
        all += n;
        used = cpu_s() - start;
        n = n < 4096 ? n * 2 : n;
    }
    return used / (double)all;
}

static bool measure_all(struct bench *b, double seconds, double best[static N_ROWS])
{
    struct progress progress;
    progress_begin(&progress, "measuring, round");
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < N_ROWS; i++) {
            double s = measure(b, &bench_rows[i], seconds / ROUNDS);
            if (s < 0)
                return command_fail("bench", false, "'%s' does not work here.", bench_rows[i].name);
            best[i] = round == 0 || s < best[i] ? s : best[i];
            progress_step(&progress, round, ROUNDS);
        }
    }
    progress_end(&progress);
    return true;
}

static void results_json(const double best[static N_ROWS], const char *engine)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        printf("{\"name\":\"%s\",\"us\":%.3f,\"per_second\":%.0f,\"engine\":\"%s\"", bench_rows[i].name,
               best[i] * 1e6, 1 / best[i], engine);
        if (bench_rows[i].beside >= 0)
            printf(",\"beside\":\"%s\",\"ratio\":%.3f", bench_rows[bench_rows[i].beside].name,
                   best[i] / best[bench_rows[i].beside]);
        puts("}");
    }
}

static void results_table(const double best[static N_ROWS], const char *engine)
{
    static const char *const titles[] = { "what", "us", "a second", "beside OpenSSL" };
    struct table *t = table_create(titles, 4);
    for (size_t i = 0; i < N_ROWS; i++) {
        char us[32], rate[32], ratio[32] = "1";
        snprintf(us, sizeof us, "%.1f", best[i] * 1e6);
        snprintf(rate, sizeof rate, "%.0f", 1 / best[i]);
        if (bench_rows[i].beside >= 0)
            snprintf(ratio, sizeof ratio, "%.2f", best[i] / best[bench_rows[i].beside]);
        table_row(t, (const char *const[]){ bench_rows[i].what, us, rate, ratio }, NULL);
    }
    if (t)
        table_print(t, command_colors());
    table_destroy(t);
    printf("\nCPU time on one core, best of %u rounds; engine: %s\n", ROUNDS, engine);
}

/* ---- what is needed: a lab, a carrier, calls it signed ---- */

static bool lab_prepare(struct bench *b)
{
    uint8_t digest[SHA256_BYTES];
    char name[80];

    b->at = clock_now(&clock_system).utc;
    struct lab_options options = { .not_before = b->at - 3600, .not_after = b->at + 86400, .name = "Bench" };
    b->carrier_options.spc = "1234";
    if (!scratch_create("bench", b->directory))
        return false;
    if (lab_create(&options, &b->lab) || lab_carrier(b->lab, &b->carrier_options, &b->carrier) ||
        sha256_once(span_of(url), digest))
        return false;
    struct buf file = BUF_ON(name);
    buf_hex(&file, digest, sizeof digest);
    buf_bytes(&file, ".pem", 5);
    char *root = lab_root_pem(b->lab), *chain = lab_chain_pem(b->lab, &b->carrier);
    b->key_pem = scratch_key_pem(b->carrier.key);
    bool good = root && chain && b->key_pem && scratch_write(b->directory, "root.pem", root, b->root) &&
                scratch_write(b->directory, name, chain, NULL);
    free(root);
    free(chain);
    return good;
}

static bool signatures_prepare(struct bench *b)
{
    struct es256_job job = { 0 };
    b->der_n = sizeof b->der;
    if (!(b->context = EVP_MD_CTX_new()) || es256_create(NULL, &b->engine) ||
        es256_key_create(b->carrier.key, &b->key) ||
        EVP_DigestSignInit(b->context, NULL, EVP_sha256(), NULL, b->carrier.key) != 1 ||
        EVP_DigestSign(b->context, b->der, &b->der_n, (const unsigned char *)message, strlen(message)) != 1)
        return false;
    job.key = b->key;
    if (es256_sign(b->carrier.key, span_of(message), job.signature))
        return false;
    for (size_t i = 0; i < LIMIT_BATCH; i++)
        b->jobs[i] = job;
    return bf_signer_create_pem(b->key_pem, strlen(b->key_pem), url, &b->signer, NULL) == BF_OK;
}

static bool calls_prepare(struct bench *b)
{
    const char *dest[] = { "12155550131" };
    struct bf_sign_request request = { .size = sizeof request,
                                       .orig = "12155550121",
                                       .dest = dest,
                                       .n_dest = 1,
                                       .attestation = 'A',
                                       .iat = b->at };
    for (size_t i = 0; i < CALLS; i++) {
        char *identity = NULL;
        if (bf_sign(b->signer, &request, &identity, NULL))
            return false;
        int n =
            asprintf(&b->calls[i],
                     "INVITE sip:+12155550131@term.example;user=phone SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKbench%zu\r\nMax-Forwards: 70\r\n"
                     "From: \"Bench\" <sip:+12155550121@orig.example;user=phone>;tag=b%zu\r\n"
                     "To: <sip:+12155550131@term.example;user=phone>\r\n"
                     "P-Asserted-Identity: <sip:+12155550121@orig.example;user=phone>\r\n"
                     "Call-ID: bench%zu@192.0.2.10\r\nCSeq: 1 INVITE\r\nContact: <sip:192.0.2.10:5060>\r\n"
                     "Identity: %s\r\nContent-Length: 0\r\n\r\n",
                     i, i, i, identity);
        free(identity);
        if (n < 0)
            return b->calls[i] = NULL, false;
    }
    return true;
}

static bool verifier_prepare(struct bench *b)
{
    const char *roots[] = { b->root };
    struct bf_verify_options options = BF_VERIFY_OPTIONS;
    char *why = NULL;

    options.trust = roots;
    options.n_trust = 1;
    options.certs = b->directory;
    options.offline = true;
    options.replay_entries = 0; /* the same calls come round again */
    bool good = bf_verifier_create(&options, &b->verifier, &why) == BF_OK;
    if (!good)
        command_fail("bench", 0, "%s", why ? why : "no verifier.");
    free(why);
    return good;
}

static void bench_clear(struct bench *b)
{
    bf_verifier_destroy(b->verifier);
    bf_signer_destroy(b->signer);
    for (size_t i = 0; i < CALLS; i++)
        free(b->calls[i]);
    es256_key_destroy(b->key);
    es256_destroy(b->engine);
    EVP_MD_CTX_free(b->context);
    free(b->key_pem);
    lab_carrier_clear(&b->carrier);
    lab_destroy(b->lab);
    scratch_remove(b->directory);
}

/* ---- the subcommand ---- */

struct bench_wishes {
    const char *seconds_text;
    double seconds;
    bool json;
};

static const struct option_row rows[] = {
    { "seconds", "N", "CPU time for each row; default 1", OPTION_TEXT,
      offsetof(struct bench_wishes, seconds_text) },
    { "json", NULL, "one JSON object a row", OPTION_FLAG, offsetof(struct bench_wishes, json) },
    { 0 },
};

static const struct command_help help = {
    .name = "bench",
    .example = "bonafide bench\n        what does a call cost on this machine?\n",
    .usage = "[OPTION...]",
    .about = "Measures signing, verifying and a whole call in memory, beside OpenSSL's own figure in the "
             "same run.\n",
    .rows = rows,
};

static int bench_run(const struct bench_wishes *w)
{
    struct bench *b = calloc(1, sizeof *b);
    double best[N_ROWS] = { 0 };
    int status = EXIT_FAILURE_OURS;

    if (b && lab_prepare(b) && signatures_prepare(b) && calls_prepare(b) && verifier_prepare(b)) {
        if (measure_all(b, w->seconds, best)) {
            (w->json ? results_json : results_table)(best, es256_name(b->engine));
            status = EXIT_SUCCESS;
        }
    } else {
        command_fail("bench", 0, "a lab could not be set up. Is $TMPDIR writable?");
    }
    if (b)
        bench_clear(b);
    free(b);
    return status;
}

static bool seconds_read(const char *text, double *ret)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 0.05 && seconds <= 600))
        return false;
    *ret = seconds;
    return true;
}

int command_bench(int argc, char **argv)
{
    struct bench_wishes wishes = { .seconds_text = "1" };
    struct option_list operands = { 0 };
    int status = 0;

    if (options_read(&help, argc, argv, &wishes, &operands, &status)) {
        if (operands.n || !seconds_read(wishes.seconds_text, &wishes.seconds))
            status = command_fail("bench", EXIT_USAGE,
                                  "--seconds takes 0.05 to 600, and there is nothing else to say.");
        else
            status = bench_run(&wishes);
    }
    options_clear(&help, &wishes, &operands);
    return status;
}
