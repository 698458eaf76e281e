/* SPDX-License-Identifier: Apache-2.0 */
#include "people/making.h"

enum bf_err making_begin(struct making *m, struct arena *arena)
{
    arena_reset(arena);
    *m = (struct making){
        .arena = arena,
        .p = { .uid = "",
               .name = "",
               .organisation = "",
               .language = "",
               .note = "",
               .photo_type = "",
               .extra = "" },
        .aliases = arena_take(arena, BOOK_LIST * sizeof *m->aliases),
        .tags = arena_take(arena, BOOK_LIST * sizeof *m->tags),
        .numbers = arena_take(arena, BOOK_LIST * sizeof *m->numbers),
        .signers = arena_take(arena, BOOK_LIST * sizeof *m->signers),
    };
    m->p.aliases = m->aliases;
    m->p.tags = m->tags;
    m->p.numbers = m->numbers;
    m->p.signers = m->signers;
    return m->aliases && m->tags && m->numbers && m->signers ? BF_OK : BF_ENOMEM;
}

const char *making_text(struct making *m, struct span text)
{
    const struct span copy = arena_copy(m->arena, span_trim(text));
    m->no_memory |= !copy.p;
    return copy.p ? copy.p : "";
}

static bool texts_have(const char *const *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return false;
}

bool person_has_alias(const struct person *p, const char *text)
{
    return texts_have(p->aliases, p->n_aliases, text);
}

bool person_has_tag(const struct person *p, const char *text)
{
    return texts_have(p->tags, p->n_tags, text);
}

bool person_has_range(const struct person *p, const struct number_range *range)
{
    for (size_t i = 0; i < p->n_numbers; i++)
        if (p->numbers[i].count == range->count && number_equal(&p->numbers[i].start, &range->start))
            return true;
    return false;
}

static bool has_room(struct making *m, size_t n)
{
    m->too_many |= n == BOOK_LIST;
    return n < BOOK_LIST;
}

static void text_add(struct making *m, const char **texts, size_t *n, struct span text)
{
    const char *copy = making_text(m, text);
    if (*copy && !texts_have(texts, *n, copy) && has_room(m, *n))
        texts[(*n)++] = copy;
}

void making_alias(struct making *m, struct span text)
{
    text_add(m, m->aliases, &m->p.n_aliases, text);
}

void making_tag(struct making *m, struct span text)
{
    text_add(m, m->tags, &m->p.n_tags, text);
}

enum bf_err making_number(struct making *m, struct span text, struct fault *fault)
{
    struct number_range range;
    const enum bf_err err = range_of_text(text, &range, fault);
    if (err == BF_OK && !person_has_range(&m->p, &range) && has_room(m, m->p.n_numbers))
        m->numbers[m->p.n_numbers++] = range;
    return err;
}

enum bf_err making_signer(struct making *m, struct span text, struct fault *fault)
{
    enum person_signer_kind kind;
    struct span value;
    const enum bf_err err = signer_of_text(text, &kind, &value, fault);
    if (err != BF_OK)
        return err;
    const char *copy = making_text(m, value);
    for (size_t i = 0; i < m->p.n_signers; i++)
        if (m->signers[i].kind == kind && strcmp(m->signers[i].value, copy) == 0)
            return BF_OK;
    if (has_room(m, m->p.n_signers))
        m->signers[m->p.n_signers++] = (struct person_signer){ kind, copy };
    return BF_OK;
}

enum bf_err making_end(const struct making *m)
{
    return m->no_memory ? BF_ENOMEM : m->too_many ? BF_ELIMIT : BF_OK;
}

static void take_fields(struct person *p, const struct person *book, unsigned has)
{
    const struct {
        unsigned bit;
        const char **to;
        const char *from;
    } texts[] = {
        { HAS_UID, &p->uid, book->uid },
        { HAS_NAME, &p->name, book->name },
        { HAS_ORGANISATION, &p->organisation, book->organisation },
        { HAS_LANGUAGE, &p->language, book->language },
        { HAS_NOTE, &p->note, book->note },
        { HAS_PHOTO, &p->photo_type, book->photo_type },
        { HAS_EXTRA, &p->extra, book->extra },
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (!(has & texts[i].bit))
            *texts[i].to = texts[i].from;
    if (!(has & HAS_PHOTO))
        p->photo = book->photo;
    if (!(has & HAS_LEAST))
        p->least_attestation = book->least_attestation;
    if (!(has & HAS_PROTECTED))
        p->is_protected = book->is_protected;
    if (!(has & HAS_PROOF))
        p->require_proof = book->require_proof;
}

static void take_numbers(struct making *m, const struct person *book)
{
    for (size_t i = 0; i < book->n_numbers; i++) {
        const struct number_range *r = &book->numbers[i];
        const unsigned bit = r->count == 1 ? HAS_NUMBERS : HAS_RANGES;
        if (!(m->has & bit) && !person_has_range(&m->p, r) && has_room(m, m->p.n_numbers))
            m->numbers[m->p.n_numbers++] = *r;
    }
}

bool making_over(struct making *m, const struct person *book)
{
    struct person *const p = &m->p;
    p->id = book->id;
    take_fields(p, book, m->has);
    take_numbers(m, book);
    if (!(m->has & HAS_ALIASES)) {
        p->aliases = book->aliases;
        p->n_aliases = book->n_aliases;
    }
    if (!(m->has & HAS_TAGS)) {
        p->tags = book->tags;
        p->n_tags = book->n_tags;
    }
    if (!(m->has & HAS_SIGNERS)) {
        p->signers = book->signers;
        p->n_signers = book->n_signers;
    }
    return making_end(m) == BF_OK;
}
