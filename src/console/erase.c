/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody is forgotten: in the records while the book still knows the names to look for, so that it can be asked again where
 * that fails; then out of the address book, with exceptions, what was said of their calls, and the names in the log of changes;
 * then in the few records that came until those who judge calls had taken that up. That it was done, and by whom, is kept,
 * without the name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "console/inside.h"

#define TAKEN_UP_S 2 /* calls are judged by a book that is at most a second old */
#define WORDS      (2 * BOOK_LIST + 2)

struct forgotten {
    char *memory[WORDS];
    struct span names[WORDS], numbers[WORDS];
    size_t n_memory, n_names, n_numbers;
    bool failed;
};

static void forgotten_destroy(struct forgotten *f)
{
    for (size_t i = 0; f && i < f->n_memory; i++)
        free(f->memory[i]);
    free(f);
}
AUTO_DEFINE(struct forgotten, forgotten_destroy);

static struct span keep(struct forgotten *f, const char *text, size_t n)
{
    char *copy = f->n_memory < WORDS ? strndup(text, n) : NULL;
    f->failed |= !copy;
    if (!copy)
        return SPAN_NONE;
    f->memory[f->n_memory++] = copy;
    return span_make(copy, n);
}

static bool learn_person(void *arg, const struct person *p)
{
    struct forgotten *f = arg;
    f->names[f->n_names++] = keep(f, p->name, strlen(p->name));
    for (size_t i = 0; i < p->n_aliases && i < BOOK_LIST; i++)
        f->names[f->n_names++] = keep(f, p->aliases[i], strlen(p->aliases[i]));
    for (size_t i = 0; i < p->n_numbers && i < BOOK_LIST; i++)
        if (p->numbers[i].count == 1) /* a range is a company's, not a person's */
            f->numbers[f->n_numbers++] = keep(f, p->numbers[i].start.digits, p->numbers[i].start.n);
    return false;
}

/* ---- the tables ---- */

static enum bf_err run(struct db *db, const char *sql, struct span text)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(db, sql, &q);
    if (err)
        return err;
    db_bind_text(q, 1, text);
    err = db_step(q);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err forget_word(struct db *db, struct span word, bool is_number)
{
    static const char *const of_names[] = {
        "UPDATE desk_audit SET object = '' WHERE instr(lower(object), lower(?1)) > 0",
        "UPDATE desk_audit SET detail = '' WHERE instr(lower(detail), lower(?1)) > 0",
        "UPDATE desk_feedback SET note = '' WHERE instr(lower(note), lower(?1)) > 0",
        "DELETE FROM exceptions WHERE instr(lower(name), lower(?1)) > 0",
    };
    static const char by_number[] = "DELETE FROM exceptions WHERE number IN (?1, '+' || ?1)";
    enum bf_err err = BF_OK;
    for (size_t i = 0; i < ARRAY_SIZE(of_names) && !err && word.n >= 3; i++)
        err = run(db, of_names[i], word);
    return err || !is_number ? err : run(db, by_number, word);
}

static enum bf_err forget_words(struct ask *a, const struct forgotten *f)
{
    struct db *db = ask_db(a);
    enum bf_err err = BF_OK;
    for (size_t i = 0; i < f->n_names && !err; i++)
        err = forget_word(db, f->names[i], false);
    for (size_t i = 0; i < f->n_numbers && !err; i++)
        err = forget_word(db, f->numbers[i], true);
    return err;
}

/* The book, its exceptions and the desk's own tables, in one. */
static enum bf_err forget_in_tables(struct ask *a, int64_t id, const struct forgotten *f)
{
    enum bf_err err = db_run(ask_db(a), "PRAGMA secure_delete=ON");
    if (!err)
        err = book_begin(a->book);
    if (err)
        return err;
    err = book_remove(a->book, id); /* habits and expected calls go along */
    if (!err)
        err = forget_words(a, f);
    if (!err)
        err = book_touched(a->book);
    if (!err)
        return book_commit(a->book);
    book_cancel(a->book);
    return err;
}

/* ---- the records ---- */

static void let_it_be_taken_up(void)
{
    struct timespec left = { .tv_sec = TAKEN_UP_S };
    while (nanosleep(&left, &left) != 0)
        continue;
}

static enum bf_err forget_in_records(struct ask *a, int64_t id, const struct forgotten *f,
                                     uint64_t *ret_records)
{
    const struct record_erasing who = { id, f->names, f->numbers, f->n_names, f->n_numbers };
    char *message = NULL;
    if (!a->console->recorder)
        return BF_OK;
    book_close(a->book); /* so that no connection of ours keeps pages as they were */
    a->book = NULL;
    const enum bf_err err = recorder_erase(a->console->recorder, &who, ret_records, &message);
    if (err)
        log_put(a->console->log, LOG_ALARM, "desk: somebody is not forgotten in the records yet: %s",
                message ? message : bf_err_text(err));
    free(message);
    return err;
}

enum MHD_Result erase_post(struct ask *a)
{
    auto_(forgotten_destroy) struct forgotten *f = calloc(1, sizeof *f);
    const int64_t id = ask_id(a);
    uint64_t records = 0, late = 0;
    char detail[32];
    enum bf_err err = !f ? BF_ENOMEM : ask_book(a) ? book_get(a->book, id, learn_person, f) : BF_EIO;
    if (!err && f->failed)
        err = BF_ENOMEM;
    if (err)
        return refuse_err(a, err, no_store);
    if (forget_in_records(a, id, f, &records) != BF_OK)
        return refuse(a, 500,
                      "the records cannot be changed now: nothing is erased, or not all; erase again");
    err = ask_book(a) ? forget_in_tables(a, id, f) : BF_EIO;
    if (err)
        return refuse_err(a, err, a->book ? book_error(a->book) : no_store);
    let_it_be_taken_up();
    err = forget_in_records(a, id, f, &late);
    follower_forget(a->console->follower);
    records += late;
    snprintf(detail, sizeof detail, "%llu records", (unsigned long long)records);
    audit(a, "person erased", a->id, detail);
    if (err)
        return refuse(a, 500, "the person is erased, but perhaps not in calls of the last seconds");
    return say_json(a, 200, json_pack("{s:b,s:I}", "ok", 1, "records", (json_int_t)records));
}
