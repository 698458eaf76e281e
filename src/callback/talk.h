/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One callback, from the click to its end; a mode is a row of functions. Internal to the room, one thread.
 */
#ifndef CALLBACK_TALK_H
#define CALLBACK_TALK_H

#include "callback/leg.h"

enum { DESK, PERSON }; /* the legs */

/* What all callbacks of a room share; texts are its own. */
struct talk_house {
    enum callback_mode mode;
    char *from, *domain, *user, *password, *url;
    mono_t ring, limit;
    callback_where *where;
    callback_written *written;
    void *arg;
    struct tls_context *tls;
    int wake; /* an eventfd: something has come for the thread */
    struct log *log;
};

/* The desk answers with its own description when the person's comes; until then they are between these. */
enum talk_phase {
    TALK_DESK,    /* the desk's phone rings */
    TALK_PERSON,  /* the person's does */
    TALK_JOINING, /* the desk is offered what the person offers */
    TALK_TALKING, /* both have each other's description */
    TALK_ASKING,  /* one of them wants something else: the other is asked (re-INVITE) */
    TALK_HANDING, /* ... asked without an offer: the other has offered, and waits for the answer */
    TALK_OVER,    /* last words are on their way */
};

struct talk {
    const struct talk_house *house;
    struct callback_state state;
    bool changed; /* the state, since whoever looks has looked */
    struct wire *wire;
    struct leg legs[2];
    enum talk_phase phase;
    int asker;            /* TALK_ASKING, TALK_HANDING: who wanted something */
    bool cancelled;       /* by the desk's page */
    mono_t until;         /* when ringing, or talking, is over; 0: no end */
    mono_t retry_at;      /* 0: no; the re-INVITE that met theirs (491) */
    char offer[LEG_BODY]; /* the person's */
    size_t n_offer;
    char uris[2][LEG_TEXT];
    void *mail; /* of CALLBACK_URL: a request that is under way */
};

/* The modes. begin says false when it has ended the talk already. */
struct talk_mode {
    void (*begin)(struct talk *t, mono_t now);
    void (*event)(struct talk *t, int leg, enum leg_event event, mono_t now); /* NULL: has no legs */
    void (*end)(struct talk *t, mono_t now);  /* time is up, or nobody wants it any more */
    void (*turn)(struct talk *t, mono_t now); /* the clock */
};
extern const struct talk_mode talk_3pcc, talk_refer, talk_url;

/* request's texts lie in state. BF_ENOMEM. */
enum bf_err talk_create(const struct talk_house *house, const struct callback_state *state, struct talk **ret)
    must_use;
void talk_destroy(struct talk *t);

void talk_begin(struct talk *t, mono_t now);
void talk_cancel(struct talk *t, mono_t now);
void talk_turn(struct talk *t, mono_t now); /* reads what came, and looks at the clock */
mono_t talk_next(const struct talk *t);
int talk_fd(const struct talk *t); /* -1: none */
bool talk_is_done(const struct talk *t);

/* ---- for the modes ---- */

/* The wire to the next hop, and where desk and person are. false: it has ended with a reason. */
bool talk_open(struct talk *t);
void talk_step(struct talk *t, enum callback_step step, const char *why);
/* `The person is busy.` */
void talk_finish(struct talk *t, int leg, int status);
void talk_finish_with(struct talk *t, int status, const char *why);

/* `201` -> `sip:201@domain`, `+39…` -> `sip:+39…@domain;user=phone`, a SIP URI of our domain as it is. false: none of them. */
bool talk_desk_uri(const char *desk, const char *domain, char out[static LEG_TEXT]);
bool talk_number_uri(const char *number, const char *domain, char out[static LEG_TEXT]);

/* `https://pbx/call?from={desk}&to={number}`, filled in. false: too long, or a name in it is none. */
bool url_fill(const char *url, const struct callback_state *state, struct buf *out) must_use;

/* Waits for the request that is under way, if there is one. */
void url_forget(struct talk *t);

AUTO_DEFINE(struct talk, talk_destroy);

#endif
