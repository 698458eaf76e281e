/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others ask of the builder thread, in order. The box outlives its owner as long as a flight of the fetcher may
 * still drop something in; a closed box swallows it.
 */
#ifndef TRUST_MAILBOX_H
#define TRUST_MAILBOX_H

#include "trust/signer.h"

enum letter_kind { LETTER_WANT, LETTER_FETCHED, LETTER_PROVEN, LETTER_REBUILD };

struct letter {
    struct letter *next;
    enum letter_kind kind;
    struct span x5u;    /* in `bytes` */
    struct span header; /* PROVEN, in `bytes` */
    /* WANT */
    uint64_t source;
    bool stale;
    signers_done *done;
    void *arg;
    /* PROVEN: which of the URL's certificates it was */
    uint8_t leaf_id[SHA256_BYTES];
    /* FETCHED */
    struct mailbox *box; /* where it goes when the flight lands: a reference */
    enum fetch_outcome outcome;
    char *body;
    size_t body_n;
    int64_t max_age_s;
    utc_t fetched;
    char why[160];
    char bytes[];
};

struct mailbox;

enum bf_err mailbox_create(struct mailbox **ret) must_use;
struct mailbox *mailbox_ref(struct mailbox *box);
void mailbox_unref(struct mailbox *box); /* frees it, and letters left in it, with the last reference */

/* NULL without memory. */
struct letter *letter_create(enum letter_kind kind, struct span x5u, struct span header);
void letter_destroy(struct letter *letter);

/*
 * Takes the letter over in every case. BF_OK; BF_ELIMIT: more than max wait (0: no limit); BF_EINVAL: closed. After an
 * error the letter is destroyed, without a word to its `done`.
 */
enum bf_err mailbox_post(struct mailbox *box, struct letter *letter, size_t max);
/* The same without waiting for a lock: BF_EAGAIN. */
enum bf_err mailbox_try(struct mailbox *box, struct letter *letter, size_t max);

/* All letters in order; waits up to wait_ms when there are none. *ret_closed: the owner has closed it. */
struct letter *mailbox_take(struct mailbox *box, unsigned wait_ms, bool *ret_closed);
void mailbox_close(struct mailbox *box);

#endif
