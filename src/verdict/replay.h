/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens seen: one table for the process, lock-free, of fixed size.            RFC 8224 section 12.1; RP-001..003, SEC-040, SEC-042
 *
 * key: SHA-256(signer key || SHA-256(signing input) || r || called number), so the twin (r, n-s) is the same token. An
 * entry lives `window` of monotonic time. Only tokens that passed everything else are entered.
 */
#ifndef VERDICT_REPLAY_H
#define VERDICT_REPLAY_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"

struct replay;

struct replay_sighting {
    uint8_t key[SHA256_BYTES];
    uint8_t same[SHA256_BYTES]; /* struct call: Call-ID, From tag, CSeq, Contact, body */
    uint64_t source;            /* struct peer */
    mono_t at;
};

enum replay_answer {
    REPLAY_FIRST,  /* never seen: entered */
    REPLAY_SAME,   /* the same call again (retransmission, fork) */
    REPLAY_NEAR,   /* another call, within 8 s from the same peer: abstain */
    REPLAY_REPEAT, /* another call: veto */
};

/*
 * entries: tokens that may be remembered, rounded up to a power of two, 32 bytes each; a quarter of them at a time is
 * remembered for certain. window in nanoseconds.
 */
enum bf_err replay_create(size_t entries, mono_t window, struct replay **ret) must_use;
void replay_destroy(struct replay *r);

/* Asks for the line of memory that replay_enter and replay_look of this key will need. */
void replay_prefetch(const struct replay *r, const uint8_t key[static SHA256_BYTES]);

/* Looks and enters in one step; one atomic write. */
enum replay_answer replay_enter(struct replay *r, const struct replay_sighting *sighting);
/* Looks only: for tokens that hold, in calls that do not. */
enum replay_answer replay_look(struct replay *r, const struct replay_sighting *sighting);

/* The call that entered it was refused for a reason of ours (503): the token may come again. */
void replay_forget(struct replay *r, const struct replay_sighting *sighting);

struct replay_counts {
    uint64_t repeated, evicted_live;
};
struct replay_counts replay_counts(const struct replay *r);

AUTO_DEFINE(struct replay, replay_destroy);

#endif
