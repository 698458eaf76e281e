/* SPDX-License-Identifier: Apache-2.0 */
/* Two entries of the book are one person. */
#include "people/book_parts.h"

#include <stdio.h>

#define MERGE_BLOCK 65536u
#define MERGE_MOST  (16u << 20)

static bool texts_have(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return false;
}

struct texts {
    const char *const *all;
    size_t n;
};

/* a, `more` (may be NULL), then of b what is not there yet and is not `name`. */
static const char *const *texts_joined(struct arena *arena, struct texts a, const char *more, struct texts b,
                                       const char *name, size_t *ret_n)
{
    const char **const all = arena_take(arena, (a.n + b.n + 1) * sizeof *all);
    size_t n = 0;
    if (!all)
        return NULL;
    for (size_t i = 0; i < a.n; i++)
        all[n++] = a.all[i];
    if (more && strcmp(more, name) != 0 && !texts_have(all, n, more))
        all[n++] = more;
    for (size_t i = 0; i < b.n; i++)
        if (strcmp(b.all[i], name) != 0 && !texts_have(all, n, b.all[i]))
            all[n++] = b.all[i];
    *ret_n = n;
    return all;
}

static bool same_range(const struct number_range *a, const struct number_range *b)
{
    return a->count == b->count && number_equal(&a->start, &b->start);
}

static const struct number_range *numbers_joined(struct arena *arena, const struct person *a,
                                                 const struct person *b, size_t *ret_n)
{
    struct number_range *const all = arena_take(arena, (a->n_numbers + b->n_numbers + 1) * sizeof *all);
    size_t n = 0;
    if (!all)
        return NULL;
    for (size_t i = 0; i < a->n_numbers; i++)
        all[n++] = a->numbers[i];
    for (size_t i = 0; i < b->n_numbers; i++) {
        bool is_new = true;
        for (size_t k = 0; k < n; k++)
            is_new &= !same_range(&all[k], &b->numbers[i]);
        if (is_new)
            all[n++] = b->numbers[i];
    }
    *ret_n = n;
    return all;
}

static const struct person_signer *signers_joined(struct arena *arena, const struct person *a,
                                                  const struct person *b, size_t *ret_n)
{
    struct person_signer *const all = arena_take(arena, (a->n_signers + b->n_signers + 1) * sizeof *all);
    size_t n = 0;
    if (!all)
        return NULL;
    for (size_t i = 0; i < a->n_signers; i++)
        all[n++] = a->signers[i];
    for (size_t i = 0; i < b->n_signers; i++) {
        bool is_new = true;
        for (size_t k = 0; k < n; k++)
            is_new &= all[k].kind != b->signers[i].kind || strcmp(all[k].value, b->signers[i].value) != 0;
        if (is_new)
            all[n++] = b->signers[i];
    }
    *ret_n = n;
    return all;
}

/* Both, one behind the other, unless one says nothing more. */
static const char *joined(struct arena *arena, const char *a, const char *b, const char *between)
{
    if (!*b || strstr(a, b))
        return a;
    return *a ? arena_printf(arena, "%s%s%s", a, between, b) : b;
}

static bool join(struct arena *arena, const struct person *a, const struct person *b, struct person *ret)
{
    struct person p = *a;
    p.aliases = texts_joined(arena, (struct texts){ a->aliases, a->n_aliases }, b->name,
                             (struct texts){ b->aliases, b->n_aliases }, a->name, &p.n_aliases);
    p.tags = texts_joined(arena, (struct texts){ a->tags, a->n_tags }, NULL,
                          (struct texts){ b->tags, b->n_tags }, "", &p.n_tags);
    p.numbers = numbers_joined(arena, a, b, &p.n_numbers);
    p.signers = signers_joined(arena, a, b, &p.n_signers);
    p.organisation = *a->organisation ? a->organisation : b->organisation;
    p.language = *a->language ? a->language : b->language;
    p.least_attestation = a->least_attestation ? a->least_attestation : b->least_attestation;
    p.is_protected |= b->is_protected;
    p.require_proof = a->require_proof == PROOF_USUAL ? b->require_proof : a->require_proof;
    p.note = joined(arena, a->note, b->note, "\n");
    p.extra = joined(arena, a->extra, b->extra, "");
    if (!a->photo.n) {
        p.photo = b->photo;
        p.photo_type = b->photo_type;
    }
    *ret = p;
    return p.aliases && p.tags && p.numbers && p.signers && p.note && p.extra;
}

/* What hangs on a person and is not in the entry itself; what both have stays as `into` has it. */
static enum bf_err move_rows(struct book *b, int64_t into, int64_t from)
{
    static const char *const moves[] = { "UPDATE OR IGNORE habits SET person = ?1 WHERE person = ?2",
                                         "UPDATE expected SET person = ?1 WHERE person = ?2" };
    for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
        auto_(db_finalize) struct db_query *q = NULL;
        enum bf_err err = db_prepare(b->db, moves[i], &q);
        if (err == BF_OK) {
            db_bind_int(q, 1, into);
            db_bind_int(q, 2, from);
            err = db_step(q);
        }
        if (err != BF_OK && err != BF_ENOENT)
            return book_failed(b, err);
    }
    return BF_OK;
}

static enum bf_err merge(struct book *b, struct arena *arena, int64_t into, int64_t from)
{
    const struct person *one, *other;
    struct person both;
    enum bf_err err = book_read(b, into, arena, &one);
    if (err == BF_OK)
        err = book_read(b, from, arena, &other);
    if (err == BF_OK && !join(arena, one, other, &both))
        err = book_refuse(b, BF_ENOMEM, "out of memory");
    if (err == BF_OK)
        err = move_rows(b, into, from);
    if (err == BF_OK)
        err = book_remove(b, from);
    return err == BF_OK ? book_put(b, &both) : err;
}

enum bf_err book_merge(struct book *b, int64_t into, int64_t from)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    if (into == from)
        return book_refuse(b, BF_EINVAL, "that is the same person");
    enum bf_err err = book_failed(b, arena_create(MERGE_BLOCK, MERGE_MOST, &arena));
    if (err == BF_OK)
        err = book_begin(b);
    if (err != BF_OK)
        return err;
    err = merge(b, arena, into, from);
    if (err == BF_OK)
        return book_commit(b);
    book_cancel(b);
    return err;
}
