/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole address book, read into one snapshot: people first, then what is said of them, then the names that are looked
 * up. Only what counts for a call comes along: no photo, no note; confirmed habits; expected calls that are open.
 */
#include <stdlib.h>

#include "people/inside.h"

#define BLOCK (256u << 10)
#define MOST  ((size_t)1 << 30)

/* Grows by half; everything is copied into the arena at the end. */
struct rows {
    void *all;
    size_t n, size;
};

struct loading {
    struct people *p;
    struct arena *arena;
    struct rows persons, singles, prefixes, ranges, habits, exceptions, expected;
    utc_t now;
    enum bf_err err;
};

static void *rows_add(struct loading *l, struct rows *r, size_t each)
{
    if (r->n == r->size) {
        const size_t size = r->size ? r->size + r->size / 2 : 64;
        void *more = realloc(r->all, size * each);
        if (!more) {
            l->err = BF_ENOMEM;
            return NULL;
        }
        r->all = more;
        r->size = size;
    }
    return memset((char *)r->all + each * r->n++, 0, each);
}

static const char *text(struct loading *l, const char *s)
{
    const struct span copy = s && *s ? arena_copy(l->arena, span_of(s)) : SPAN("");
    if (!copy.p)
        l->err = BF_ENOMEM;
    return copy.p;
}

static void *block(struct loading *l, const void *from, size_t n, size_t each)
{
    void *copy = arena_take(l->arena, n * each + 1);
    if (!copy)
        l->err = BF_ENOMEM;
    else if (n)
        memcpy(copy, from, n * each);
    return copy;
}

static const char *const *texts(struct loading *l, const char *const *all, size_t n)
{
    const char **copy = block(l, all, n, sizeof *all);
    for (size_t i = 0; copy && i < n; i++)
        copy[i] = text(l, all[i]);
    return copy;
}

/* ---- people ---- */

static bool add_person(void *arg, const struct person *from)
{
    struct loading *l = arg;
    struct person *p = rows_add(l, &l->persons, sizeof *p);
    if (!p)
        return false;
    *p = *from;
    p->uid = text(l, from->uid);
    p->name = text(l, from->name);
    p->aliases = texts(l, from->aliases, from->n_aliases);
    p->organisation = text(l, from->organisation);
    p->numbers = block(l, from->numbers, from->n_numbers, sizeof *from->numbers);
    struct person_signer *signers = block(l, from->signers, from->n_signers, sizeof *signers);
    for (size_t i = 0; signers && i < from->n_signers; i++)
        signers[i].value = text(l, from->signers[i].value);
    p->signers = signers;
    p->language = text(l, from->language);
    p->tags = texts(l, from->tags, from->n_tags);
    p->note = p->photo_type = p->extra = "";
    p->photo = SPAN_NONE;
    return l->err == BF_OK;
}

static void add_number(struct loading *l, const struct number_range *range, uint32_t person)
{
    struct rows *rows = range->count == 1 ? &l->singles : range->count == 0 ? &l->prefixes : &l->ranges;
    struct owned *o = rows_add(l, rows, sizeof *o);
    if (!o)
        return;
    o->range = *range;
    o->person = person;
    (void)span_decimal(number_span(&range->start), UINT64_MAX, &o->first);
    o->last = o->first + (range->count ? range->count - 1 : 0);
}

static int by_id(const void *a, const void *b, void *arg)
{
    const struct person *all = arg, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    return (x->id > y->id) - (x->id < y->id);
}

static void place_people(struct loading *l)
{
    struct people *p = l->p;
    p->n_persons = l->persons.n;
    struct person *all = block(l, l->persons.all, l->persons.n, sizeof *all);
    p->persons = all;
    p->by_id = arena_take(l->arena, p->n_persons * sizeof *p->by_id + 1);
    if (!all || !p->by_id) {
        l->err = BF_ENOMEM;
        return;
    }
    for (size_t i = 0; i < p->n_persons; i++) {
        p->by_id[i] = (uint32_t)i;
        for (size_t k = 0; k < all[i].n_numbers; k++)
            add_number(l, &all[i].numbers[k], (uint32_t)i);
    }
    if (p->n_persons)
        qsort_r(p->by_id, p->n_persons, sizeof *p->by_id, by_id, all);
}

/* ---- what is said of them ---- */

static bool add_habit(void *arg, const struct habit *from)
{
    struct loading *l = arg;
    struct habit *h = from->state == HABIT_CONFIRMED ? rows_add(l, &l->habits, sizeof *h) : NULL;
    if (!h)
        return l->err == BF_OK;
    *h = *from;
    h->spc = text(l, from->spc);
    h->issuer = text(l, from->issuer);
    h->trust_domain = text(l, from->trust_domain);
    h->confirmed_by = text(l, from->confirmed_by);
    return l->err == BF_OK;
}

static bool add_exception(void *arg, const struct exception *from)
{
    struct loading *l = arg;
    struct exception *e = rows_add(l, &l->exceptions, sizeof *e);
    if (!e)
        return false;
    *e = *from;
    e->name = text(l, from->name);
    e->by = text(l, from->by);
    return l->err == BF_OK;
}

static bool add_expected(void *arg, const struct expected *from)
{
    struct loading *l = arg;
    /* who came may call again, as long as the window lasts */
    const bool counts = from->state == EXPECTED_OPEN || (from->state == EXPECTED_MET && from->until > l->now);
    struct expected *e = counts ? rows_add(l, &l->expected, sizeof *e) : NULL;
    if (!e)
        return l->err == BF_OK;
    *e = *from;
    e->zone = text(l, from->zone);
    e->word = text(l, from->word);
    e->source = text(l, from->source);
    e->call = text(l, from->call);
    e->by = text(l, from->by);
    return l->err == BF_OK;
}

static void place_rows(struct loading *l)
{
    struct people *p = l->p;
#define PLACE(member)                                                                                        \
    p->n_##member = l->member.n;                                                                             \
    p->member = block(l, l->member.all, l->member.n, sizeof *p->member)
    PLACE(singles);
    PLACE(prefixes);
    PLACE(ranges);
    PLACE(habits);
    PLACE(exceptions);
    PLACE(expected);
#undef PLACE
    if (l->err == BF_OK)
        people_sort(p);
}

/* ---- names ---- */

static const struct names_door door = { names_reader_create, names_reader_destroy, names_matches };

static bool is_of(const struct people *p, const struct person *person, enum people_names of)
{
    if (person->is_protected || of == PEOPLE_PROTECTED)
        return person->is_protected && of == PEOPLE_PROTECTED;
    if (of == PEOPLE_OTHERS)
        return person->n_numbers > 0;
    for (size_t i = 0; i < p->n_expected; i++)
        if (p->expected[i].person == person->id)
            return true;
    return false;
}

static enum bf_err name_people(struct loading *l, enum people_names of)
{
    struct people *p = l->p;
    struct rows rows = { 0 };
    for (size_t i = 0; i < p->n_persons && l->err == BF_OK; i++) {
        const struct person *person = &p->persons[i];
        if (!is_of(p, person, of))
            continue;
        for (size_t k = 0; k <= person->n_aliases; k++) {
            struct names_entry *e = rows_add(l, &rows, sizeof *e);
            if (e)
                *e = (struct names_entry){ (uint32_t)i, k ? person->aliases[k - 1] : person->name };
        }
    }
    enum bf_err err = l->err;
    if (err == BF_OK && rows.n)
        err = names_create(rows.all, rows.n, &p->names[of]);
    free(rows.all);
    return err;
}

/* ---- all of it ---- */

static enum bf_err read_all(struct book *book, struct loading *l)
{
    enum bf_err err = book_generation(book, &l->p->generation);
    if (err == BF_OK)
        err = book_search(book, SPAN(""), add_person, l);
    if (err == BF_OK)
        err = habit_list(book, 0, add_habit, l);
    if (err == BF_OK)
        err = exception_list(book, add_exception, l);
    if (err == BF_OK)
        err = expected_list(book, 0, 0, 0, add_expected, l);
    return err == BF_OK ? l->err : err;
}

static bool has_names(const struct people *p)
{
    return p->names[PEOPLE_PROTECTED] || p->names[PEOPLE_OTHERS] || p->names[PEOPLE_AWAITED];
}

/* Everything as it stands at one time: changes made meanwhile move the generation, and it is read again. */
static enum bf_err make(struct book *book, struct loading *l)
{
    enum bf_err err = read_all(book, l);
    if (err)
        return err;
    place_people(l);
    if (l->err == BF_OK)
        place_rows(l);
    for (unsigned of = PEOPLE_PROTECTED; l->err == BF_OK && of <= PEOPLE_AWAITED; of++)
        l->err = name_people(l, of);
    if (has_names(l->p))
        l->p->door = &door;
    return l->err;
}

enum bf_err people_load(struct book *book, struct people **ret, char **ret_message)
{
    struct loading l = { .p = calloc(1, sizeof *l.p), .now = clock_now(&clock_system).utc };
    *ret_message = NULL;
    if (!l.p)
        return BF_ENOMEM;
    enum bf_err err = arena_create(BLOCK, MOST, &l.p->arena);
    l.arena = l.p->arena;
    if (err == BF_OK)
        err = make(book, &l);
    struct rows *const all[] = { &l.persons, &l.singles,    &l.prefixes, &l.ranges,
                                 &l.habits,  &l.exceptions, &l.expected };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        free(all[i]->all);
    if (err) {
        const char *why = err == BF_ENOMEM   ? "the address book needs more memory than there is"
                          : err == BF_EUNSUP ? "ICU lacks what comparing names needs"
                                             : book_error(book);
        *ret_message = strdup(why);
        people_destroy(l.p);
        return err;
    }
    *ret = l.p;
    return BF_OK;
}

void people_destroy(struct people *p)
{
    if (!p)
        return;
    for (size_t i = 0; i <= PEOPLE_AWAITED; i++)
        names_destroy(p->names[i]);
    arena_destroy(p->arena);
    free(p);
}
