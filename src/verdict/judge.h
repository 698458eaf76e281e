/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to a verdict, for the server, the command and the library.              design.md "Many at a time"
 *
 * judge_many never waits, fetches or locks. It leaves each hearing HEARING_JUDGED with its verdict filled, or
 * HEARING_WAITING with what it lacks: the caller supplies that (signers_want) and calls again with the same hearing.
 * `last`: do not wait any more: what is lacking is answered as not to be had (436).
 * All signatures of a batch go to es256_verify_many at once. A single call is a batch of one.
 */
#ifndef VERDICT_JUDGE_H
#define VERDICT_JUDGE_H

#include "base/arena.h"
#include "es256/es256.h"
#include "numbers/plan.h"
#include "numbers/set.h"
#include "people/people.h"
#include "trust/signer.h"
#include "verdict/call.h"
#include "verdict/replay.h"
#include "verdict/verdict.h"

struct judge_options {
    utc_t freshness_s;      /* 60 */
    char least_attestation; /* 'A' or 'B'; 'C' only in the verify command: lab */
    bool no_chain;          /* take the leaf as trusted: lab */
    bool lab_urls;          /* x5u.lab */
    const struct number_range *own;
    size_t n_own; /* numbers.own */
    const struct number_range *same_line;
    size_t n_same_line;                                                  /* pairs: 2i and 2i+1 are one line */
    enum check_mode number_possible, do_not_originate_mode, from_abroad; /* observing unless set */
    const struct number_set *do_not_originate;                           /* NULL: none is configured */
    const struct country *home; /* NULL: only `national` says what is ours */
    const struct number_range *national;
    size_t n_national; /* 0: all of home */
    const struct number_range *roaming;
    size_t n_roaming;
    enum require_proof require_proof; /* of protected people whose entry leaves it open */
};

struct judge {
    struct judge_options options;
    struct signers *signers;    /* NULL: only `given` */
    const struct signer *given; /* --cert: whatever x5u says: lab; NULL: none */
    struct replay *replay;      /* NULL: repeats are not looked for, and the row abstains */
    people_place *people;       /* NULL: nobody is known. Freed by the epoch of signers */
};

/* What a thread needs to judge: its engine, its digest. pool: of the engine; outlives the desk; NULL: OpenSSL alone. */
struct desk;
enum bf_err desk_create(struct es256_pool *pool, struct desk **ret) must_use;
void desk_destroy(struct desk *d);
struct sha256 *desk_sha256(struct desk *d);
const char *desk_engine(const struct desk *d);
/* What the thread looks names up with; made when people are first there. NULL: none, or no memory. */
struct people_reader *desk_reader(struct desk *d, const struct people *people);

enum hearing_state { HEARING_JUDGED, HEARING_WAITING };
struct want {
    struct span x5u;
    bool stale; /* a signature failed on an older copy: fetch again */
};
/* Who it may be: asked once, when the proofs are judged, for the rows of the call that speak of people. */
struct who {
    bool proven;                  /* the caller's number, in this call */
    const struct person *owner;   /* whose number it is; of several, who goes by a claimed name, else NULL */
    size_t n_owners;              /* how many share it */
    const struct person *claimed; /* whose name is claimed: of somebody protected, or expected now */
    struct name_match match;
    struct span name;
    bool proven_name;              /* a signature vouches for the name itself */
    bool is_theirs;                /* the number is one of theirs, or of somebody else of that name */
    bool may_say;                  /* or an exception allows it */
    const struct person *expected; /* not protected, expected now, and the name is claimed from elsewhere */
};
struct hearing {
    const struct judge *judge;
    const struct call *call;
    struct arena *arena;
    struct desk *desk;
    bool last;        /* in: judge with what there is */
    bool asked_again; /* in: stale copies were fetched again already */
    enum hearing_state state;
    struct want wants[LIMIT_IDENTITIES];
    size_t n_wants;
    struct verdict verdict;
    const struct trust *trust; /* of this batch */
    const struct people *people;
    struct who who;
};

/* Inside epoch_enter / epoch_exit of signers' epoch, which must last until the verdicts are used up. */
void judge_many(const struct judge *judge, struct desk *desk, struct hearing *const *hearings, size_t n);

AUTO_DEFINE(struct desk, desk_destroy);

#endif
