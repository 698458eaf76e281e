/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h, put together: entries are read once into forms and found by their keys; a claimed name is read in as many ways as it
 * may be meant, until one of them is somebody's.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "people/names_parts.h"

#define CANDIDATES      16u
#define LOOKALIKE_SCORE 0.97

/*
 * What Unicode and we say of letters, words and sounds. It takes ICU half a second to say it all, and it is the same for every
 * book: made with the first, then constant, and kept as long as the process lives.
 */
struct tables {
    struct glyphs *glyphs;
    struct lexicon *lexicon;
    struct costs *costs;
};

struct names {
    const struct glyphs *glyphs; /* of the tables */
    const struct lexicon *lexicon;
    const struct costs *costs;
    struct index *index;
    struct shapes *shapes;
    struct entry *entries;
    struct form **forms;
    uint32_t *people; /* of each entry that was given */
    size_t n;
};

struct names_reader {
    struct form form, core;
    uint64_t keys[2 * KEYS];
    struct seen seen;
    uint32_t found[CANDIDATES];
};

static enum bf_err add(struct names *n, const struct names_entry *entry, uint32_t which)
{
    struct form f[2];
    if (!form_read(n->glyphs, n->lexicon, span_of(entry->name), READ_PLAIN, &f[0]))
        return BF_OK;
    const size_t forms = form_core(&f[0], &f[1]) && f[1].n > 1 ? 2 : 1;
    struct form *kept = malloc(forms * sizeof(*kept));
    if (!kept)
        return BF_ENOMEM;
    memcpy(kept, f, forms * sizeof(*kept));
    n->forms[n->n] = kept;
    n->entries[n->n++] = (struct entry){ kept, forms == 2 ? kept + 1 : NULL, entry->person, which };
    return BF_OK;
}

static enum bf_err tables_make(struct tables *t)
{
    enum bf_err err = glyphs_create(&t->glyphs);
    if (!err)
        err = lexicon_create(t->glyphs, &t->lexicon);
    if (!err)
        err = costs_create(&t->costs);
    if (err) {
        costs_destroy(t->costs);
        lexicon_destroy(t->lexicon);
        glyphs_destroy(t->glyphs);
        *t = (struct tables){ NULL, NULL, NULL };
    }
    return err;
}

static enum bf_err tables_share(struct names *x)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct tables tables;
    pthread_mutex_lock(&lock);
    const enum bf_err err = tables.costs ? BF_OK : tables_make(&tables);
    x->glyphs = tables.glyphs;
    x->lexicon = tables.lexicon;
    x->costs = tables.costs;
    pthread_mutex_unlock(&lock);
    return err;
}

enum bf_err names_create(const struct names_entry *entries, size_t n, struct names **ret)
{
    auto_(names_destroy) struct names *x = calloc(1, sizeof(*x));
    if (!x)
        return BF_ENOMEM;
    enum bf_err err = tables_share(x);
    if (err)
        return err;
    x->entries = calloc(n + 1, sizeof(*x->entries));
    x->forms = calloc(n + 1, sizeof(struct form *));
    x->people = calloc(n + 1, sizeof(*x->people));
    if (!x->entries || !x->forms || !x->people)
        return BF_ENOMEM;
    for (size_t i = 0; i < n; i++)
        x->people[i] = entries[i].person;
    for (size_t i = 0; i < n && !err; i++)
        err = add(x, &entries[i], (uint32_t)i);
    if (!err)
        err = index_create(x->entries, x->n, &x->index);
    if (!err)
        err = shapes_create(x->glyphs, entries, n, &x->shapes);
    if (err)
        return err;
    *ret = x, x = NULL;
    return BF_OK;
}

void names_destroy(struct names *n)
{
    if (!n)
        return;
    for (size_t i = 0; n->forms && i < n->n; i++)
        free(n->forms[i]);
    free(n->forms);
    free(n->people);
    free(n->entries);
    shapes_destroy(n->shapes);
    index_destroy(n->index);
    free(n);
}

size_t names_bytes(const struct names *n)
{
    return sizeof(*n) + n->n * (sizeof(struct entry) + sizeof(struct form) + sizeof(struct form *)) +
           index_bytes(n->index) + shapes_bytes(n->shapes) + lexicon_bytes(n->lexicon) +
           glyphs_bytes(n->glyphs);
}

enum bf_err names_reader_create(struct names_reader **ret)
{
    struct names_reader *r = calloc(1, sizeof(*r));
    if (!r)
        return BF_ENOMEM;
    *ret = r;
    return BF_OK;
}

void names_reader_destroy(struct names_reader *r)
{
    free(r);
}

/* One match a person, best first. */
static size_t keep(struct name_match *list, size_t n, size_t most, const struct name_match *m)
{
    size_t at = 0;
    while (at < n && list[at].person != m->person)
        at++;
    if (at < n && list[at].score >= m->score)
        return n;
    if (at == n && n < most)
        n++;
    else if (at == n && list[--at].score >= m->score)
        return n;
    for (; at > 0 && list[at - 1].score < m->score; at--)
        list[at] = list[at - 1];
    list[at] = *m;
    return n;
}

/* Forms lie anywhere in memory: all are asked for before the first is read. */
static void fetch(const struct names *n, const uint32_t *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&n->entries[found[i]]);
    for (size_t i = 0; i < count; i++) {
        const struct form *f = n->entries[found[i]].form;
        __builtin_prefetch(&f->n);
        __builtin_prefetch(&f->words[0]);
        __builtin_prefetch(&f->letters[0]);
        __builtin_prefetch(&f->orig[0]);
    }
}

static size_t look_up(const struct names *n, struct names_reader *r, struct name_match *ret, size_t got,
                      size_t most)
{
    struct name_match m;
    const bool core = form_core(&r->form, &r->core);
    size_t n_keys = form_keys(&r->form, true, r->keys);
    if (core)
        n_keys += form_keys(&r->core, true, r->keys + n_keys);
    struct index_question q = { .keys = r->keys, .n_keys = n_keys, .n_traits = core ? 2 : 1 };
    trait_of(&r->form, &q.traits[0]);
    if (core)
        trait_of(&r->core, &q.traits[1]);
    const size_t found = index_find(n->index, &q, &r->seen, r->found, CANDIDATES);
    fetch(n, r->found, found);
    for (size_t i = 0; i < found && !(most == 1 && got && ret[0].score >= 1); i++)
        if (entry_score(n->costs, &r->form, core ? &r->core : NULL, &n->entries[r->found[i]], &m))
            got = keep(ret, got, most, &m);
    return got;
}

size_t names_matches(const struct names *n, struct names_reader *r, struct span claimed,
                     struct name_match *ret, size_t most)
{
    size_t got = 0, shape;
    for (int how = READ_PLAIN; how < READINGS && most > 0 && got == 0; how++)
        if (form_read(n->glyphs, n->lexicon, claimed, (enum reading)how, &r->form))
            got = look_up(n, r, ret, got, most);
    if (got == 0 && most > 0 && (shape = shapes_find(n->shapes, n->glyphs, claimed)) != SIZE_MAX)
        ret[got++] = (struct name_match){ .person = n->people[shape],
                                          .entry = (uint32_t)shape,
                                          .rule = NAME_LOOKALIKE,
                                          .score = LOOKALIKE_SCORE };
    return got;
}

bool names_match(const struct names *n, struct names_reader *r, struct span claimed, struct name_match *ret)
{
    return names_matches(n, r, claimed, ret, 1) > 0;
}
