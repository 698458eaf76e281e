/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as 60 bits, four a character, filled up with zeros behind: in this order a prefix and a run of numbers of one
 * length are intervals, and who holds a number is among the intervals that hold its bits.
 *
 *     +1202  -> 2313 00…0 to 2313 ff…f (a digit is written one higher, for 0 is the end)
 *
 * Intervals lie sorted by where they begin; each knows how far the ones of its half reach, so halves that end before
 * the number are never entered (an augmented tree, laid out by halving).
 */
#include "signing/inventory.h"

#include <stdlib.h>

#define DIGITS 15u
#define BITS   60u

struct interval {
    uint64_t from, to, reach; /* both ends included; reach: the highest `to` of this half */
    const struct number_range *range;
    uint32_t row;
};

struct inventory {
    size_t n;
    struct interval all[];
};

static uint64_t nibble_of(char c)
{
    return c == '#' ? 11 : c == '*' ? 12 : (uint64_t)(c - '0') + 1;
}

static uint64_t bits_of(struct span digits)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < digits.n && i < DIGITS; i++)
        bits |= nibble_of(digits.p[i]) << (BITS - 4 * (i + 1));
    return bits;
}

/* The number that stands `more` behind this one, with as many digits. */
static struct number advance(const struct number *start, uint64_t more)
{
    struct number last = *start;
    uint64_t value = 0;
    (void)span_decimal(number_span(start), UINT64_MAX, &value);
    value += more;
    for (size_t i = last.n; i-- > 0; value /= 10)
        last.digits[i] = (char)('0' + value % 10);
    return last;
}

static struct interval interval_of(const struct inventory_entry *e)
{
    const struct number_range *r = e->range;
    const uint64_t from = bits_of(number_span(&r->start));
    struct interval i = { from, from, 0, r, e->row };
    if (r->count == 0)
        i.to = from | ((UINT64_C(1) << (BITS - 4 * (r->start.n < DIGITS ? r->start.n : DIGITS))) - 1);
    else if (r->count > 1) {
        const struct number last = advance(&r->start, r->count - 1);
        i.to = bits_of(number_span(&last));
    }
    return i;
}

static int by_start(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static uint64_t set_reach(struct interval *all, size_t from, size_t to)
{
    if (from == to)
        return 0;
    const size_t mid = from + (to - from) / 2;
    const uint64_t left = set_reach(all, from, mid), right = set_reach(all, mid + 1, to);
    uint64_t reach = all[mid].to > left ? all[mid].to : left;
    return all[mid].reach = reach > right ? reach : right;
}

enum bf_err inventory_create(const struct inventory_entry *entries, size_t n, struct inventory **ret)
{
    struct inventory *inventory = calloc(1, sizeof *inventory + n * sizeof inventory->all[0]);
    if (!inventory)
        return BF_ENOMEM;
    inventory->n = n;
    for (size_t i = 0; i < n; i++)
        inventory->all[i] = interval_of(&entries[i]);
    if (n)
        qsort(inventory->all, n, sizeof inventory->all[0], by_start);
    set_reach(inventory->all, 0, n);
    *ret = inventory;
    return BF_OK;
}

void inventory_destroy(struct inventory *inventory)
{
    free(inventory);
}

struct look {
    const struct interval *all;
    const struct number *number;
    uint64_t bits;
    void (*see)(void *arg, uint32_t row);
    void *arg;
};

/* As deep as the logarithm of the intervals. */
static void look(const struct look *l, size_t from, size_t to)
{
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const struct interval *i = &l->all[mid];
        if (i->reach < l->bits)
            return;
        look(l, from, mid);
        if (l->bits < i->from)
            return;
        if (l->bits <= i->to && number_range_holds(i->range, l->number))
            l->see(l->arg, i->row);
        from = mid + 1;
    }
}

void inventory_look(const struct inventory *inventory, const struct number *number,
                    void (*see)(void *arg, uint32_t row), void *arg)
{
    const struct look l = { inventory->all, number, bits_of(number_span(number)), see, arg };
    look(&l, 0, inventory->n);
}
