/* SPDX-License-Identifier: Apache-2.0 */
/* The address book: opening it, changes as one, reading a person, searching. Writing is book_write.c. */
#include "people/book_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "people/fold.h"

#define PERSON_BLOCK 16384u
#define PERSON_MOST  (8u << 20) /* photo, extra, note and lists at their ceilings */
#define SEARCH_WORDS 8u

/* ---- opening ---- */

enum bf_err book_open(const char *url, enum db_mode mode, struct book **ret, char **ret_message)
{
    auto_(book_close) struct book *b = calloc(1, sizeof *b);
    *ret_message = NULL;
    if (!b)
        return BF_ENOMEM;
    enum bf_err err = db_open(url, mode, &b->db, ret_message);
    if (err == BF_OK)
        err = db_migrate(b->db, "people", people_migrations, n_people_migrations, ret_message);
    if (err != BF_OK)
        return err;
    *ret = b;
    b = NULL;
    return BF_OK;
}

void book_close(struct book *b)
{
    if (!b)
        return;
    db_close(b->db);
    free(b);
}

struct db *book_db(struct book *b)
{
    return b->db;
}

const char *book_error(const struct book *b)
{
    return b->error;
}

enum bf_err book_refuse(struct book *b, enum bf_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(b->error, sizeof b->error, format, args);
    va_end(args);
    return err;
}

enum bf_err book_failed(struct book *b, enum bf_err err)
{
    return err == BF_OK ? err
                        : book_refuse(b, err, "%s", err == BF_ENOMEM ? "out of memory" : db_error(b->db));
}

/* ---- changes as one ---- */

enum bf_err book_begin(struct book *b)
{
    if (b->depth == 0) {
        const enum bf_err err = book_failed(b, db_begin(b->db));
        if (err != BF_OK)
            return err;
        b->broken = false;
    }
    b->depth++;
    return BF_OK;
}

enum bf_err book_commit(struct book *b)
{
    if (--b->depth)
        return BF_OK;
    if (b->broken) {
        db_rollback(b->db);
        return BF_EINVAL;
    }
    const enum bf_err err = book_failed(b, db_commit(b->db));
    if (err != BF_OK)
        db_rollback(b->db);
    return err;
}

void book_cancel(struct book *b)
{
    b->broken = true;
    if (--b->depth == 0)
        db_rollback(b->db);
}

static enum bf_err one_number(struct book *b, const char *sql, struct span text, int64_t *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(b->db, sql, &q);
    if (err != BF_OK)
        return book_failed(b, err);
    if (text.p)
        db_bind_text(q, 1, text);
    err = db_step(q);
    if (err == BF_OK)
        *ret = db_int(q, 0);
    return err == BF_ENOENT ? err : book_failed(b, err);
}

enum bf_err book_generation(struct book *b, uint64_t *ret)
{
    int64_t n = 0;
    const enum bf_err err = one_number(b, "SELECT generation FROM people_generation", SPAN_NONE, &n);
    if (err == BF_OK)
        *ret = (uint64_t)n;
    return err;
}

enum bf_err book_touched(struct book *b)
{
    return book_failed(b, db_run(b->db, "UPDATE people_generation SET generation = generation + 1"));
}

enum bf_err book_id_of_uid(struct book *b, struct span uid, int64_t *ret)
{
    return one_number(b, "SELECT id FROM people WHERE uid = ?1", uid.p ? uid : SPAN(""), ret);
}

/* ---- reading a person ---- */

static const char sql_person[] =
    "SELECT id, uid, name, organisation, least_attestation, protected, require_proof, language,"
    " note, photo, photo_type, extra, changed FROM people WHERE id = ?1";
static const char sql_details[] =
    "SELECT kind, text FROM people_details WHERE person = ?1 ORDER BY kind, place";

struct detail_row {
    struct detail_row *next;
    enum detail kind;
    struct span text;
};

struct reading {
    struct book *b;
    struct arena *arena;
    struct db_query *person, *details;
    bool no_memory;
};

static const char *text_at(struct reading *r, int column)
{
    const struct span s = arena_copy(r->arena, db_text(r->person, column));
    r->no_memory |= !s.p;
    return s.p;
}

static struct person *read_fields(struct reading *r)
{
    struct person *const p = arena_new(r->arena, struct person);
    const struct span photo = db_blob(r->person, 9);
    if (!p)
        return NULL;
    p->id = db_int(r->person, 0);
    p->uid = text_at(r, 1);
    p->name = text_at(r, 2);
    p->organisation = text_at(r, 3);
    const char *least = text_at(r, 4);
    p->least_attestation = least ? least[0] : 0;
    p->is_protected = db_int(r->person, 5) != 0;
    const int64_t proof = db_int(r->person, 6);
    p->require_proof =
        proof >= PROOF_USUAL && proof <= PROOF_WAIVED ? (enum require_proof)proof : PROOF_USUAL;
    p->language = text_at(r, 7);
    p->note = text_at(r, 8);
    p->photo = photo.n ? arena_copy(r->arena, photo) : SPAN_NONE;
    r->no_memory |= photo.n && !p->photo.p;
    p->photo_type = text_at(r, 10);
    p->extra = text_at(r, 11);
    p->changed = db_int(r->person, 12);
    return r->no_memory ? NULL : p;
}

static enum bf_err read_rows(struct reading *r, struct detail_row **ret, size_t counts[static DETAILS])
{
    struct detail_row **end = ret;
    enum bf_err err;
    while ((err = db_step(r->details)) == BF_OK) {
        struct detail_row *const row = arena_new(r->arena, struct detail_row);
        const int64_t kind = db_int(r->details, 0);
        if (!row)
            return BF_ENOMEM;
        row->kind = kind >= 0 && kind < DETAILS ? (enum detail)kind : DETAILS;
        row->text = arena_copy(r->arena, db_text(r->details, 1));
        if (!row->text.p)
            return BF_ENOMEM;
        if (row->kind == DETAILS) /* of a newer version, which migrations would have told: not ours */
            continue;
        counts[row->kind]++;
        *end = row;
        end = &row->next;
    }
    return err == BF_ENOENT ? BF_OK : err;
}

/* The lists of a person while they are filled. */
struct lists {
    const char **aliases, **tags;
    struct number_range *numbers;
    struct person_signer *signers;
};

static void take_row(struct person *p, const struct lists *l, const struct detail_row *row)
{
    struct span value;
    switch (row->kind) {
    case DETAIL_ALIAS: l->aliases[p->n_aliases++] = row->text.p; break;
    case DETAIL_TAG: l->tags[p->n_tags++] = row->text.p; break;
    case DETAIL_NUMBER:
        if (range_of_text(row->text, &l->numbers[p->n_numbers], NULL) == BF_OK)
            p->n_numbers++;
        break;
    case DETAIL_SIGNER:
        if (signer_of_text(row->text, &l->signers[p->n_signers].kind, &value, NULL) == BF_OK)
            l->signers[p->n_signers++].value = value.p; /* up to the end of the row, which has a NUL */
        break;
    case DETAILS: break;
    }
}

static enum bf_err read_lists(struct reading *r, struct person *p)
{
    struct detail_row *rows = NULL;
    size_t n[DETAILS] = { 0 };
    const enum bf_err err = read_rows(r, &rows, n);
    if (err != BF_OK)
        return err;
    const struct lists l = {
        .aliases = arena_take(r->arena, (n[DETAIL_ALIAS] + 1) * sizeof *l.aliases),
        .tags = arena_take(r->arena, (n[DETAIL_TAG] + 1) * sizeof *l.tags),
        .numbers = arena_take(r->arena, (n[DETAIL_NUMBER] + 1) * sizeof *l.numbers),
        .signers = arena_take(r->arena, (n[DETAIL_SIGNER] + 1) * sizeof *l.signers),
    };
    if (!l.aliases || !l.tags || !l.numbers || !l.signers)
        return BF_ENOMEM;
    for (const struct detail_row *row = rows; row; row = row->next)
        take_row(p, &l, row);
    p->aliases = l.aliases;
    p->tags = l.tags;
    p->numbers = l.numbers;
    p->signers = l.signers;
    return BF_OK;
}

static enum bf_err reading_begin(struct reading *r)
{
    const enum bf_err err = db_prepare(r->b->db, sql_person, &r->person);
    return book_failed(r->b, err != BF_OK ? err : db_prepare(r->b->db, sql_details, &r->details));
}

static void reading_end(struct reading *r)
{
    db_finalize(r->person);
    db_finalize(r->details);
}

static enum bf_err read_one(struct reading *r, int64_t id, const struct person **ret)
{
    struct person *p = NULL;
    db_bind_int(r->person, 1, id);
    db_bind_int(r->details, 1, id);
    enum bf_err err = db_step(r->person);
    if (err == BF_OK)
        err = (p = read_fields(r)) ? read_lists(r, p) : BF_ENOMEM;
    if (err == BF_ENOENT)
        (void)book_refuse(r->b, err, "there is no person %lld", (long long)id);
    else if (err != BF_OK)
        (void)book_failed(r->b, err);
    db_reset(r->person);
    db_reset(r->details);
    if (err == BF_OK)
        *ret = p;
    return err;
}

enum bf_err book_read(struct book *b, int64_t id, struct arena *arena, const struct person **ret)
{
    struct reading r = { .b = b, .arena = arena };
    enum bf_err err = reading_begin(&r);
    if (err == BF_OK)
        err = read_one(&r, id, ret);
    reading_end(&r);
    return err;
}

enum bf_err book_get(struct book *b, int64_t id, book_found *found, void *arg)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    const struct person *p;
    enum bf_err err = arena_create(PERSON_BLOCK, PERSON_MOST, &arena);
    if (err == BF_OK)
        err = book_read(b, id, arena, &p);
    if (err == BF_OK)
        (void)found(arg, p);
    return err;
}

/* ---- searching ---- */

struct ids {
    int64_t *all;
    size_t n, size;
};

static enum bf_err ids_add(struct ids *ids, int64_t id)
{
    if (ids->n == ids->size) {
        const size_t size = ids->size ? ids->size * 2 : 64;
        int64_t *const more = reallocarray(ids->all, size, sizeof *more);
        if (!more)
            return BF_ENOMEM;
        ids->all = more;
        ids->size = size;
    }
    ids->all[ids->n++] = id;
    return BF_OK;
}

/* The words of a folded text; a number as people write it is one word of its digits. */
static size_t words_of(char *text, struct span words[static SEARCH_WORDS])
{
    size_t digits = 0, n = 0;
    if (strspn(text, "+-()./ 0123456789") == strlen(text)) {
        for (const char *p = text; *p; p++)
            if (isdigit((unsigned char)*p))
                text[digits++] = *p;
        if (digits)
            text[digits] = '\0';
    }
    for (char *save = NULL, *word = strtok_r(text, " \t\r\n", &save); word && n < SEARCH_WORDS;
         word = strtok_r(NULL, " \t\r\n", &save))
        words[n++] = span_of(word);
    return n;
}

static bool holds_all(struct span folded, const struct span *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!memmem(folded.p, folded.n, words[i].p, words[i].n))
            return false;
    return true;
}

/* All ids first, so that whoever is told may change the book. */
static enum bf_err gather(struct book *b, struct span text, struct ids *ids)
{
    auto_(db_finalize) struct db_query *q = NULL;
    struct span words[SEARCH_WORDS];
    char *folded = NULL;
    enum bf_err err = text_fold(text, &folded);
    if (err != BF_OK)
        return book_refuse(b, err, "%s", bf_err_text(err));
    const size_t n = words_of(folded, words);
    err = db_prepare(b->db, "SELECT id, folded FROM people ORDER BY folded, id", &q);
    while (err == BF_OK && (err = db_step(q)) == BF_OK)
        if (holds_all(db_text(q, 1), words, n))
            err = ids_add(ids, db_int(q, 0));
    free(folded);
    return err == BF_ENOENT ? BF_OK : book_failed(b, err);
}

static enum bf_err tell(struct reading *r, const struct ids *ids, book_found *found, void *arg)
{
    for (size_t i = 0; i < ids->n; i++) {
        const struct person *p;
        arena_reset(r->arena);
        const enum bf_err err = read_one(r, ids->all[i], &p);
        if (err == BF_ENOENT) /* removed meanwhile */
            continue;
        if (err != BF_OK)
            return err;
        if (!found(arg, p))
            break;
    }
    return BF_OK;
}

enum bf_err book_search(struct book *b, struct span text, book_found *found, void *arg)
{
    auto_(arena_destroy) struct arena *arena = NULL;
    struct reading r = { .b = b };
    struct ids ids = { 0 };
    enum bf_err err = gather(b, text, &ids);
    if (err == BF_OK)
        err = book_failed(b, arena_create(PERSON_BLOCK, PERSON_MOST, &arena));
    r.arena = arena;
    if (err == BF_OK)
        err = reading_begin(&r);
    if (err == BF_OK)
        err = tell(&r, &ids, found, arg);
    reading_end(&r);
    free(ids.all);
    return err;
}
