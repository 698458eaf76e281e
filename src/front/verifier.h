/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind bonafide/verify.h: anchors, signers, the memory of tokens and a judge, put together once.
 * The command uses this door where its configuration says more than struct bf_verify_options can.
 */
#ifndef FRONT_VERIFIER_H
#define FRONT_VERIFIER_H

#include "bonafide/verify.h"
#include "base/arena.h"
#include "trust/anchors.h"
#include "verdict/call.h"
#include "verdict/judge.h"

struct verifier_options {
    const struct trust_domain_options *domains;
    size_t n_domains;
    struct judge_options judge; /* its arrays, and those of rules, must outlive the verifier */
    struct call_rules rules;
    const char *cert, *certs, *cache, *proxy, *ca_file; /* NULL: none */
    bool offline, ignore_pai, color;
    unsigned budget_ms;
    unsigned fetch_ms; /* how long a fetch may go on; 0: budget_ms */
    size_t replay_entries;
    enum es256_choice engine;
    size_t tables_bytes;
    people_place
        *people; /* who is known; NULL: nobody. Outlives the verifier, and does not change before it ends */
};

/* As bf_verifier_create. */
enum bf_err verifier_create(const struct verifier_options *options, struct bf_verifier **ret,
                            char **ret_message) must_use;

/*
 * A seat: what one thread needs to judge one call after the other. verifier_sit waits while all are taken;
 * BF_ENOMEM, BF_ECRYPTO. The arena is empty then, and belongs to the call until verifier_leave.
 */
struct seat {
    struct desk *desk;
    struct arena *arena;
    struct sip_message *message; /* room for one */
    char *text;                  /* SEAT_TEXT bytes */
    unsigned epoch_slot;
    struct seat *next;
};
#define SEAT_TEXT ((size_t)LIMIT_SIP_MESSAGE)

enum bf_err verifier_sit(struct bf_verifier *v, struct seat **ret) must_use;
void verifier_leave(struct bf_verifier *v, struct seat *seat);

/* UTC seconds, 0: now -> the arrival of a call; its monotonic part runs with `at`, so that repeats age by it. */
struct instant verifier_arrival(const struct bf_verifier *v, utc_t at);

/*
 * Judges, fetching what the call waits for within the budget. heard is called once, while everything the verdict points to
 * lives; what it returns is returned.
 */
typedef enum bf_err verifier_heard(void *arg, const struct bf_verifier *v, struct seat *seat,
                                   const struct verdict *verdict, const struct call *call);
enum bf_err verifier_hear(struct bf_verifier *v, struct seat *seat, const struct call *call,
                          verifier_heard *heard, void *arg) must_use;

/*
 * The same, and waits for nothing: BF_EAGAIN when the call lacks something. What it lacks was asked for: *pending was
 * raised by so many, and arrived(arg) is called as often, from other threads, or at the latest when the verifier ends.
 * Ask again with the same call, and the same asked_again. source: as in signers_want.
 */
struct verifier_try {
    bool last;        /* in: judge with what there is: never BF_EAGAIN */
    bool asked_again; /* in and out: false at first */
    uint64_t source;
    _Atomic unsigned *pending;
    void (*arrived)(void *arg);
    void *arg;
};
enum bf_err verifier_try(struct bf_verifier *v, struct seat *seat, const struct call *call,
                         struct verifier_try *t, verifier_heard *heard, void *arg) must_use;

/* Does the request start a call? BF_EUNSUP: it is something else; BF_EFORM: it cannot be one. */
enum bf_err verifier_invite_check(const struct sip_message *m, struct fault *f) must_use;

const struct call_rules *verifier_rules(const struct bf_verifier *v);
bool verifier_ignores_pai(const struct bf_verifier *v);
bool verifier_colors(const struct bf_verifier *v);

AUTO_DEFINE(struct bf_verifier, bf_verifier_destroy);

#endif
