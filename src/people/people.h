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
/* Of a match in any of the names below and above. */
const struct person *people_of_match(const struct people *p, const struct name_match *match);

/* The number is one of the person's. */
bool person_has(const struct person *person, const struct number *number);
/* Names of those who are not protected and have numbers: two people may share a name. NULL: none. */
const struct names *people_other_names(const struct people *p);
/* Names of those who are not protected and whose call is expected, now or later. NULL: none. */
const struct names *people_expected_names(const struct people *p);

/* Confirmed habits of the number, of whomever it is: one a signer. At most `most`; how many there are. */
size_t people_habits(const struct people *p, const struct number *number, const struct habit **ret,
                     size_t most);
/* This number may say this name though it resembles somebody's: the table of exceptions. */
bool people_may_say(const struct people *p, const struct number *number, struct span claimed);
/* An expected call of the person that is open at that time, rather one that the number (may be NULL) fits; NULL: none. */
const struct expected *people_expected(const struct people *p, int64_t person, const struct number *number,
                                       utc_t at);
/* The expected call is to come from any of the person's numbers, or from this one. */
bool expected_fits(const struct expected *e, const struct number *number);

/* Where the snapshot of a process stands; NULL in it: nobody is known. Read inside an epoch bracket. */
typedef _Atomic(const struct people *) people_place;

AUTO_DEFINE(struct people, people_destroy);

#endif
