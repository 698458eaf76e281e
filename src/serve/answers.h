/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers given and calls in progress: a table of each worker.          RFC 3261 sections 8.2.7, 9.2, 17.2; SIP-032, SIP-040
 *
 * A call is known by its transaction (what CANCEL and ACK repeat) and its message (source and bytes: what makes
 * it a retransmission). Who claims a new one judges it; repetitions find it busy, or its decision. Decisions are kept
 * for ANSWERS_LIFE, or for ANSWERS_ACKED after their ACK (a repeated request may have been under way), within a fixed
 * memory: when it is full, the oldest decision goes, acknowledged ones first, never a call in progress.
 * One thread's alone, without a lock: datagrams of the same bytes reach the same worker (deal.h), and ACK and CANCEL that
 * reach another are passed on (passing.c). Only answers_counts may be called by anybody. Allocates only when created.
 */
#ifndef SERVE_ANSWERS_H
#define SERVE_ANSWERS_H

#include "answer/answer.h"

#define ANSWERS_LIFE MONO_S(32) /* 64 x T1: how long a client repeats itself */

#define ANSWERS_ACKED MONO_S(5) /* T4, timer I: how long the network may hold on to a datagram */

struct answers;

/* memory: bytes, at most. BF_ENOMEM. */
enum bf_err answers_create(size_t memory, struct answers **ret) must_use;
void answers_destroy(struct answers *a);

struct answers_key {
    uint64_t transaction[2]; /* of source address, top Via's sent-by and branch, Call-ID, CSeq number */
    uint64_t message[2];     /* of source address, port and bytes */
};

/* Asks for the memory that a claim will need. */
void answers_prefetch(const struct answers *a, const uint64_t transaction[static 2]);

/* The place of a claimed call. slot 0: none (the table had no room): every function below takes it and does nothing. */
struct answers_ticket {
    uint32_t slot, number;
};

struct answer_kept {
    uint64_t generation; /* of the configuration it was made under: rows of signing mean nothing in another */
    int status;          /* 0: the decision counts; else a bare answer of that status (487) */
    struct decision decision;
};

enum answers_found {
    ANSWERS_NEW,   /* claimed: answer it, then answers_give or answers_forget */
    ANSWERS_BUSY,  /* somebody is at it: absorb */
    ANSWERS_GIVEN, /* *ret_kept: write it again */
};
/* generation: of the configuration in force; a signing decision of another one is worth nothing, and is claimed anew. */
enum answers_found answers_claim(struct answers *a, const struct answers_key *key, uint64_t generation,
                                 mono_t now, struct answers_ticket *ret, struct answer_kept *ret_kept);

/* The call waits under the number `parked`. true: it was cancelled meanwhile. */
bool answers_park(struct answers *a, const struct answers_ticket *ticket, uint64_t parked) must_use;

void answers_give(struct answers *a, const struct answers_ticket *ticket, const struct answer_kept *kept,
                  mono_t now);
void answers_forget(struct answers *a, const struct answers_ticket *ticket);

/* Is the decision still to be acknowledged? */
bool answers_unacknowledged(struct answers *a, const struct answers_ticket *ticket);

/* ACK: all decisions of that transaction are as good as forgotten. */
void answers_acknowledge(struct answers *a, const uint64_t transaction[static 2], mono_t now);

enum answers_cancelled {
    CANCEL_UNKNOWN,  /* 481 */
    CANCEL_TOO_LATE, /* answered, or about to be: 200, nothing else happens */
    CANCEL_PARKED,   /* 200; *ret_parked must be answered 487 */
};
enum answers_cancelled answers_cancel(struct answers *a, const uint64_t transaction[static 2],
                                      uint64_t *ret_parked);

struct answers_counts {
    uint64_t kept, busy, evicted, full, capacity; /* kept: not acknowledged yet */
};
struct answers_counts answers_counts(const struct answers *a); /* from any thread */

AUTO_DEFINE(struct answers, answers_destroy);

#endif
