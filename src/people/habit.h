/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person's number always did: signed by whom, with what attestation, since when. Learned only from calls that are
 * genuine, undiverted and of attestation A, on at least HABIT_DAYS days; counts once a person has confirmed it.
 */
#ifndef PEOPLE_HABIT_H
#define PEOPLE_HABIT_H

#include "people/book.h"

#define HABIT_DAYS 3u

enum habit_state { HABIT_LEARNING, HABIT_PROPOSED, HABIT_CONFIRMED, HABIT_REFUSED };
const char *habit_state_text(enum habit_state state); /* "learning" */

struct habit {
    int64_t id, person;
    struct number number;
    const char *spc, *issuer, *trust_domain; /* of the signer that it always was; "" none */
    enum habit_state state;
    uint32_t calls, days; /* proven calls, and on how many days (UTC) */
    utc_t since, last;
    const char *confirmed_by; /* "" nobody */
};

/* A proven call of somebody we know: what it teaches. Not from a worker's thread. A signer that differs starts a habit of its own. */
struct habit_lesson {
    int64_t person;
    struct number number;
    struct span spc, issuer, trust_domain;
    utc_t at;
};
enum bf_err habit_learn(struct book *b, const struct habit_lesson *lesson) must_use;
enum bf_err habit_decide(struct book *b, int64_t id, bool confirm, const char *who)
    must_use; /* BF_ENOENT; BF_EAGAIN: still learning */
typedef bool habit_found(void *arg, const struct habit *h);
enum bf_err habit_list(struct book *b, int64_t person, habit_found *found, void *arg)
    must_use; /* person 0: all */

/* The table of exceptions: this number may say this name. */
enum bf_err exception_add(struct book *b, const struct number *number, struct span name, const char *who)
    must_use;
enum bf_err exception_remove(struct book *b, int64_t id) must_use;
struct exception {
    int64_t id;
    struct number number;
    const char *name, *by;
};
typedef bool exception_found(void *arg, const struct exception *e);
enum bf_err exception_list(struct book *b, exception_found *found, void *arg) must_use;

#endif
