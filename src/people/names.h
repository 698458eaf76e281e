/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a name that a call claims resemble one that is worth protecting?                    Unicode UTS 39; CLDR; ICU transforms
 *
 * struct names is made once from all protected names, then immutable and shared by all threads; a look-up is an index, not a
 * loop over people. struct names_reader is a thread's own memory, so that a call creates nothing.
 */
#ifndef PEOPLE_NAMES_H
#define PEOPLE_NAMES_H

#include "base/fault.h"
#include "base/span.h"

#define NAME_BYTES 512u /* of a claimed name that are looked at */

struct names;
struct names_reader;

struct names_entry {
    uint32_t person;  /* whatever the caller calls it */
    const char *name; /* a name or an alias */
};

/* BF_ENOMEM; BF_EUNSUP: ICU lacks what it needs. Entries of which nothing is left to compare are passed over. */
enum bf_err names_create(const struct names_entry *entries, size_t n, struct names **ret) must_use;
void names_destroy(struct names *n);
size_t names_bytes(const struct names *n);

enum bf_err names_reader_create(struct names_reader **ret) must_use;
void names_reader_destroy(struct names_reader *r);

/* How a claimed name came to resemble one of ours: what people are told. */
enum name_rule {
    NAME_SAME,           /* letter for letter, but for case, accents and spacing */
    NAME_ORDER,          /* words in another order, initials */
    NAME_TITLE,          /* with a title or an office around it */
    NAME_LOOKALIKE,      /* characters that look like others, or that are not seen */
    NAME_TRANSLITERATED, /* another script, or another spelling of it in Latin letters */
    NAME_TYPO,           /* letters that differ, by so few that one would not see it */
    NAME_SPACING,        /* blanks, dots and decorations between letters */
    NAME_RULES
};
struct name_match {
    uint32_t person, entry; /* entry: index in what names_create was given */
    double score;           /* 0 to 1; 1: the same */
    enum name_rule rule;    /* the one that says most about it */
};
const char *name_rule_text(enum name_rule rule);     /* "lookalike": stable, for JSON */
const char *name_rule_sentence(enum name_rule rule); /* "with characters that look like others" */

/* The best match at or above the threshold; false: it resembles nobody. claimed may be any bytes. Allocates nothing. */
bool names_match(const struct names *n, struct names_reader *r, struct span claimed, struct name_match *ret);
/* All of them, best first, one a person, at most `most`: two people may share a name. Returns how many. */
size_t names_matches(const struct names *n, struct names_reader *r, struct span claimed,
                     struct name_match *ret, size_t most);

AUTO_DEFINE(struct names, names_destroy);
AUTO_DEFINE(struct names_reader, names_reader_destroy);

#endif
