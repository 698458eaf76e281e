/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip.mode: proxy. An INVITE is read, judged or signed and recorded as in redirect mode; then, in place of the 302, it goes
 * on to sip.next_hop.                                   RFC 3261 sections 16, 17; SIP-050..055; design.md "In a dialog"
 *
 * Requests over UDP belong to the worker that their Call-ID hashes to, those of a connection to the connection's; our branch
 * names the worker and the transaction, so that a response finds both. proxy_look.c says what is to be done with a request,
 * proxy.c sends it on and looks after it, proxy_route.c says where it goes, proxy_send.c sends. What is remembered is
 * src/proxy/transactions.h.
 *
 * Never an open relay: a request outside a dialog goes to sip.next_hop, whatever it asks for; one in a dialog, by its Route or
 * Request-URI, only to addresses of sip.next_hop and sip.clients.
 */
#ifndef SERVE_PROXY_H
#define SERVE_PROXY_H

#include "proxy/forward.h"
#include "serve/worker.h"

#define PROXY_BRANCH  42u /* z9hG4bKbf, worker, slot, number, attempt, what tells a loop */
#define PROXY_HOST    64u
#define PROXY_REASONS 640u /* of as many header fields as a call may have, without their tokens */

/* What a transaction knows of who asked. */
struct proxy_context {
    struct origin origin;
    struct instant arrival;
    struct answer_id id;
    struct decision decision;
    uint64_t generation; /* the decision was made under */
    bool judged;         /* there is a decision, and a list of places to try */
    bool listed;         /* outside a dialog: sip.next_hop is tried in turn */
    bool urgent;
    uint32_t tried; /* a bit a hop */
    uint16_t n_reasons, n_signature;
    char reasons[PROXY_REASONS], signature[96];
};

/* Where an attempt was sent to. */
struct proxy_place {
    int hop; /* of sip.next_hop; -1: none of them */
    enum hop_transport transport;
    struct origin
        origin; /* UDP: socket and address; TCP: a connection of a client, where it goes back on one */
    char branch[PROXY_BRANCH], host[PROXY_HOST];
    uint16_t host_n, port; /* what our Via says */
};

struct own_address; /* proxy_route.c */
struct proxy {
    struct transactions *transactions;
    struct hop_target hops[HOPS_MAX];
    size_t n_hops;
    uint64_t version; /* of hops */
    struct own_address *own;
    size_t n_own;
    char *scratch; /* for answers that no lane is there for */
    size_t scratch_n;
    uint64_t seen; /* refused for want of room, as told to the counts */
};

/* What goes out of a lane. Lives in the lane's arena. */
struct proxy_going {
    struct proxy_place place;
    struct forward_route route;
    char via[192], record_route[256], uri[LIMIT_URI * 2], last_route[LIMIT_URI + 2];
};

/* ---- proxy_route.c ---- */
enum bf_err proxy_learn_addresses(struct proxy *p) must_use; /* of this machine */
void proxy_refresh(struct worker *w);                        /* the hops, if they moved */
bool proxy_is_hop(const struct worker *w,
                  const struct sockaddr *addr); /* by its address, whatever its port */
bool proxy_is_ours(const struct worker *w, struct span uri);
/* A hop not tried yet, `first` if that may be; -1: there is none. */
int proxy_choose(const struct worker *w, const struct proxy_context *c, unsigned first);
/* To that hop. false: no socket can reach it. */
bool proxy_route_hop(struct worker *w, struct lane *lane, int hop, struct proxy_going *ret);
/* By Route and Request-URI. 0, or the status that refuses it. */
int proxy_route_dialog(struct worker *w, struct lane *lane, struct proxy_going *ret);
/* Writes our Via, and Record-Route where it is wanted. */
void proxy_sign_route(struct worker *w, const struct lane *lane, struct transaction_name name,
                      unsigned attempt, bool record, struct proxy_going *g);
uint64_t proxy_loop(struct worker *w,
                    const struct lane *lane); /* what a request that comes back has in common with itself */
bool proxy_is_loop(const struct sip_message *m, uint64_t loop);
struct proxy_branch {
    unsigned worker, attempt;
    struct transaction_name name;
};
bool proxy_branch_read(struct span branch, struct proxy_branch *ret);

/* ---- proxy_send.c ---- */
bool proxy_send(struct worker *w, const struct proxy_place *place, struct span bytes);
/* To whoever asked: passed on or our own; and what has to be remembered of it is. */
void proxy_answer(struct worker *w, struct transaction *x, int status, struct span bytes);
void proxy_say(struct worker *w, const struct transaction *x, struct span bytes); /* sent, not remembered */
void proxy_status(struct worker *w, struct transaction *x, int status);           /* an answer of our own */
/* ACK of a response that is no 2xx, or CANCEL (response NULL), to where the attempt went. */
void proxy_follow(struct worker *w, const struct attempt *a, const struct sip_message *response,
                  enum sip_method method);

static inline bool proxy_has_hops_left(const struct sip_message *m)
{
    uint64_t value;
    return !span_decimal(message_header(m, SIP_H_MAX_FORWARDS), UINT32_MAX, &value) || value > 0;
}

static inline bool proxy_in_dialog(const struct sip_message *m)
{
    return m->to_readable && m->to_tagged;
}

/* ---- proxy.c: what proxy_look.c asks for ---- */
bool proxy_pass_on(struct worker *w, const struct lane *lane); /* true: it is another worker's */
/* The bytes that leave; false: the lane says why there are none. */
bool proxy_write_out(struct worker *w, struct lane *lane, struct proxy_going *g,
                     const struct forward_edit *edit);
void proxy_send_on(struct worker *w, struct lane *lane);     /* without a verdict */
void proxy_write_again(struct worker *w, struct lane *lane); /* once more, from the decision that was kept */

/* ---- proxy.c: what the others ask for; only where w->proxy is set ---- */
enum bf_err proxy_create(struct worker *w, size_t memory) must_use;
void proxy_destroy(struct worker *w);
bool proxy_admits(const struct worker *w, const struct sockaddr *addr);
/* A request: true: the lane's state is set. false: it goes on as in redirect mode. */
bool proxy_look(struct worker *w, struct lane *lane);
void proxy_response(struct worker *w, struct lane *lane);
bool proxy_claim(struct worker *w, struct lane *lane);
/* The request that goes on in place of an answer; false: the policy wants an answer. */
bool proxy_write(struct worker *w, struct lane *lane);
void proxy_leave(struct worker *w, struct lane *lane); /* after its record: what it has to say leaves */
void proxy_turn(struct worker *w);                     /* what time demands */
mono_t proxy_next(const struct worker *w);
uint64_t proxy_waiting(const struct worker *w); /* requests without a final answer */
/* A connection that we opened has ended: what was sent there and not answered goes to the next hop. */
void proxy_connection_lost(struct worker *w, const struct sockaddr *peer);
void proxy_taken(struct worker *w, struct inbox_item *item); /* a message that another worker passed on */

#endif
