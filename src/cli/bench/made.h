/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls made before anybody measures: INVITEs with a token of their own each, signed by the carriers of a lab in turn,
 * and the ACK that will follow each answer. What is left to do while measuring is to copy bytes.
 */
#ifndef CLI_BENCH_MADE_H
#define CLI_BENCH_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MADE_CALLED "12155550131"

struct key;
struct carrier {
    struct key *key;
    char *x5u;
};

struct carriers {
    struct carrier *all;
    size_t n;
};

/* From a directory that `bonafide lab` made, with this --url-prefix. false, and a sentence on standard error. */
bool carriers_open(const char *lab, const char *url_prefix, size_t n, struct carriers *ret);
void carriers_close(struct carriers *c);

struct made_call {
    char *p; /* the INVITE, then its ACK up to the end of To, then the rest of the ACK */
    uint32_t invite, ack_head, ack_tail;
};

struct made_calls {
    struct made_call *all;
    size_t n;
    uint64_t first; /* the number of all[0]; others count on */
    void *memory;
    size_t memory_n;
};

/*
 * n calls with `iat` now, attestation A, from callers of their own to MADE_CALLED, signed by carriers->all[number % n].
 * carriers NULL: without an Identity header, as customers send them to be signed. Made by `threads` threads; a carrier's
 * key is used by one of them alone.
 */
bool calls_make(const struct carriers *carriers, uint64_t first, size_t n, unsigned threads,
                struct made_calls *ret);
void calls_free(struct made_calls *calls);

/* The number in the Call-ID of a message that belongs to such a call; UINT64_MAX: it has none. */
uint64_t call_number(const char *message, size_t n);

#endif
