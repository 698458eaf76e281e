/* SPDX-License-Identifier: Apache-2.0 */
/* The figures for people, in 80 columns, and as one JSON object. */
#include <stdio.h>
#include <string.h>

#include "cli/bench/run.h"

static double us(double ns)
{
    return ns / 1000;
}

static double quotient(double a, double b)
{
    return a > 0 && b > 0 ? a / b : 0;
}

static double last(const double of_size[static FIGURE_SIZES])
{
    return of_size[FIGURE_SIZES - 1];
}

static const struct latency *at_load(const struct figures *f, enum durability keep, double load)
{
    for (size_t i = 0; i < f->n_latency[keep]; i++)
        if (f->latency[keep][i].load == load)
            return &f->latency[keep][i];
    return NULL;
}

bool figures_complete(const struct figures *f)
{
    bool all = f->openssl_ns > 0 && f->inside_ns > 0 && f->echo.ns > 0 && f->gaps.most > 0;
    for (size_t k = KEEP_RELAXED; k < N_KEEP; k++)
        all = all && f->n_latency[k] >= 3;
    return all && (f->why_no_lanes || last(f->warm_ns) > 0);
}

/* ---- JSON ---- */

/* null: not measured. */
static void member(const char *name, double value)
{
    if (value > 0)
        printf(",\"%s\":%.3f", name, value);
    else
        printf(",\"%s\":null", name);
}

static void sizes_json(const char *name, const double ns[static FIGURE_SIZES])
{
    printf(",\"%s\":", name);
    if (!(last(ns) > 0)) {
        printf("null");
        return;
    }
    for (size_t i = 0; i < FIGURE_SIZES; i++)
        printf("%s\"%zu\":%.3f", i ? "," : "{", figure_size(i), us(ns[i]));
    printf("}");
}

static void times_json(const char *name, const struct latency *l)
{
    printf(",\"%s\":", name);
    if (l && l->most > 0)
        printf("{\"p50\":%.4f,\"p99\":%.4f,\"p999\":%.4f,\"most\":%.4f}", (double)l->p50 / 1e6,
               (double)l->p99 / 1e6, (double)l->p999 / 1e6, (double)l->most / 1e6);
    else
        printf("null");
}

static void latencies_json(const struct figures *f)
{
    static const char *const names[] = { [KEEP_RELAXED] = "relaxed", [KEEP_STRICT] = "strict" };
    const char *before = "";
    printf(",\"latencies\":[");
    for (size_t k = KEEP_RELAXED; k < N_KEEP; k++)
        for (size_t i = 0; i < f->n_latency[k]; i++, before = ",") {
            const struct latency *l = &f->latency[k][i];
            printf("%s{\"durability\":\"%s\",\"load\":%.1f,\"calls_per_second\":%.0f,\"clean\":%s", before,
                   names[k], l->load, l->rate, l->clean ? "true" : "false");
            times_json("ms", l);
            printf("}");
        }
    printf("]");
}

static void signatures_json(const struct figures *f)
{
    const double warm = last(f->warm_ns), cold = last(f->cold_ns), one = f->warm_ns[0];
    member("sign_us", us(f->sign_ns));
    member("sign_identity_us", us(f->identity_ns));
    member("verify_openssl_us", us(f->openssl_ns));
    member("verify_warm_us", us(warm));
    member("verify_cold_us", us(cold));
    member("verify_one_us", us(one));
    member("verify_warm_ratio", quotient(f->openssl_ns, warm));
    member("verify_cold_ratio", quotient(f->openssl_ns, cold));
    member("verify_one_ratio", quotient(f->openssl_ns, one));
    sizes_json("verify_warm_us_by_batch", f->warm_ns);
    sizes_json("verify_cold_us_by_batch", f->cold_ns);
    member("table_bytes", f->table_bytes);
    member("table_build_us", us(f->table_ns));
}

static void calls_json(const struct figures *f)
{
    const double call = f->call[KEEP_RELAXED].ns, echo = f->echo.ns;
    member("call_us", us(f->inside_ns));
    member("call_people_us", us(f->known_ns));
    member("scale_2", f->scale_2);
    member("echo_udp_us", us(echo));
    member("call_udp_us", us(call));
    member("call_udp_off_us", us(f->call[KEEP_OFF].ns));
    member("call_udp_strict_us", us(f->call[KEEP_STRICT].ns));
    member("call_udp_ratio", quotient(call, echo));
    member("sign_udp_us", us(f->sign.ns));
    member("sign_udp_ratio", f->sign_ns > 0 ? quotient(f->sign.ns, f->sign_ns + echo) : 0);
    member("echo_udp_batch", f->echo.batch);
    member("call_udp_batch", f->call[KEEP_RELAXED].batch);
    member("echo_udp_per_second", f->echo.rate);
    member("call_udp_per_second", f->call[KEEP_RELAXED].rate);
    member("clean_per_second", f->clean_rate[KEEP_RELAXED]);
    member("clean_strict_per_second", f->clean_rate[KEEP_STRICT]);
    member("two_workers_udp_per_second", f->workers_2.rate);
    member("two_workers_udp_us", us(f->workers_2.ns));
    member("two_workers_generator_us", us(f->generator_2_ns));
}

void report_json(const struct figures *f)
{
    printf("{\"engine\":\"%s\",\"cpu\":\"", f->engine);
    for (const char *p = f->cpu; *p; p++)
        if ((unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
            putchar(*p);
    printf("\",\"quick\":%s,\"signers\":%u", f->quick ? "true" : "false", FIGURE_SIGNERS);
    printf(",\"complete\":%s", figures_complete(f) ? "true" : "false");
    member("seconds", f->seconds);
    signatures_json(f);
    calls_json(f);
    times_json("latency_ms", at_load(f, KEEP_RELAXED, 0.5));
    times_json("latency_strict_ms", at_load(f, KEEP_STRICT, 0.5));
    times_json("gaps_ms", &f->gaps);
    times_json("fdatasync_ms", &f->disk);
    latencies_json(f);
    puts("}");
}

/* ---- for people ---- */

struct page {
    bool colors;
};

static void title(const struct page *p, const char *text)
{
    printf("\n%s%s%s\n", p->colors ? "\033[1m" : "", text, p->colors ? "\033[0m" : "");
}

/* 123456.7 -> "123,457"; out takes 32. */
static const char *thousands(double value, char out[static 32])
{
    const long long n = (long long)(value + 0.5);
    if (n >= 1000000)
        snprintf(out, 32, "%lld,%03lld,%03lld", n / 1000000, n / 1000 % 1000, n % 1000);
    else if (n >= 1000)
        snprintf(out, 32, "%lld,%03lld", n / 1000, n % 1000);
    else
        snprintf(out, 32, "%lld", n);
    return out;
}

static void by_size_line(const char *name, const double ns[static FIGURE_SIZES])
{
    printf("%-22s", name);
    for (size_t i = 0; i < FIGURE_SIZES; i++)
        printf("%7.1f", us(ns[i]));
    printf("  µs\n");
}

static void by_size(const struct page *p, const struct figures *f)
{
    double openssl[FIGURE_SIZES];
    for (size_t i = 0; i < FIGURE_SIZES; i++)
        openssl[i] = f->openssl_ns;
    title(p, "A signature verified, in batches of      CPU time, its digest included");
    printf("%-22s%7d%7d%7d%7d%7d%7d%7d\n", "", 1, 2, 4, 8, 16, 32, 64);
    by_size_line("EVP_DigestVerify", openssl);
    if (f->why_no_lanes) {
        printf("No lanes here: %s.\n", f->why_no_lanes);
        return;
    }
    by_size_line("lanes, signer warm", f->warm_ns);
    by_size_line("lanes, signer cold", f->cold_ns);
    printf("%-22s", "warm, x the rate");
    for (size_t i = 0; i < FIGURE_SIZES; i++)
        printf("%7.1f", quotient(f->openssl_ns, f->warm_ns[i]));
    printf("\n%-22s", "cold, x the rate");
    for (size_t i = 0; i < FIGURE_SIZES; i++)
        printf("%7.1f", quotient(f->openssl_ns, f->cold_ns[i]));
    printf("\nA signer's table takes %.0f KiB, and %.2f ms to build.\n", f->table_bytes / 1024,
           f->table_ns / 1e6);
}

/* µs, how many a second on one CPU, and a quotient with its words. */
static void memory_line(const char *name, double ns, double beside, const char *words)
{
    char rate[32];
    if (!(ns > 0))
        return;
    printf("%-34s%8.1f µs%10s/s", name, us(ns), thousands(1e9 / ns, rate));
    if (beside > 0)
        printf("  %6.2f %s", beside, words);
    printf("\n");
}

static void in_memory(const struct page *p, const struct figures *f)
{
    title(p, "In memory, one CPU");
    memory_line("EVP_DigestSign, key kept", f->sign_ns, 0, "");
    memory_line("Identity value made and signed", f->identity_ns, quotient(f->identity_ns, f->sign_ns),
                "x DigestSign");
    memory_line("whole call judged, 64 at a time", f->inside_ns, quotient(f->inside_ns, f->openssl_ns),
                "x DigestVerify");
    memory_line("the same, 10,000 people protected", f->known_ns, 0, "");
    if (f->scale_2 > 0)
        printf("%-57s%8.2f x the rate\n", "the same by two threads on two CPUs", f->scale_2);
}

static void udp_line(const char *name, const struct full_figures *u, double beside, const char *words)
{
    char rate[32];
    if (!(u->ns > 0))
        return;
    printf("%-26s%8.2f µs%10s/s%7.0f", name, us(u->ns), thousands(u->rate, rate), u->batch);
    if (beside > 0)
        printf("  %6.2f %s", beside, words);
    printf("\n");
}

static void over_udp(const struct page *p, const struct figures *f)
{
    char rate[32];
    const double echo = f->echo.ns;
    title(p, "Whole calls over UDP: INVITE, answer, ACK; one worker, full load");
    printf("%-26s%11s%12s%7s\n", "", "CPU a call", "calls", "batch");
    udp_line("bare echo", &f->echo, 0, "");
    udp_line("verified, no record", &f->call[KEEP_OFF], quotient(f->call[KEEP_OFF].ns, echo), "x echo");
    udp_line("verified, relaxed", &f->call[KEEP_RELAXED], quotient(f->call[KEEP_RELAXED].ns, echo), "x echo");
    udp_line("verified, strict", &f->call[KEEP_STRICT], quotient(f->call[KEEP_STRICT].ns, echo), "x echo");
    udp_line("signed, relaxed", &f->sign, f->sign_ns > 0 ? quotient(f->sign.ns, f->sign_ns + echo) : 0,
             "x (sign + echo)");
    if (!(f->workers_2.rate > 0))
        return;
    /* what two CPUs less the caller's share of them do, as if there were two whole ones */
    const double left = 2 - f->generator_2_ns * f->workers_2.rate / 1e9;
    printf("%-26s%8.2f µs%10s/s         %6.2f x one, in the %.2f CPUs left\n", "two workers, relaxed",
           us(f->workers_2.ns), thousands(f->workers_2.rate, rate),
           2 * quotient(f->workers_2.rate / left, f->call[KEEP_RELAXED].rate), left);
}

static void times(const struct latency *l)
{
    printf("%9.3f%9.3f%9.3f%9.3f", (double)l->p50 / 1e6, (double)l->p99 / 1e6, (double)l->p999 / 1e6,
           (double)l->most / 1e6);
}

static void answered_after(const struct page *p, const struct figures *f)
{
    static const char *const names[] = {
        [KEEP_RELAXED] = "verified, relaxed", [KEEP_STRICT] = "verified, strict"
    };
    char rate[32];
    title(p, "Answered after so many ms, counted from when the call was due");
    printf("%-20s%6s%12s%9s%9s%9s%9s\n", "", "load", "calls/s", "p50", "p99", "p99.9", "most");
    for (size_t k = KEEP_RELAXED; k < N_KEEP; k++)
        for (size_t i = 0; i < f->n_latency[k]; i++) {
            const struct latency *l = &f->latency[k][i];
            printf("%-20s%4.0f %%%12s", i ? "" : names[k], l->load * 100, thousands(l->rate, rate));
            times(l);
            printf("%s\n", l->clean ? "" : " !");
        }
    printf("%-38s", "a spinning thread waits (gaps)");
    times(&f->gaps);
    printf("\n%-38s", "the disk's fdatasync, 16 KiB");
    times(&f->disk);
    printf("\n");
    for (size_t k = KEEP_RELAXED; k < N_KEEP; k++)
        for (size_t i = 0; i < f->n_latency[k]; i++)
            if (!f->latency[k][i].clean) {
                puts("!  not every call was answered rightly and in time");
                return;
            }
}

void report_table(const struct figures *f, bool colors)
{
    const struct page p = { colors };
    printf("%s; engine: %s; %u signers in turn; %.0f s\n", f->cpu, f->engine, FIGURE_SIGNERS, f->seconds);
    if (f->openssl_ns > 0)
        by_size(&p, f);
    if (f->sign_ns > 0 || f->inside_ns > 0)
        in_memory(&p, f);
    if (f->echo.ns > 0)
        over_udp(&p, f);
    if (f->gaps.most > 0)
        answered_after(&p, f);
    if (f->cut)
        puts("\nThe time was up before everything was measured: this machine is busy.");
}
