/* SPDX-License-Identifier: Apache-2.0 */
/* A call that was agreed: this person, this window, from this number or any of theirs, perhaps with a word to be said. */
#ifndef PEOPLE_EXPECTED_H
#define PEOPLE_EXPECTED_H

#include "people/book.h"

enum expected_state { EXPECTED_OPEN, EXPECTED_MET, EXPECTED_MISSED, EXPECTED_CANCELLED };
const char *expected_state_text(enum expected_state state); /* "open" */

struct expected {
    int64_t id, person;
    utc_t from, until;    /* [from, until) */
    const char *zone;     /* IANA name the window was written in */
    struct number number; /* n 0: any of theirs */
    const char *word;     /* to be said; "" none */
    const char *source;   /* "desk", "command", "diary" */
    enum expected_state state;
    const char *call; /* id of the record that met it; "" none */
    const char *by;
};

/* BF_EFORM: a window that ends before it begins, or has ended; no such zone; BF_ENOENT: no such person. book_error says it. */
enum bf_err expected_add(struct book *b, const struct expected *e, int64_t *ret_id) must_use;
enum bf_err expected_cancel(struct book *b, int64_t id, const char *who) must_use;
enum bf_err expected_met(struct book *b, int64_t id, struct span call) must_use;
typedef bool expected_found(void *arg, const struct expected *e);
/* since, until: of the window; 0: open. person 0: all. By time. */
enum bf_err expected_list(struct book *b, int64_t person, utc_t since, utc_t until, expected_found *found,
                          void *arg) must_use;
/* Marks windows that ended without their call; each is told once (found), to be reported. */
enum bf_err expected_sweep(struct book *b, utc_t now, expected_found *found, void *arg) must_use;

/* `2026-11-24 15:00` in a zone of the system ("Europe/Rome"), or RFC 3339; BF_EFORM also for a time that the zone skips. */
enum bf_err expected_time(struct span text, const char *zone, utc_t *ret, struct fault *fault) must_use;

#endif
