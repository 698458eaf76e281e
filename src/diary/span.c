/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorted periods are walked once. Worked value: busy 9-17 and 10-11 and tentative 15-18 have the union 9-18 of both kinds, and the
 * steps busy 9-15, both 15-17, tentative 17-18. A long period that holds a short one goes on behind it.
 */
#include "diary/span.h"

#include <string.h>

#define DIGIT_BITS 11u
#define DIGITS     (1u << DIGIT_BITS)

const char *period_word(uint32_t kinds)
{
    static const struct {
        uint32_t kind;
        const char *word;
    } words[] = {
        { PERIOD_UNKNOWN, "unknown" },
        { PERIOD_BUSY, "busy" },
        { PERIOD_UNAVAILABLE, "unavailable" },
        { PERIOD_TENTATIVE, "tentative" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (kinds & words[i].kind)
            return words[i].word;
    return "free";
}

/* ---- the sort: digits from the lowest up, as many as the window has ---- */

static void sort_digit(const struct period *p, size_t n, utc_t least, unsigned shift, struct period *ret)
{
    size_t at[DIGITS] = { 0 };
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        at[(((uint64_t)p[i].from - (uint64_t)least) >> shift) % DIGITS]++;
    for (size_t d = 0; d < DIGITS; d++) {
        const size_t here = at[d];
        at[d] = sum;
        sum += here;
    }
    for (size_t i = 0; i < n; i++)
        ret[at[(((uint64_t)p[i].from - (uint64_t)least) >> shift) % DIGITS]++] = p[i];
}

/* Few are put in their place one by one. */
static void sort_few(struct period *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct period moved = p[i];
        size_t k = i;
        for (; k && p[k - 1].from > moved.from; k--)
            p[k] = p[k - 1];
        p[k] = moved;
    }
}

void periods_sort(struct period *p, size_t n, struct period *scratch)
{
    utc_t least = INT64_MAX, most = INT64_MIN;
    bool sorted = true;
    for (size_t i = 0; i < n; i++) {
        sorted = sorted && (i == 0 || p[i - 1].from <= p[i].from);
        least = p[i].from < least ? p[i].from : least;
        most = p[i].from > most ? p[i].from : most;
    }
    if (sorted)
        return;
    if (n <= 32) {
        sort_few(p, n);
        return;
    }
    const uint64_t width = (uint64_t)most - (uint64_t)least;
    struct period *from = p, *to = scratch;
    for (unsigned shift = 0; shift < 64 && width >> shift; shift += DIGIT_BITS) {
        sort_digit(from, n, least, shift, to);
        struct period *const other = from;
        from = to;
        to = other;
    }
    if (from != p)
        memcpy(p, from, n * sizeof *p);
}

/* ---- one list ---- */

size_t periods_union(const struct period *p, size_t n, uint32_t mask, struct period *ret)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++) {
        const struct period it = p[i];
        const uint16_t kinds = (uint16_t)(it.kinds & mask);
        if (!kinds || it.to <= it.from)
            continue;
        if (made && it.from <= ret[made - 1].to) {
            ret[made - 1].kinds |= kinds;
            ret[made - 1].to = it.to > ret[made - 1].to ? it.to : ret[made - 1].to;
        } else {
            ret[made++] = (struct period){ it.from, it.to, kinds, 0 };
        }
    }
    return made;
}

/* The union of one kind, a period at a time. */
struct kind_walk {
    size_t at;
    utc_t from, to; /* to INT64_MIN: none is left */
};

static void kind_next(struct kind_walk *w, const struct period *p, size_t n, uint32_t kind)
{
    w->from = INT64_MAX;
    w->to = INT64_MIN;
    for (; w->at < n; w->at++) {
        const struct period *it = &p[w->at];
        if (!(it->kinds & kind) || it->to <= it->from)
            continue;
        if (w->to != INT64_MIN && it->from > w->to)
            return;
        w->from = it->from < w->from ? it->from : w->from;
        w->to = it->to > w->to ? it->to : w->to;
    }
}

/* What holds at a moment, and until when. */
static uint32_t kinds_at(const struct kind_walk walks[static PERIOD_KINDS], utc_t at, utc_t *ret_until)
{
    uint32_t kinds = 0;
    *ret_until = INT64_MAX;
    for (unsigned k = 0; k < PERIOD_KINDS; k++) {
        if (walks[k].to == INT64_MIN)
            continue;
        const utc_t edge = walks[k].from <= at ? walks[k].to : walks[k].from;
        kinds |= walks[k].from <= at ? 1u << k : 0;
        *ret_until = edge < *ret_until ? edge : *ret_until;
    }
    return kinds;
}

size_t periods_steps(const struct period *p, size_t n, struct period *ret)
{
    struct kind_walk walks[PERIOD_KINDS] = { 0 };
    size_t made = 0;
    utc_t at = INT64_MIN, until;
    for (unsigned k = 0; k < PERIOD_KINDS; k++)
        kind_next(&walks[k], p, n, 1u << k);
    for (;;) {
        const uint32_t kinds = kinds_at(walks, at, &until);
        if (until == INT64_MAX)
            return made;
        if (kinds)
            ret[made++] = (struct period){ at, until, (uint16_t)kinds, 0 };
        at = until;
        for (unsigned k = 0; k < PERIOD_KINDS; k++)
            if (walks[k].to != INT64_MIN && walks[k].to <= at)
                kind_next(&walks[k], p, n, 1u << k);
    }
}

size_t periods_complement(const struct period *p, size_t n, const struct period *within, struct period *ret)
{
    utc_t at = within->from;
    size_t made = 0;
    for (size_t i = 0; i < n && at < within->to; i++) {
        const utc_t until = p[i].from < within->to ? p[i].from : within->to;
        if (at < until)
            ret[made++] = (struct period){ at, until, within->kinds, 0 };
        at = p[i].to > at ? p[i].to : at;
    }
    if (at < within->to)
        ret[made++] = (struct period){ at, within->to, within->kinds, 0 };
    return made;
}

/* ---- several lists ---- */

size_t periods_both(struct periods a, struct periods b, struct period *ret)
{
    size_t i = 0, k = 0, made = 0;
    while (i < a.n && k < b.n) {
        const utc_t from = a.p[i].from > b.p[k].from ? a.p[i].from : b.p[k].from;
        const utc_t to = a.p[i].to < b.p[k].to ? a.p[i].to : b.p[k].to;
        if (from < to)
            ret[made++] = (struct period){ from, to, (uint16_t)(a.p[i].kinds | b.p[k].kinds), 0 };
        if (a.p[i].to < b.p[k].to)
            i++;
        else
            k++;
    }
    return made;
}

/* The list with the first period on top; each sinks until those below begin later. */
static void sink(struct periods *heap, size_t n, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (heap[child].p->from < heap[least].p->from)
                least = child;
        if (least == at)
            return;
        const struct periods other = heap[at];
        heap[at] = heap[least];
        heap[least] = other;
        at = least;
    }
}

size_t periods_merge(struct periods *lists, size_t k, struct period *ret)
{
    size_t n = 0, made = 0;
    for (size_t i = 0; i < k; i++)
        if (lists[i].n)
            lists[n++] = lists[i];
    for (size_t i = n / 2; i-- > 0;)
        sink(lists, n, i);
    while (n) {
        ret[made++] = *lists[0].p++;
        if (--lists[0].n == 0)
            lists[0] = lists[--n];
        sink(lists, n, 0);
    }
    return made;
}

/* The first in [low, high) that ends behind it, or high. */
static size_t ends_behind(struct periods list, size_t low, size_t high, utc_t from)
{
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (list.p[middle].to > from)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

#define STEPS 8u /* along the list before it is searched */

const struct period *periods_at(struct periods list, size_t *hint, utc_t from, utc_t to)
{
    size_t at = *hint < list.n ? *hint : list.n;
    if (at && list.p[at - 1].to > from)
        at = ends_behind(list, 0, at, from);
    for (unsigned i = 0; i < STEPS && at < list.n && list.p[at].to <= from; i++)
        at++;
    if (at < list.n && list.p[at].to <= from)
        at = ends_behind(list, at, list.n, from);
    *hint = at;
    return at < list.n && list.p[at].from < to ? &list.p[at] : NULL;
}
