/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we know, as a snapshot that workers read: people by number, names worth protecting, habits that somebody confirmed,
 * calls that are expected. Made whole from the store, then immutable; published and freed by epochs (base/epoch.h).
 */
#ifndef PEOPLE_PEOPLE_H
#define PEOPLE_PEOPLE_H

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
const struct person *people_of_match(const struct people *p, const struct name_match *match);

/* A confirmed habit of the number; NULL: none. */
const struct habit *people_habit(const struct people *p, const struct number *number);
/* This number may say this name though it resembles somebody's: the table of exceptions. */
bool people_may_say(const struct people *p, const struct number *number, struct span claimed);
/* An expected call of the person that is open at that time; NULL: none. */
const struct expected *people_expected(const struct people *p, int64_t person, utc_t at);

AUTO_DEFINE(struct people, people_destroy);

#endif
