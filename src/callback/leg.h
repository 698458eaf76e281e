/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One side of a callback: a dialog that we began.                                RFC 3261 sections 9, 12-15, 17; RFC 3515
 *
 * It sends, sends again, acknowledges, answers challenges, and answers what comes inside the dialog. What it cannot decide alone
 * comes back as an event: leg_take for a message, leg_turn for a clock. Internal to the room.
 */
#ifndef CALLBACK_LEG_H
#define CALLBACK_LEG_H

#include "base/clock.h"
#include "callback/digest.h"
#include "callback/sdp.h"
#include "callback/wire.h"
#include "sip/client.h"

#define LEG_REQUEST 8192u /* bytes of a request of ours, its body included */
#define LEG_BODY    4096u /* bytes of a session description, at most */
#define LEG_TEXT    512u  /* bytes of an address */
#define LEG_ROUTE   2048u /* bytes of a route */

enum leg_event {
    LEG_NOTHING,
    LEG_RINGS,    /* the INVITE has a provisional answer other than 100 */
    LEG_ANSWERED, /* the INVITE has a 2xx, not acknowledged yet: leg_body, leg_ack */
    LEG_REFUSED,  /* the INVITE or REFER has another final answer, acknowledged: leg_status; 408: none came */
    LEG_ACCEPTED, /* the REFER has a 2xx */
    LEG_OFFERED,  /* a re-INVITE came: leg_body (may be empty), leg_answer */
    LEG_ACKED,    /* the ACK of our 2xx came: leg_body */
    LEG_NOTIFIED, /* a NOTIFY came, answered: leg_body */
    LEG_ENDED,    /* it is over: BYE, or no ACK ever came */
};

/* A transaction of ours. */
struct leg_asked {
    bool on, provisional;
    enum sip_method method;
    char text[LEG_REQUEST];
    size_t n;
    char branch[7 + CLIENT_WORD + 1];
    uint32_t cseq;
    unsigned challenges; /* answered */
    mono_t resend_at, interval, deadline;
    struct sockaddr_storage to;
    bool elsewhere; /* goes to `to`, not to the next hop */
};

struct leg {
    struct wire *wire;
    const char *user, *password;
    char local[LEG_TEXT], remote[LEG_TEXT]; /* From without and To with its tag */
    char uri[LEG_TEXT];                     /* Request-URI: of the INVITE, then the other side's Contact */
    char route[LEG_ROUTE];                  /* Route header fields */
    char refer_to[LEG_TEXT];                /* of a REFER */
    char id[CLIENT_WORD + 1], tag[CLIENT_WORD + 1], remote_tag[128];
    uint32_t cseq, remote_cseq;
    bool up, over; /* the dialog is there; is gone */
    bool cancel;   /* the INVITE is to be cancelled, as soon as it may */
    bool cancelled;
    struct sockaddr_storage next; /* where requests of the dialog go, when known */
    bool next_known;

    struct leg_asked asked[2]; /* INVITE; everything else */
    char ack[LEG_REQUEST];     /* of the last 2xx; n_ack 0: not acknowledged yet */
    size_t n_ack;
    uint32_t ack_cseq;
    struct sockaddr_storage ack_to;
    bool ack_elsewhere;

    struct digest_challenge challenges[2]; /* of the other side; of a proxy */

    /* A re-INVITE of the other side. */
    char offered[LEG_REQUEST]; /* the request: answers copy from it */
    size_t n_offered;
    struct sockaddr_storage offered_from;
    char answer[LEG_REQUEST];
    size_t n_answer;
    bool answering, acking; /* not answered yet; our final answer waits for its ACK */
    int answered;           /* with that */
    mono_t answer_again, answer_interval, answer_until;

    struct sdp_session sdp; /* what this side has seen of us */
    char offer[LEG_BODY];   /* of our last INVITE, for when it is challenged */
    size_t n_offer;
    char body[LEG_BODY]; /* of the last event */
    size_t n_body;
    int status; /* of the last event */
};

struct leg_options {
    struct wire *wire;
    const char *user, *password;
    const char *from; /* `"A name" <sip:a@b>` */
    const char *uri;
};
void leg_init(struct leg *l, const struct leg_options *options);

/* body empty: no offer. Also as a re-INVITE, once the leg is up. false: it does not fit, or one is under way. */
bool leg_invite(struct leg *l, struct span body, mono_t now);
bool leg_refer(struct leg *l, const char *refer_to, mono_t now);
/* CANCEL while it rings, BYE when it is up, nothing when it is over. */
void leg_end(struct leg *l, mono_t now);

/* The ACK that LEG_ANSWERED asks for; body: the answer, when the offer came with the 2xx. */
void leg_ack(struct leg *l, struct span body);
/* To LEG_OFFERED; body: of a 2xx. */
void leg_answer(struct leg *l, int status, struct span body, mono_t now);

enum leg_event leg_take(struct leg *l, const struct wire_heard *heard, mono_t now);
enum leg_event leg_turn(struct leg *l, mono_t now);
mono_t leg_next(const struct leg *l); /* when leg_turn wants to be called */

/* The message belongs to this dialog. */
bool leg_is_for(const struct leg *l, const struct sip_message *m);
bool leg_inviting(const struct leg *l); /* an INVITE of ours, or of theirs, is under way */
bool leg_quiet(const struct leg *l);    /* nothing is under way */

static inline struct span leg_body(const struct leg *l)
{
    return span_make(l->body, l->n_body);
}
static inline int leg_status(const struct leg *l)
{
    return l->status;
}

/* An answer without a body to any request, tag or not. */
void leg_reply(struct wire *w, const struct wire_heard *heard, int status, const char *tag);

#endif
