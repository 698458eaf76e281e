/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that wait for a certificate.                                         design.md "A call never waits for the network"
 *
 * struct parking bounds them for the whole process: how many, how many bytes, how many of one source, how many for one
 * host of x5u. struct parked is one of them: a copy of its message, its origin and arrival, nothing else. A worker
 * keeps its own in a row by deadline. struct resend is a final answer over UDP that followed a 100, so that nobody
 * repeats the request for it any more: it is sent again until ACK (RFC 3261 section 17.2.1, timers G and H).
 */
#ifndef SERVE_PARKED_H
#define SERVE_PARKED_H

#include "base/digest.h"
#include "proxy/transactions.h"
#include "serve/answers.h"
#include "serve/inbox.h"
#include "serve/origin.h"
#include "verdict/judge.h"

#define PARKED_A_SOURCE 64u
#define PARKED_A_HOST   256u
#define PARKED_ROUNDS   4u /* a signer that is fetched and gone again so often is not waited for any more */
#define PARKING_ROWS    4096u /* counters; two that share one are counted together: stricter, never looser */

struct parking {
    struct hash_key key;
    uint64_t max, max_bytes;
    _Atomic uint64_t count, bytes;
    _Atomic uint64_t refused; /* for want of room: judged at once with what there is */
    _Atomic uint32_t sources[PARKING_ROWS], hosts[PARKING_ROWS];
};

void parking_init(struct parking *p, uint64_t max, uint64_t max_bytes);

struct parked;
struct parked_want {
    struct inbox_item item;
    struct parked *parked;
    struct inbox *inbox;
};

struct parked {
    struct parked *before, *after; /* in the worker's row */
    uint64_t number;
    struct origin origin;
    struct instant arrival;
    mono_t deadline;
    struct answers_ticket ticket;
    struct transaction_name transaction; /* of a proxy */
    uint64_t source;
    uint32_t source_row, host_rows[LIMIT_IDENTITIES];
    unsigned n_hosts;
    unsigned pending; /* wants that have not come back: it lives at least as long */
    unsigned rounds;  /* how often it was judged in vain */
    struct answer_id id;
    bool json;        /* the message is JSON */
    bool over;        /* answered, or given up: only waits for its wants */
    bool resumed;     /* stands in a lane of the batch that is being collected */
    bool asked_again; /* stale copies were fetched again */
    struct parked_want wants[LIMIT_IDENTITIES];
    size_t n;
    char message[];
};

/* NULL: no room for it (the bounds, or memory). The copy is charged until parked_leave. */
struct parked *parked_create(struct parking *p, struct span message, uint64_t source,
                             const struct want *wants, size_t n_wants);
/* Gives the room back; once. The memory stays until parked_destroy, which needs pending == 0. */
void parked_leave(struct parking *p, struct parked *parked);
void parked_destroy(struct parked *parked);

/* A row by deadline, oldest first. */
struct parked_row {
    struct parked *first, *last;
    size_t n;
};
void parked_join(struct parked_row *row, struct parked *parked);
void parked_cut(struct parked_row *row, struct parked *parked);
struct parked *parked_numbered(const struct parked_row *row, uint64_t number);

struct resend {
    struct resend *next;
    struct origin origin;
    struct answers_ticket ticket;
    mono_t at, interval, until;
    size_t n;
    char bytes[];
};
struct resend *resend_create(const struct origin *origin, const struct answers_ticket *ticket,
                             struct span bytes, mono_t now); /* NULL: no memory */
/* Moves it to its next time; false when there is none any more. */
bool resend_next(struct resend *r, mono_t now);

#endif
