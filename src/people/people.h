/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we know, as a snapshot that workers read: people by number, names worth protecting, habits that somebody confirmed,
 * calls that are expected. Made whole from the store, then immutable; published and freed by epochs (base/epoch.h).
 */
#ifndef PEOPLE_PEOPLE_H
#define PEOPLE_PEOPLE_H

#include <stdatomic.h>

#include "people/book.h"
#include "people/expected.h"
#include "people/habit.h"
#include "people/names.h"

struct people;

/* *ret_message: a sentence, to be freed. Errors: those of the store; BF_ENOMEM; BF_EUNSUP of names_create. */
enum bf_err people_load(struct book *book, struct people **ret, char **ret_message) must_use;
void people_destroy(struct people *p); /* NULL: nobody is known; all below take it so, too */
size_t people_count(const struct people *p);
uint64_t people_generation(const struct people *p);

/* Whose number it is, in the order of the book, at most `most`; how many there are. Allocates nothing. */
size_t people_of_number(const struct people *p, const struct number *number, const struct person **ret,
                        size_t most);
const struct person *people_by_id(const struct people *p, int64_t id); /* NULL: nobody */
const struct names *people_names(const struct people *p); /* of those who are protected; NULL: none */
/* Of a match in any of its names. */
const struct person *people_of_match(const struct people *p, const struct name_match *match);

/* The number is one of the person's. */
bool person_has(const struct person *person, const struct number *number);
/*
 * A thread's own memory for the looking up of names; made with any snapshot that has names, and good for all. It is reached through
 * the snapshot, so that whoever judges without people needs neither ICU nor a store.
 */
struct people_reader;
enum bf_err people_reader_create(const struct people *p, struct people_reader **ret) must_use;
void people_reader_destroy(struct people_reader *r);

enum people_names {
    PEOPLE_PROTECTED,
    PEOPLE_OTHERS, /* not protected, and with numbers: two people may share a name */
    PEOPLE_AWAITED /* not protected, and a call of theirs is expected, now or later */
};
bool people_has_names(const struct people *p, enum people_names of);
/* As names_matches, by people_of_match. */
size_t people_matches(const struct people *p, enum people_names of, struct people_reader *r,
                      struct span claimed, struct name_match *ret, size_t most);

/* Confirmed habits of the number, of whomever it is: one a signer. At most `most`; how many there are. */
size_t people_habits(const struct people *p, const struct number *number, const struct habit **ret,
                     size_t most);
/* This number may say this name though it resembles somebody's: the table of exceptions. */
bool people_may_say(const struct people *p, const struct number *number, struct span claimed);
/* An expected call of the person whose window is open at that time, met or not, rather one that the number (may be NULL) fits; NULL: none. */
const struct expected *people_expected(const struct people *p, int64_t person, const struct number *number,
                                       utc_t at);
/* The expected call is to come from any of the person's numbers, or from this one. */
bool expected_fits(const struct expected *e, const struct number *number);

/* Where the snapshot of a process stands; NULL in it: nobody is known. Read inside an epoch bracket. */
typedef _Atomic(const struct people *) people_place;

AUTO_DEFINE(struct people, people_destroy);
AUTO_DEFINE(struct people_reader, people_reader_destroy);

#endif
