/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address book in the store. A connection belongs to one thread; readers of calls use a snapshot instead (people.h).
 */
#ifndef PEOPLE_BOOK_H
#define PEOPLE_BOOK_H

#include "people/person.h"
#include "store/db.h"

struct book;

/* What a person may take: more is refused (BF_EFORM). */
#define BOOK_NAME_BYTES  512u     /* a name, alias, tag, signer, uid, organisation */
#define BOOK_NOTE_BYTES  65536u   /* a note */
#define BOOK_EXTRA_BYTES 262144u  /* what a vCard said besides */
#define BOOK_PHOTO_BYTES 1048576u /* a photo */
#define BOOK_LIST        256u     /* aliases, numbers, signers or tags of one person */

/* url as for db_open. With DB_WRITE its tables are made. *ret_message: a sentence, to be freed. Errors: those of db_open. */
enum bf_err book_open(const char *url, enum db_mode mode, struct book **ret, char **ret_message) must_use;
void book_close(struct book *b);
struct db *book_db(struct book *b); /* for what else stands in the same store: habits, expected calls */
const char *book_error(const struct book *b); /* of the last failure, a sentence */

/* Moves with every change of anything in the room's tables, whoever made it: when to load a snapshot again. */
enum bf_err book_generation(struct book *b, uint64_t *ret) must_use;
enum bf_err book_touched(struct book *b) must_use; /* to be called in the transaction of a change */

/*
 * Many changes as one: nothing of them stays unless the outermost book_commit says so. They nest, and every change below is one
 * itself. book_cancel undoes all of it.
 */
enum bf_err book_begin(struct book *b) must_use;
enum bf_err book_commit(struct book *b) must_use;
void book_cancel(struct book *b);

/*
 * A person without a name, a range that is none, too long a text: BF_EFORM, book_error says which. id and changed are the
 * store's; an empty uid is given one. BF_EINVAL where the uid is taken. BF_ENOENT: no such person.
 */
enum bf_err book_add(struct book *b, const struct person *p, int64_t *ret_id) must_use;
/* Under the id it says, for a book that a file numbers; 0 is given one. BF_EINVAL where the id is taken, too. */
enum bf_err book_add_as(struct book *b, const struct person *p, int64_t *ret_id) must_use;
enum bf_err book_put(struct book *b, const struct person *p) must_use; /* the whole of p->id anew */
enum bf_err book_remove(struct book *b, int64_t id) must_use;
/* What `from` has and `into` has not goes over to it: names, numbers, signers, tags, habits, expected calls. */
enum bf_err book_merge(struct book *b, int64_t into, int64_t from) must_use;

/* The person lives during the call. false stops. */
typedef bool book_found(void *arg, const struct person *p);
enum bf_err book_get(struct book *b, int64_t id, book_found *found, void *arg) must_use;
/* Who has this uid; BF_ENOENT: nobody. */
enum bf_err book_id_of_uid(struct book *b, struct span uid, int64_t *ret) must_use;
/*
 * text: words, each of a name, alias, organisation, number, tag or note, letter case and accents aside; empty: everybody.
 * By name. `found` may change the book.
 */
enum bf_err book_search(struct book *b, struct span text, book_found *found, void *arg) must_use;

AUTO_DEFINE(struct book, book_close);

#endif
