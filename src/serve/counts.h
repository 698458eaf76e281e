/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread counts, and how all of it is added up for /metrics. Each struct has one thread that writes it, so
 * counting is a load and a store; anybody may read.
 */
#ifndef SERVE_COUNTS_H
#define SERVE_COUNTS_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/fault.h"

enum count {
    COUNT_DATAGRAMS, /* taken from UDP sockets */
    COUNT_MESSAGES,  /* SIP messages, all transports */
    COUNT_BATCHES,
    COUNT_DROPPED_CLIENT, /* the sender is not in sip.clients */
    COUNT_DROPPED_RESPONSE,
    COUNT_DROPPED_BLANK, /* keepalives and the like */
    COUNT_DROPPED_UNANSWERABLE,
    COUNT_MALFORMED,
    COUNT_RETRANSMITTED, /* answered again from the kept decision */
    COUNT_ABSORBED,      /* repeated while the call was in progress */
    COUNT_ACKS,
    COUNT_OPTIONS,
    COUNT_CANCELS,
    COUNT_IN_DIALOG,
    COUNT_REDIRECTED, /* other methods, without a verdict */
    COUNT_PARKED,
    COUNT_PARKED_LATE, /* answered at the budget */
    COUNT_SEND_FAILED,
    COUNT_RECORD_FAILED,
    COUNT_SIGN_FAILED, /* went out unsigned, though they were ours to sign */
    COUNT_CONNECTIONS,
    COUNT_CONNECTIONS_REFUSED,
    COUNT_CONNECTIONS_CUT, /* idle, too slow, too large, broken */
    COUNT_TLS_FAILED,      /* handshakes */
    COUNT_HTTP_VERDICTS,
    COUNT_RESENT,
    COUNT_TOKENS,          /* entered into the replay memory */
    COUNT_PROXY_FORWARDED, /* requests that left for a next hop */
    COUNT_PROXY_OTHERS,    /* of other methods, outside a dialog */
    COUNT_PROXY_RESPONSES, /* passed back */
    COUNT_PROXY_RESENT,    /* requests sent again for want of a response */
    COUNT_PROXY_FAILOVERS, /* to the next hop of the list */
    COUNT_PROXY_TIMEOUTS,  /* 408 */
    COUNT_PROXY_FAILED,    /* 503: no hop took it */
    COUNT_PROXY_FULL,      /* sip.proxy_mb is used up */
    COUNT_PROXY_NOWHERE,   /* 403: in a dialog, to an address that is none of ours */
    COUNT_PROXY_REFUSED,   /* 416, 420, 482, 483 */
    COUNT_ALL
};

enum count_kind {
    KIND_GENUINE,
    KIND_UNPROVEN,
    KIND_BROKEN,
    KIND_IMPOSTOR, /* as enum outcome */
    KIND_SHED,
    KIND_SIGNED,
    KIND_UNSIGNED,
    KIND_CANCELLED,
    KIND_ALL
};
#define COUNT_CODES   16u
#define COUNT_BUCKETS 14u

#define IAT_SAMPLES 256u

struct counts {
    _Atomic uint64_t plain[COUNT_ALL];
    _Atomic uint64_t calls[KIND_ALL][COUNT_CODES];
    _Atomic uint64_t latency[COUNT_BUCKETS + 1]; /* the last: slower than all */
    _Atomic uint64_t latency_us;
    _Atomic int64_t oldest_us;                /* age of the oldest datagram of the last batch */
    _Atomic int32_t iat_offsets[IAT_SAMPLES]; /* signed times seen from our clock, in a ring */
    _Atomic uint64_t iat_n;                   /* how many there ever were */
};

static inline void count_up(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}
static inline void count_add(struct counts *c, enum count what, uint64_t n)
{
    count_up(&c->plain[what], n);
}
static inline uint64_t count_of(const struct counts *c, enum count what)
{
    return atomic_load_explicit(&c->plain[what], memory_order_relaxed);
}

void count_call(struct counts *c, enum count_kind kind, int status, mono_t latency);

void count_iat(struct counts *c, int64_t offset_s);
/* The newest `most` of them (at most IAT_SAMPLES). How many there were; *ret_total: ever. */
size_t count_iat_newest(const struct counts *c, size_t most, int32_t *ret, uint64_t *ret_total);

extern const int count_codes[COUNT_CODES];            /* the last is 0: any other */
extern const unsigned count_bounds_us[COUNT_BUCKETS]; /* upper bounds of the histogram */
const char *count_kind_text(enum count_kind kind);

#endif
