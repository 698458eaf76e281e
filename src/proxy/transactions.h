/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a proxy remembers of requests it sends on: a table of one worker.   RFC 3261 sections 16.7-16.10, 17; RFC 6026; SIP-050..054
 *
 * A transaction is a request that somebody sent us, what we answered so far, and the attempts: the places it was sent to,
 * one at a time. Events come in (a response, a repetition, an ACK, a CANCEL, time), what is to be done comes out; no socket,
 * no clock, no message is read in here. Whoever calls owns the bytes until they are given; what is given is copied.
 * One thread's alone. Memory is bounded: what does not fit is not begun.
 */
#ifndef PROXY_TRANSACTIONS_H
#define PROXY_TRANSACTIONS_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

#define TIMER_T1       MONO_MS(500) /* RFC 3261 section 17.1.1.1 */
#define TIMER_T2       MONO_S(4)
#define TIMER_T4       MONO_S(5)
#define TIMER_LIFE     (64 * TIMER_T1) /* timers B, D, F, H, J, L and M */
#define TIMER_C        MONO_S(180)     /* an INVITE that rings */
#define TIMER_NO_FINAL MONO_S(300)     /* nothing final by then: given up, however long it rings */
#define ATTEMPTS_MAX   16u

/* Slot 0: none. The number tells it from another one that had the slot. */
struct transaction_name {
    uint32_t slot, number;
};

enum transaction_kind { TRANSACTION_INVITE, TRANSACTION_OTHER };

/* Towards whoever sent the request. */
enum transaction_state {
    TRANSACTION_NEW,       /* has not been sent on */
    TRANSACTION_UNDER_WAY, /* sent on; nothing final has been answered */
    TRANSACTION_COMPLETED, /* something final was answered that is no 2xx to an INVITE */
    TRANSACTION_CONFIRMED, /* and acknowledged */
    TRANSACTION_ACCEPTED,  /* 2xx to an INVITE: every other 2xx passes as well (RFC 6026) */
};

enum attempt_state {
    ATTEMPT_CALLING,
    ATTEMPT_PROCEEDING,
    ATTEMPT_COMPLETED,
    ATTEMPT_ACCEPTED,
    ATTEMPT_LOST, /* nobody answered, or it could not be sent: only a late 2xx counts */
};
enum attempt_cancel { CANCEL_NONE, CANCEL_WANTED, CANCEL_SENT, CANCEL_DONE };

struct attempt {
    struct attempt *before; /* the one that was given up for it */
    unsigned index;         /* 0, 1, … */
    enum attempt_state state;
    enum attempt_cancel cancel;
    bool reliable;
    mono_t repeat, interval, end;                  /* timers A/E and B/C/F */
    mono_t cancel_at, cancel_interval, cancel_end; /* of its CANCEL */
    struct span bytes;                             /* the request as it was sent */
    void *place;                                   /* where to: the caller's words */
};

struct transaction {
    struct transaction_name name;
    uint64_t key[2];
    enum transaction_kind kind;
    enum transaction_state state;
    bool reliable;  /* it came over a connection: nothing is repeated towards it */
    bool cancelled; /* its CANCEL came */
    bool again;     /* the next place is due */
    int refused;    /* what the last attempt answered that made `again` true; 0: nothing */
    mono_t began, repeat, interval, end; /* timer G; when it is forgotten */
    struct span request, answer;         /* as it came; the last answer to it, none: { NULL, 0 } */
    int status;                          /* of the answer; 0: none */
    struct attempt *attempt;             /* the last one; NULL: none */
    unsigned n_attempts;
    void *context; /* the caller's words, as many bytes as it said */
    /* the table's own */
    uint32_t chain, heap;
    mono_t due;
    size_t charged;
};

struct transactions;

/* memory: bytes, at most. BF_ENOMEM. */
enum bf_err transactions_create(size_t memory, size_t context_n, size_t place_n, struct transactions **ret)
    must_use;
void transactions_destroy(struct transactions *t);

struct transaction_request {
    uint64_t key[2]; /* of what its CANCEL, its ACK and its repetitions share */
    enum transaction_kind kind;
    bool reliable;
    bool urgent; /* may take the last part of the memory */
    struct span bytes;
    const void *context;
};
/* NULL: there is no room. The pointer holds until transactions_end. */
struct transaction *transactions_begin(struct transactions *t, const struct transaction_request *r,
                                       mono_t now);
struct transaction *transactions_find(const struct transactions *t,
                                      const uint64_t key[static 2]); /* or NULL */
struct transaction *transactions_named(const struct transactions *t,
                                       struct transaction_name name);             /* or NULL */
struct attempt *transaction_attempt(const struct transaction *x, unsigned index); /* or NULL */

/*
 * It is sent on: another attempt. patience: how long without any response until the next place is asked; 0: there is none,
 * and it is given up after TIMER_LIFE. NULL: there is no room.
 */
struct transaction_sent {
    struct span bytes;
    const void *place;
    bool reliable;
    mono_t patience;
};
struct attempt *transactions_forward(struct transactions *t, struct transaction *x,
                                     const struct transaction_sent *s, mono_t now);
/* The place cannot be reached: TRANSACTION_NEXT comes due at once. */
void transactions_lost(struct transactions *t, struct transaction *x, struct attempt *a, mono_t now);

/* The same for every attempt that has not heard anything, and that `is` says was sent there. */
void transactions_lost_all(struct transactions *t, bool (*is)(const struct attempt *a, void *arg), void *arg,
                           mono_t now);

/* What is to be done, as bits. */
enum transaction_do {
    TRANSACTION_PASS = 1 << 0,        /* the response goes on to whoever asked */
    TRANSACTION_ACK = 1 << 1,         /* it is acknowledged where it came from */
    TRANSACTION_SEND = 1 << 2,        /* the attempt's request is sent (again) */
    TRANSACTION_SEND_CANCEL = 1 << 3, /* the attempt's CANCEL is sent (again) */
    TRANSACTION_SEND_ANSWER = 1 << 4, /* the answer is sent again */
    TRANSACTION_NEXT = 1 << 5,        /* the next place is asked; where there is none: `refused`, or 408 */
    TRANSACTION_TIMEOUT = 1 << 6,     /* 408 is answered */
    TRANSACTION_GIVE_UP = 1 << 7,     /* 487 is answered */
    TRANSACTION_FORGET = 1 << 8,      /* transactions_end */
};

/* A response to that attempt. to_cancel: it answers our CANCEL. */
unsigned transactions_response(struct transactions *t, struct transaction *x, struct attempt *a, int status,
                               bool to_cancel, mono_t now) must_use;
/* This answer was sent to whoever asked: passed on, or our own. Without memory for it nothing is repeated. */
void transactions_answered(struct transactions *t, struct transaction *x, int status, struct span bytes,
                           mono_t now);
void transactions_acknowledged(struct transactions *t, struct transaction *x, mono_t now);
/* Its CANCEL came: cancelled is set, and attempts are cancelled as soon as they may be (section 9.1). */
void transactions_cancel(struct transactions *t, struct transaction *x, mono_t now);

/* The next thing that time demands; false: nothing yet. *ret_attempt: whose, where it is one's. */
bool transactions_due(struct transactions *t, mono_t now, struct transaction **ret,
                      struct attempt **ret_attempt, unsigned *ret_do);
mono_t transactions_next(const struct transactions *t); /* when; INT64_MAX: never */

/* Forgotten; its context goes with it. */
void transactions_end(struct transactions *t, struct transaction *x);
/* Any one of those there are, for an orderly end; NULL: none. */
struct transaction *transactions_any(const struct transactions *t);

struct transactions_counts {
    uint64_t n, waiting, bytes, full; /* waiting: without anything final */
};
struct transactions_counts transactions_counts(const struct transactions *t); /* from any thread */

AUTO_DEFINE(struct transactions, transactions_destroy);

#endif
