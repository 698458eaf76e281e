/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: what the thread that follows the records keeps, for those who look at it. */
#ifndef CONSOLE_FOLLOWER_H
#define CONSOLE_FOLLOWER_H

#include "console/inside.h"

#define EVENTS  512u /* that a browser may be behind before it is told from the store */
#define SIGNERS 4096u

struct brief {
    utc_t at;
    int32_t latency_us;
    uint32_t person; /* who it was, proven; 0: nobody known */
    uint16_t signer; /* 0: none */
    uint8_t kind, outcome;
    char attest;
};

struct signer_seen {
    char spc[64], subject[160], issuer[160], domain[64];
};

struct event {
    char *plain, *masked; /* as they go over the wire */
    size_t n, n_masked;
};

/* What was told of an expected call. */
struct expected_told {
    int64_t id;
    int state;
};

struct follower {
    struct console *console;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of all but what is said to be the thread's */
    pthread_cond_t news;
    bool stop;
    struct event events[EVENTS];
    uint64_t end; /* of the next event */
    unsigned listeners;
    unsigned
        sessions; /* how often one ended before its time: who listens comes again, and is asked who he is */
    struct brief *briefs;
    size_t n, size;
    struct signer_seen *signers;
    unsigned n_signers;
    /* the thread's: */
    char last[RECORD_ID + 1];
    utc_t since; /* older calls are no events */
    size_t got;  /* records of the last look */
    struct book *book;
    uint64_t generation; /* of the book, when expected calls were looked at; 0: never */
    struct expected_told *told;
    size_t n_told;
};

#endif
