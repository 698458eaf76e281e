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
    atomic_fetch_add_explicit(&c->calls[kind][code], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->latency[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->latency_us, us, memory_order_relaxed);
}
