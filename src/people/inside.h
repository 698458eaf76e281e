/* SPDX-License-Identifier: Apache-2.0 */
/* How a snapshot of the address book lies in memory: made by load.c, read by people.c. */
#ifndef PEOPLE_INSIDE_H
#define PEOPLE_INSIDE_H

#include "base/arena.h"
#include "people/people.h"

/* A number or a range of somebody, by person's index. */
struct owned {
    struct number_range range;
    uint32_t person;
    uint64_t first, last; /* of a range of many: the values of its numbers */
    uint64_t reach;       /* the largest `last` up to here, among those of as many digits */
};

/* What looks names up, for those who cannot name it. */
struct names_door {
    enum bf_err (*create)(struct names_reader **ret);
    void (*destroy)(struct names_reader *r);
    size_t (*matches)(const struct names *n, struct names_reader *r, struct span claimed,
                      struct name_match *ret, size_t most);
};

struct people {
    struct arena *arena; /* all texts and arrays below */
    uint64_t generation;
    const struct person *persons; /* in the order of the book */
    size_t n_persons;
    uint32_t *by_id; /* indexes of persons, by id */
    /* Whose numbers: single ones by number, prefixes by their digits, ranges by digits and first number. */
    struct owned *singles, *prefixes, *ranges;
    size_t n_singles, n_prefixes, n_ranges;
    const struct habit *habits; /* confirmed, by number */
    size_t n_habits;
    const struct exception *exceptions; /* by number */
    size_t n_exceptions;
    const struct expected *expected; /* open, by person, then by time */
    size_t n_expected;
    struct names *names[PEOPLE_AWAITED + 1];
    const struct names_door *door; /* NULL: no names */
};

/* Orders by length, then by digits. */
int number_order(const struct number *a, const struct number *b);
/* Sorts what people.c looks things up in. */
void people_sort(struct people *p);

#endif
