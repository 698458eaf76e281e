/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address book as files: vCard and CSV, in and out.                              RFC 6350, RFC 2426 (read), RFC 4180
 *
 * What a format says and the book has no place for stands in person.extra and goes out again. What a file does not speak of
 * (a CSV without the column; the marks of protection in a card of another program) stays as the book has it.
 */
#ifndef PEOPLE_TRANSFER_H
#define PEOPLE_TRANSFER_H

#include <stdio.h>

#include "people/making.h"

enum people_format { PEOPLE_VCARD, PEOPLE_CSV };

#define TRANSFER_BYTES (64u << 20) /* of a file */

/* What a reader does with what it finds. */
struct transfer {
    /* Each person; lives during the call. Anything but BF_OK ends the reading. */
    enum bf_err (*person)(void *arg, struct making *m, uint64_t line);
    /* Somebody who cannot be read: the line, and a sentence without its full stop. Reading goes on. */
    void (*refused)(void *arg, uint64_t line, const char *why);
    void *arg;
};

/*
 * BF_EFORM: it is no such file at all (a CSV without a column "name"); *ret_message says why, to be freed. BF_ELIMIT, BF_ENOMEM,
 * and what t->person said.
 */
enum bf_err vcard_read(struct span text, const struct transfer *t, char **ret_message) must_use;
enum bf_err people_csv_read(struct span text, const struct transfer *t, char **ret_message) must_use;

void vcard_write(FILE *out, const struct person *p); /* a vCard 4.0 */
/* with_extra: columns `photo` and `extra` too, so that nothing at all is lost. */
void people_csv_head(FILE *out, bool with_extra);
void people_csv_row(FILE *out, const struct person *p, bool with_extra);

/* ---- all of the book ---- */

struct import_report {
    size_t added, changed, same, refused;
};
/*
 * Everybody of the file, as one change: who has a known uid (or, in a CSV without uids, id) is changed, others are added. Who
 * cannot be read or kept is refused, and the others stay. refused may be NULL.
 */
enum bf_err people_import(struct book *b, enum people_format format, struct span text,
                          void (*refused)(void *arg, uint64_t line, const char *why), void *arg,
                          struct import_report *ret, char **ret_message) must_use;
enum bf_err people_export(struct book *b, enum people_format format, struct span search, FILE *out) must_use;

/* One person, as the desk and the command show it in JSON: members are the columns of the CSV; lists are arrays. */
void person_json(FILE *out, const struct person *p);

/* base64 with blanks between, as cards have photos. true and *ret_n; out takes text.n bytes. */
bool photo_of_base64(struct span text, char *out, size_t *ret_n);
void photo_base64(FILE *out, struct span photo);

#endif
