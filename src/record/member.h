/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of struct record that are kept: one row each, for the entry in journal and database (tag) and for what is
 * written for people and programs (name). Rows are added at the end with the next tag; never renumbered.
 */
#ifndef RECORD_MEMBER_H
#define RECORD_MEMBER_H

#include "base/buf.h"
#include "record/chunk.h"
#include "store/db.h"

enum member_kind {
    MEMBER_FIXED_TEXT,
    MEMBER_FIXED_BYTES,
    MEMBER_TEXT,
    MEMBER_BYTES,
    MEMBER_U8,
    MEMBER_CHAR,
    MEMBER_BOOL,
    MEMBER_ENUM,
    MEMBER_I32,
    MEMBER_I64,
};

struct member {
    uint8_t tag; /* 1, 2, 3 … */
    const char *name;
    enum member_kind kind;
    size_t offset;
    uint32_t most; /* bytes of a text (longer ones are cut) or of a fixed one; the largest value of a U8 */
    bool needed, worded;
};
extern const struct member record_members[];
extern const size_t n_record_members;

#define RECORD_BALLOTS 256u       /* of a call, at most */
#define RECORD_WHY     1024u      /* bytes of a ballot's words that are kept */
#define RECORD_ENTRY   (1u << 20) /* bytes that any record fits in */

/* A member by its value: numbers of every size, and bytes of every kind. */
int64_t member_number(const struct member *m, const struct record *r);
void member_set_number(const struct member *m, struct record *r, int64_t value);
bool member_is_number(const struct member *m);
struct span member_bytes(const struct member *m, const struct record *r); /* p NULL: absent */
void member_set_bytes(const struct member *m, struct record *r, struct span bytes);
/* The value can stand in the member: sizes, ranges, the letters of attestation. */
bool member_takes_number(const struct member *m, int64_t value);
bool member_takes_bytes(const struct member *m, struct span bytes);

/* ---- words.c: what records say again and again ---- */

/* Its number; 0: it is none of the words. */
uint8_t record_word(struct span text);
struct span record_word_text(uint8_t number); /* p NULL: there is no such word */

/* ---- entry.c: the journal's form ---- */

/* Appends the record to out, which is full when it did not fit (and then holds part of it). */
void record_entry_write(const struct record *r, struct buf *out);
/*
 * ret points into the entry, into words.c and into ballots. BF_EFORM: not what this or an older version of
 * record_entry_write writes; BF_EUNSUP: of a newer one; unknown members are passed over.
 */
enum bf_err record_entry_read(struct span entry, struct record_ballot ballots[static RECORD_BALLOTS],
                              struct record *ret) must_use;

/* ---- schema.c: the database's form ---- */

extern const char *const record_migrations[];
extern const size_t n_record_migrations;
extern const char record_insert[];
/* Its parameters; the chunk lives until the query is reset. */
void record_bind(struct db_query *q, const struct chunk *c);
/* Milliseconds since 1970, at the ends of time as near as it goes. */
int64_t record_ms(utc_t utc, int ms);

#endif
