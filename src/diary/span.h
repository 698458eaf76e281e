/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Periods of a diary and their algebra. A period is half-open, [from, to) in seconds of UTC, and carries what is said of it.
 *                                                                                             RFC 5545 section 3.2.9 (FBTYPE)
 * All is linear but the sort, which is so for any window of some centuries, and the merge, n log k. Nothing allocates: results
 * go where the caller says, and it is said here how much room they take.
 */
#ifndef DIARY_SPAN_H
#define DIARY_SPAN_H

#include "base/clock.h"
#include "base/fault.h"

/* Bits, so that a period can be said to be several things. Who cannot be read, expanded or dated is PERIOD_UNKNOWN. */
enum period_kind {
    PERIOD_TENTATIVE = 1,
    PERIOD_UNAVAILABLE = 2,
    PERIOD_BUSY = 4,
    PERIOD_UNKNOWN = 8,
};
#define PERIOD_ANY   15u
#define PERIOD_FIRM  (PERIOD_UNAVAILABLE | PERIOD_BUSY | PERIOD_UNKNOWN) /* no option makes it free */
#define PERIOD_KINDS 4u

struct period {
    utc_t from, to;
    uint16_t kinds;
    uint16_t place; /* where it is, as the caller numbers places; 0: nobody knows */
};

/* "busy", "tentative", "unavailable", "unknown": the strongest of the kinds; unknown is stronger than busy. */
const char *period_word(uint32_t kinds);

/* By from. scratch takes n periods; what stands in it then is nothing. */
void periods_sort(struct period *p, size_t n, struct period *scratch);

/*
 * Of sorted periods those with one of the kinds, joined where they overlap or touch; empty ones are left out. kinds: all
 * that were joined, of the mask; place: 0. ret takes n, and may be p itself. Returns how many there are.
 */
size_t periods_union(const struct period *p, size_t n, uint32_t mask, struct period *ret);

/* The kinds at every moment: sorted periods become disjoint ones, cut where the kinds change. ret takes 2n. */
size_t periods_steps(const struct period *p, size_t n, struct period *ret);

/* Below: of disjoint sorted periods, as periods_union makes them. */

/* What is between them within [from, to), of that kind. ret takes n + 1, and is not p. */
size_t periods_complement(const struct period *p, size_t n, const struct period *within, struct period *ret);

struct periods {
    const struct period *p;
    size_t n;
};

/* What is in both, with the kinds of both. ret takes a.n + b.n. */
size_t periods_both(struct periods a, struct periods b, struct period *ret);

/* All periods of k sorted lists, sorted. The lists are used up. ret takes all of them. */
size_t periods_merge(struct periods *lists, size_t k, struct period *ret);

/*
 * A period that [from, to) overlaps, or NULL. *hint is where the last question was answered, at first 0: questions that come in
 * ascending order together cost a walk along the list, others a search each.
 */
const struct period *periods_at(struct periods list, size_t *hint, utc_t from, utc_t to);

#endif
