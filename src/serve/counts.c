/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/counts.h"

const int count_codes[COUNT_CODES] = { 302, 200, 400, 403, 428, 433, 436, 437,
                                       438, 483, 487, 500, 503, 513, 603, 0 };

const unsigned count_bounds_us[COUNT_BUCKETS] = { 100,   250,   500,    1000,   2500,   5000,    10000,
                                                  25000, 50000, 100000, 250000, 500000, 1000000, 2500000 };

const char *count_kind_text(enum count_kind kind)
{
    static const char *const texts[KIND_ALL] = {
        [KIND_GENUINE] = "genuine",   [KIND_UNPROVEN] = "unproven",   [KIND_BROKEN] = "broken",
        [KIND_IMPOSTOR] = "impostor", [KIND_SHED] = "shed",           [KIND_SIGNED] = "signed",
        [KIND_UNSIGNED] = "unsigned", [KIND_CANCELLED] = "cancelled",
    };
    return texts[kind];
}

void count_call(struct counts *c, enum count_kind kind, int status, mono_t latency)
{
    size_t code = 0, bucket = 0;
    const uint64_t us = latency < 0 ? 0 : (uint64_t)latency / 1000;
    while (count_codes[code] && count_codes[code] != status)
        code++;
    while (bucket < COUNT_BUCKETS && us > count_bounds_us[bucket])
        bucket++;
    count_up(&c->calls[kind][code], 1);
    count_up(&c->latency[bucket], 1);
    count_up(&c->latency_us, us);
}

void count_iat(struct counts *c, int64_t offset_s)
{
    const uint64_t n = atomic_load_explicit(&c->iat_n, memory_order_relaxed);
    const int32_t offset = offset_s > INT32_MAX   ? INT32_MAX
                           : offset_s < INT32_MIN ? INT32_MIN
                                                  : (int32_t)offset_s;
    atomic_store_explicit(&c->iat_offsets[n % IAT_SAMPLES], offset, memory_order_relaxed);
    atomic_store_explicit(&c->iat_n, n + 1, memory_order_release);
}

size_t count_iat_newest(const struct counts *c, size_t most, int32_t *ret, uint64_t *ret_total)
{
    const uint64_t total = atomic_load_explicit(&c->iat_n, memory_order_acquire);
    const size_t n = total < most ? (size_t)total : most;
    for (size_t i = 0; i < n; i++)
        ret[i] = atomic_load_explicit(&c->iat_offsets[(total - n + i) % IAT_SAMPLES], memory_order_relaxed);
    *ret_total = total;
    return n;
}
