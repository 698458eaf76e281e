/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who `verify` knows: a book in a file (--book) or the server's (--store), made into the snapshot that calls are judged by.
 * A file is read into a store in memory, so that both ways are one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/verify.h"
#include "people/transfer.h"

struct reading {
    struct book *book;
    uint64_t line; /* of who was refused; 0: nobody */
    char why[256];
};

/* Who is not said to be unprotected is protected: a file is given to `verify` for the names in it. */
static enum bf_err keep(void *arg, struct making *m, uint64_t line)
{
    struct reading *const r = arg;
    int64_t id;
    if (!(m->has & HAS_PROTECTED))
        m->p.is_protected = true;
    const enum bf_err err = book_add_as(r->book, &m->p, &id);
    if (err) {
        r->line = line;
        snprintf(r->why, sizeof r->why, "%s", book_error(r->book));
    }
    return err;
}

static void refused(void *arg, uint64_t line, const char *why)
{
    struct reading *const r = arg;
    if (r->line)
        return;
    r->line = line;
    snprintf(r->why, sizeof r->why, "%s", why);
}

static int say(const char *verb, const char *file, enum bf_err err, const char *why)
{
    return command_fail(verb, err == BF_ENOMEM ? EXIT_FAILURE_OURS : EXIT_INPUT, "%s: %s.", file,
                        why && *why ? why : bf_err_text(err));
}

static enum bf_err text_read(struct reading *r, struct span text, char **ret_message)
{
    const struct transfer t = { .person = keep, .refused = refused, .arg = r };
    const struct span start = span_trim(span_starts(text, SPAN("\xEF\xBB\xBF")) ? span_from(text, 3) : text);
    enum bf_err err = book_begin(r->book);
    if (err)
        return err;
    err = span_starts_nocase(start, SPAN("BEGIN:")) ? vcard_read(text, &t, ret_message)
                                                    : people_csv_read(text, &t, ret_message);
    if (err == BF_OK)
        return book_commit(r->book);
    book_cancel(r->book);
    return err;
}

static int file_read(const char *verb, const char *file, struct book *book)
{
    struct reading r = { .book = book };
    struct span text = SPAN_NONE;
    char *message = NULL;
    enum bf_err err = input_read(file, TRANSFER_BYTES, &text);
    if (err)
        return say(verb, file, err, input_error(err));
    err = text_read(&r, text, &message);
    free((char *)(uintptr_t)text.p);
    int status = EXIT_SUCCESS;
    if (r.line) /* somebody left out is somebody unprotected */
        status = command_fail(verb, EXIT_INPUT, "%s:%llu: %s.", file, (unsigned long long)r.line, r.why);
    else if (err)
        status = say(verb, file, err, message);
    free(message);
    return status;
}

static int load(const char *verb, const char *from, struct book *book, struct people **ret)
{
    char *message = NULL;
    const enum bf_err err = people_load(book, ret, &message);
    const int status = err ? say(verb, from, err, message) : EXIT_SUCCESS;
    free(message);
    return status;
}

int verify_people(const char *verb, const struct verify_wishes *w, struct people **ret)
{
    auto_(book_close) struct book *book = NULL;
    char *message = NULL;
    if (w->book && w->store)
        return command_fail(verb, EXIT_USAGE, "--book and --store do not go together.");
    const enum bf_err err = w->book ? book_open("sqlite::memory:", DB_WRITE, &book, &message)
                                    : book_open(w->store, DB_READ, &book, &message);
    int status = err ? say(verb, w->book ? w->book : w->store, err, message) : EXIT_SUCCESS;
    free(message);
    if (status == EXIT_SUCCESS && w->book)
        status = file_read(verb, w->book, book);
    return status == EXIT_SUCCESS ? load(verb, w->book ? w->book : w->store, book, ret) : status;
}
