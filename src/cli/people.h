/* SPDX-License-Identifier: Apache-2.0 */
/* `bonafide people`: a table of verbs (people.c), a file each or a few in one, and what they share. */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include "cli/command.h"
#include "cli/options.h"
#include "people/book.h"

/* Where the book is: --config and --store, as `calls` has them. */
struct people_where {
    const char *config, *store;
};
#define PEOPLE_WHERE_ROWS(type, member)                                                                      \
    { "config", "FILE", "the server's configuration, which names the store", OPTION_TEXT,                    \
      offsetof(type, member.config) },                                                                       \
    {                                                                                                        \
        "store", "URL", "the store itself: sqlite:PATH", OPTION_TEXT, offsetof(type, member.store)           \
    }

/* EXIT_SUCCESS and *ret; else what is wrong has been said, and the value is the exit status. verb: "people add". */
int people_open(const char *verb, const struct people_where *where, enum db_mode mode, struct book **ret);
/* The exit status for what the book said, which is printed. */
int people_fail(const char *verb, const struct book *b, enum bf_err err);

/* By its number, or by a text that only this person has. EXIT_SUCCESS; else as people_open. */
int people_find(const char *verb, struct book *b, const char *text, int64_t *ret_id);

/* ---- of the verbs about expected calls, habits and exceptions ---- */

#define PEOPLE_BY   64u                    /* bytes of who says it */
#define PEOPLE_NAME (BOOK_NAME_BYTES + 1u) /* of a person's name */

/* The user who runs the command; out. */
const char *people_by(char out[static PEOPLE_BY]);
/* EXIT_SUCCESS; else as people_open. option: without its dashes. */
int people_id(const char *verb, const char *option, const char *text, int64_t *ret);
/* One number with its country code, as people type it. */
int people_number(const char *verb, const char *text, struct number *ret);
void people_name_of(struct book *b, int64_t id, char out[static PEOPLE_NAME]); /* "?": gone */
/* A line of JSON; row is freed. */
struct json_t;
void people_print(struct json_t *row);
/* The end of a listing: the table, if it is one (NULL: JSON), is printed and freed. Returns the exit status. */
int people_shown(const char *verb, const struct book *b, enum bf_err err, struct table *table, size_t n,
                 const char *nothing);

/* Verbs: argv[0] is the verb. */
int people_add(int argc, char **argv);
int people_edit(int argc, char **argv);
int people_list(int argc, char **argv);
int people_show(int argc, char **argv);
int people_search(int argc, char **argv);
int people_merge(int argc, char **argv);
int people_remove(int argc, char **argv);
int people_import_file(int argc, char **argv);
int people_export_file(int argc, char **argv);
int people_carddav(int argc, char **argv);
int people_name(int argc, char **argv);
int people_expect(int argc, char **argv);
int people_expected_calls(int argc, char **argv);
int people_habits_verb(int argc, char **argv);
int people_exceptions(int argc, char **argv);

#endif
