/* SPDX-License-Identifier: Apache-2.0 */
/* The record, asked again. */
#include "rules/dry_run.h"

#include <stdlib.h>

#include "base/arena.h"
#include "people/book.h"

#define TAGS_MOST (64u << 20) /* bytes of all tags of all people */

/* Of the people of today, as far as rules ask: tags by id, in the order of ids. */
struct tagged {
    int64_t id;
    const char *const *tags;
    size_t n_tags;
};
struct known {
    struct arena *arena; /* NULL: nobody's tags are asked for */
    struct tagged *at;
    size_t n, size;
};

struct dry {
    const struct rules *rules;
    struct known known;
    struct rules_dry_result *result;
    rules_dry_found *found; /* NULL: nobody wants to see more */
    void *arg;
};

/* The digits as they were: what the number was when it was judged. */
static const struct number *number_kept(struct span digits, struct number *out)
{
    if (digits.n == 0 || digits.n > sizeof out->digits)
        return NULL;
    *out = (struct number){ .n = (uint8_t)digits.n };
    memcpy(out->digits, digits.p, digits.n);
    return out;
}

/* ---- who has which tags ---- */

static bool remember(void *arg, const struct person *p)
{
    struct known *k = arg;
    const char **tags = arena_take(k->arena, p->n_tags * sizeof *tags + 1);
    if (k->n == k->size) {
        const size_t size = k->size ? 2 * k->size : 256;
        struct tagged *more = realloc(k->at, size * sizeof *more);
        if (!more)
            return false;
        k->at = more;
        k->size = size;
    }
    for (size_t i = 0; tags && i < p->n_tags; i++)
        if (!(tags[i] = arena_copy(k->arena, span_of(p->tags[i])).p))
            return false;
    k->at[k->n++] = (struct tagged){ p->id, tags, tags ? p->n_tags : 0 };
    return tags != NULL;
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const struct tagged *)a)->id, y = ((const struct tagged *)b)->id;
    return (x > y) - (x < y);
}

/* A store without an address book knows nobody. */
static enum bf_err known_load(const char *db_url, struct known *k, char **ret_message)
{
    auto_(book_close) struct book *book = NULL;
    enum bf_err err = arena_create(64u << 10, TAGS_MOST, &k->arena);
    if (!err)
        err = book_open(db_url, DB_READ, &book, ret_message);
    if (err == BF_ENOENT) {
        free(*ret_message);
        *ret_message = NULL;
        return BF_OK;
    }
    if (!err)
        err = book_search(book, SPAN(""), remember, k);
    if (k->n)
        qsort(k->at, k->n, sizeof *k->at, by_id);
    return err;
}

/* ---- a call ---- */

static void tags_of(const struct known *k, struct person *p)
{
    const struct tagged wanted = { .id = p->id };
    const struct tagged *t = k->n ? bsearch(&wanted, k->at, k->n, sizeof *k->at, by_id) : NULL;
    if (!t)
        return;
    p->tags = t->tags;
    p->n_tags = t->n_tags;
}

static const struct person *person_kept(const struct known *k, int64_t id, struct span name,
                                        struct person *out, char text[static 513])
{
    if (!id && !name.n)
        return NULL;
    name = span_first(name, 512);
    if (name.n)
        memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    *out = (struct person){ .id = id, .uid = "", .name = text };
    tags_of(k, out);
    return out;
}

static bool ask(void *arg, const struct record *r)
{
    struct dry *d = arg;
    struct number caller, called;
    struct person person, claimed;
    char name[513], claimed_name[513];
    if (r->kind != RECORD_VERIFIED)
        return true;
    const struct rule_facts facts = {
        .outcome = (enum outcome)r->outcome,
        .attest = r->attest,
        .domain = r->trust_domain,
        .caller = number_kept(r->caller, &caller),
        .called = number_kept(r->called, &called),
        .person = person_kept(&d->known, r->person_id, r->person, &person, name),
        .claimed = person_kept(&d->known, r->claimed_person_id, r->claimed_person, &claimed, claimed_name),
        .at = r->at.utc
    };
    const int rule = rules_match(d->rules, &facts);
    d->result->calls++;
    if (rule < 0)
        return true;
    d->result->matched[rule]++;
    if (d->found && !d->found(d->arg, (size_t)rule, r))
        d->found = NULL;
    return true;
}

enum bf_err rules_dry_run(const char *db_url, const struct rules *rules, utc_t since, utc_t until,
                          struct rules_dry_result *result, rules_dry_found *found, void *arg,
                          char **ret_message)
{
    struct dry d = { .rules = rules, .result = result, .found = found, .arg = arg };
    const struct record_filter filter = { .since = since, .until = until, .outcome = -1, .limit = SIZE_MAX };
    enum bf_err err = BF_OK;
    *ret_message = NULL;
    result->calls = 0;
    if (rules_need_people(rules))
        err = known_load(db_url, &d.known, ret_message);
    if (!err)
        err = record_query(db_url, &filter, ask, &d, ret_message);
    arena_destroy(d.known.arena);
    free(d.known.at);
    return err;
}
