/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in a snapshot. Every table is sorted and halved; a prefix is looked for by each length of the number, a
 * range from the last one that begins before it back to where no longer any reaches it.
 */
#include "people/inside.h"

#include <stdlib.h>

#define FOUND_MOST 64u /* owners of one number that are put in order */

int number_order(const struct number *a, const struct number *b)
{
    return a->n != b->n ? (a->n < b->n ? -1 : 1) : memcmp(a->digits, b->digits, a->n);
}

/* ---- making ---- */

static int by_number(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;
    const int order = number_order(&x->range.start, &y->range.start);
    return order ? order : (x->person > y->person) - (x->person < y->person);
}

static int by_habit_number(const void *a, const void *b)
{
    return number_order(&((const struct habit *)a)->number, &((const struct habit *)b)->number);
}

static int by_exception_number(const void *a, const void *b)
{
    return number_order(&((const struct exception *)a)->number, &((const struct exception *)b)->number);
}

static int by_person_and_time(const void *a, const void *b)
{
    const struct expected *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

static void sort(const void *rows, size_t n, size_t size, int (*order)(const void *, const void *))
{
    if (n)
        qsort((void *)(uintptr_t)rows, n, size, order);
}

void people_sort(struct people *p)
{
    uint64_t reach = 0;
    sort(p->singles, p->n_singles, sizeof *p->singles, by_number);
    sort(p->prefixes, p->n_prefixes, sizeof *p->prefixes, by_number);
    sort(p->ranges, p->n_ranges, sizeof *p->ranges, by_number);
    sort(p->habits, p->n_habits, sizeof *p->habits, by_habit_number);
    sort(p->exceptions, p->n_exceptions, sizeof *p->exceptions, by_exception_number);
    sort(p->expected, p->n_expected, sizeof *p->expected, by_person_and_time);
    for (size_t i = 0; i < p->n_ranges; i++) {
        struct owned *o = &p->ranges[i];
        if (i == 0 || o->range.start.n != p->ranges[i - 1].range.start.n || o->last > reach)
            reach = o->last;
        o->reach = reach;
    }
}

/* ---- whose number ---- */

struct owners {
    uint32_t at[FOUND_MOST];
    size_t n;
};

static void add_owner(struct owners *owners, uint32_t person)
{
    size_t i = owners->n;
    for (size_t k = 0; k < owners->n; k++)
        if (owners->at[k] == person)
            return;
    if (owners->n == FOUND_MOST)
        return;
    for (; i > 0 && owners->at[i - 1] > person; i--)
        owners->at[i] = owners->at[i - 1];
    owners->at[i] = person;
    owners->n++;
}

/* The first row that does not stand before the number. */
static size_t lower(const struct owned *rows, size_t n, const struct number *number)
{
    size_t from = 0, to = n;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (number_order(&rows[middle].range.start, number) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void find_equal(const struct owned *rows, size_t n, const struct number *number, struct owners *owners)
{
    for (size_t i = lower(rows, n, number); i < n && number_equal(&rows[i].range.start, number); i++)
        add_owner(owners, rows[i].person);
}

static void find_prefixes(const struct people *p, const struct number *number, struct owners *owners)
{
    struct number head = *number;
    for (unsigned n = 0; p->n_prefixes && n <= number->n; n++) {
        head.n = (uint8_t)n;
        for (size_t i = lower(p->prefixes, p->n_prefixes, &head);
             i < p->n_prefixes && number_equal(&p->prefixes[i].range.start, &head); i++)
            if (number_range_holds(&p->prefixes[i].range, number))
                add_owner(owners, p->prefixes[i].person);
    }
}

static void find_ranges(const struct people *p, const struct number *number, struct owners *owners)
{
    uint64_t value;
    if (p->n_ranges == 0 || !span_decimal(number_span(number), UINT64_MAX, &value))
        return;
    size_t i = lower(p->ranges, p->n_ranges, number);
    while (i < p->n_ranges && number_equal(&p->ranges[i].range.start, number))
        i++;
    while (i-- > 0 && p->ranges[i].range.start.n == number->n && p->ranges[i].reach >= value)
        if (number_range_holds(&p->ranges[i].range, number))
            add_owner(owners, p->ranges[i].person);
}

size_t people_of_number(const struct people *p, const struct number *number, const struct person **ret,
                        size_t most)
{
    struct owners owners = { .n = 0 };
    if (!p || number->n == 0)
        return 0;
    find_equal(p->singles, p->n_singles, number, &owners);
    find_prefixes(p, number, &owners);
    find_ranges(p, number, &owners);
    for (size_t i = 0; i < owners.n && i < most; i++)
        ret[i] = &p->persons[owners.at[i]];
    return owners.n;
}

bool person_has(const struct person *person, const struct number *number)
{
    for (size_t i = 0; number->n && i < person->n_numbers; i++)
        if (number_range_holds(&person->numbers[i], number))
            return true;
    return false;
}

/* ---- people, and their names ---- */

size_t people_count(const struct people *p)
{
    return p ? p->n_persons : 0;
}

uint64_t people_generation(const struct people *p)
{
    return p ? p->generation : 0;
}

const struct person *people_by_id(const struct people *p, int64_t id)
{
    size_t from = 0, to = people_count(p);
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const struct person *person = &p->persons[p->by_id[middle]];
        if (person->id == id)
            return person;
        if (person->id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

const struct names *people_names(const struct people *p)
{
    return p ? p->names[PEOPLE_PROTECTED] : NULL;
}

bool people_has_names(const struct people *p, enum people_names of)
{
    return p && p->door && p->names[of];
}

struct people_reader {
    const struct names_door *door;
    struct names_reader *names;
};

enum bf_err people_reader_create(const struct people *p, struct people_reader **ret)
{
    struct people_reader *r = p->door ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return p->door ? BF_ENOMEM : BF_ENOENT;
    r->door = p->door;
    const enum bf_err err = p->door->create(&r->names);
    if (err)
        free(r);
    else
        *ret = r;
    return err;
}

void people_reader_destroy(struct people_reader *r)
{
    if (!r)
        return;
    r->door->destroy(r->names);
    free(r);
}

size_t people_matches(const struct people *p, enum people_names of, struct people_reader *r,
                      struct span claimed, struct name_match *ret, size_t most)
{
    return r && people_has_names(p, of) ? p->door->matches(p->names[of], r->names, claimed, ret, most) : 0;
}

const struct person *people_of_match(const struct people *p, const struct name_match *match)
{
    return p && match->person < p->n_persons ? &p->persons[match->person] : NULL;
}

/* ---- habits, exceptions, expected calls ---- */

size_t people_habits(const struct people *p, const struct number *number, const struct habit **ret,
                     size_t most)
{
    size_t from = 0, to = p ? p->n_habits : 0, n = 0;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (number_order(&p->habits[middle].number, number) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; p && from < p->n_habits && number_equal(&p->habits[from].number, number); from++, n++)
        if (n < most)
            ret[n] = &p->habits[from];
    return n;
}

bool people_may_say(const struct people *p, const struct number *number, struct span claimed)
{
    size_t from = 0, to = p ? p->n_exceptions : 0;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (number_order(&p->exceptions[middle].number, number) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    for (; p && from < p->n_exceptions && number_equal(&p->exceptions[from].number, number); from++)
        if (span_equal_nocase(span_trim(span_of(p->exceptions[from].name)), span_trim(claimed)))
            return true;
    return false;
}

bool expected_fits(const struct expected *e, const struct number *number)
{
    return e->number.n == 0 || number_equal(&e->number, number);
}

const struct expected *people_expected(const struct people *p, int64_t person, const struct number *number,
                                       utc_t at)
{
    const struct expected *found = NULL;
    size_t from = 0, to = p ? p->n_expected : 0;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (p->expected[middle].person < person)
            from = middle + 1;
        else
            to = middle;
    }
    for (; p && from < p->n_expected && p->expected[from].person == person; from++) {
        const struct expected *e = &p->expected[from];
        if (at < e->from || at >= e->until)
            continue;
        if (!number || expected_fits(e, number))
            return e;
        found = e;
    }
    return found;
}
