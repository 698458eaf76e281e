/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people of a CardDAV server's address book, taken over and kept up to date.                   RFC 6352, RFC 6578, RFC 6764
 *
 * Reads only: nothing is written there. What a run has seen (the sync token, and each card's ETag) is kept in the store, so that
 * the next run takes changes alone; where a server knows no sync, ETags are compared. Blocks: not on a worker's thread.
 */
#ifndef PEOPLE_CARDDAV_H
#define PEOPLE_CARDDAV_H

#include "people/book.h"
#include "people/transfer.h"

struct carddav_options {
    const char *
        url; /* of the address book; or of a server or a principal that has only one. https, or http on loopback */
    const char *user, *password; /* NULL: none */
    const char *ca_file;         /* NULL: the system's */
    bool remove;                 /* who is gone there goes here, too */
};
struct carddav_report {
    struct import_report cards;
    size_t gone;     /* cards that are gone there */
    size_t removed;  /* people who went with them */
    bool whole;      /* everything was asked for: the first run, or the server forgot where we were */
    char book[1024]; /* URL of the address book */
};

/* refused: as for people_import. *ret_message on error: a sentence, to be freed. */
enum bf_err carddav_take(struct book *b, const struct carddav_options *options,
                         void (*refused)(void *arg, uint64_t line, const char *why), void *arg,
                         struct carddav_report *ret, char **ret_message) must_use;

#endif
