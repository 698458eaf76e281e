/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The histogram's buckets: values below 128 have one each; from there on every octave has 128, so 1,000,000 ns (between
 * 2^19 and 2^20) lies in a bucket of 4,096 ns.
 */
#include "cli/bench/stats.h"

#include <math.h>
#include <stdlib.h>

static size_t bucket_of(uint64_t v)
{
    if (v < HISTOGRAM_STEPS)
        return (size_t)v;
    const unsigned octave = 63u - (unsigned)__builtin_clzll(v) - 7u; /* 128 is 2^7 */
    if (octave >= HISTOGRAM_OCTAVES)
        return (HISTOGRAM_OCTAVES + 1) * HISTOGRAM_STEPS - 1;
    return octave * HISTOGRAM_STEPS + (size_t)(v >> octave);
}

/* The highest value of a bucket. */
static uint64_t value_of(size_t bucket)
{
    if (bucket < 2 * HISTOGRAM_STEPS)
        return bucket;
    const unsigned octave = (unsigned)(bucket / HISTOGRAM_STEPS) - 1;
    return ((uint64_t)(bucket - (size_t)octave * HISTOGRAM_STEPS + 1) << octave) - 1;
}

void histogram_add(struct histogram *h, mono_t ns, uint32_t times)
{
    if (ns < 0)
        ns = 0;
    h->counts[bucket_of((uint64_t)ns)] += times;
    h->n += times;
    if (times && ns > h->most)
        h->most = ns;
}

mono_t histogram_at(const struct histogram *h, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)h->n), seen = 0;
    if (rank == 0)
        rank = 1;
    for (size_t b = 0; b < sizeof h->counts / sizeof h->counts[0]; b++) {
        seen += h->counts[b];
        if (seen >= rank) {
            const mono_t value = (mono_t)value_of(b);
            return value < h->most ? value : h->most;
        }
    }
    return h->most;
}

mono_t pace_due(const struct pace *p, size_t i)
{
    return p->start + (mono_t)((double)i * p->interval);
}

size_t pace_owed(const struct pace *p, mono_t now)
{
    size_t due = p->n;
    if (now < p->start)
        return 0;
    if (p->interval > 0) {
        const double passed = (double)(now - p->start) / p->interval;
        due = passed >= (double)p->n - 1 ? p->n : (size_t)passed + 1;
    }
    const size_t on_the_way = p->sent - p->answered;
    const size_t room = p->window > on_the_way ? p->window - on_the_way : 0;
    const size_t owed = due > p->sent ? due - p->sent : 0;
    return owed < room ? owed : room;
}

void gap_add(struct histogram *h, mono_t before, mono_t after, mono_t step)
{
    for (mono_t due = (before / step + 1) * step; due <= after; due += step)
        histogram_add(h, after - due, 1);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}
