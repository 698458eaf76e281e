/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what the files of the address book share. */
#ifndef PEOPLE_BOOK_PARTS_H
#define PEOPLE_BOOK_PARTS_H

#include "base/arena.h"
#include "people/book.h"

extern const char *const people_migrations[];
extern const size_t n_people_migrations;

/* The lists of a person, as people_details numbers them. */
enum detail { DETAIL_ALIAS, DETAIL_NUMBER, DETAIL_SIGNER, DETAIL_TAG, DETAILS };

struct book {
    struct db *db;
    unsigned depth; /* of book_begin */
    bool broken;    /* an inner change was cancelled: the outer ones cannot be kept */
    char error[320];
};

/* Keeps the sentence; returns err. */
enum bf_err book_refuse(struct book *b, enum bf_err err, const char *format, ...) printf_(3, 4);
enum bf_err book_failed(struct book *b, enum bf_err err); /* the sentence is the database's; BF_OK passes */

/* One detail as text; out takes DETAIL_TEXT bytes. */
#define DETAIL_TEXT (BOOK_NAME_BYTES + 16u)
size_t detail_count(const struct person *p, enum detail kind);
const char *detail_text(const struct person *p, enum detail kind, size_t at, char out[static DETAIL_TEXT]);

/* A person may be kept as it is. BF_EFORM: book_error says why not. */
enum bf_err person_check(struct book *b, const struct person *p) must_use;

/* The person of that id, in the arena. BF_ENOENT, BF_ENOMEM, those of the store. */
enum bf_err book_read(struct book *b, int64_t id, struct arena *arena, const struct person **ret) must_use;

/* What a search looks through: names first, then the rest, a line each. To be freed. BF_ENOMEM, BF_EUNSUP. */
enum bf_err person_folded(const struct person *p, char **ret) must_use;

#endif
