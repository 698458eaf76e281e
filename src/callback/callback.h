/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling back: the desk is connected to a person at a number of the address book.       RFC 3725, RFC 3264, RFC 7616, RFC 8760, RFC 3515
 *
 * A call came in and nothing proves who it is. Whoever sits at the desk asks for the person's own number: then the desk's phone
 * rings, and when it is picked up the person is called, and the two are connected (RFC 3725 section 4.4, flow IV). We only
 * signal; what they say goes directly between them. Or the phone system does it: its phone is told to call (REFER), or a URL
 * of it is fetched.
 *
 * Everything runs on one thread of its own, with its own socket; the functions below may be called by any thread and never
 * wait. Which numbers are a person's is not checked here: who starts a callback takes the number from the book, never from
 * the call that came in.
 */
#ifndef CALLBACK_CALLBACK_H
#define CALLBACK_CALLBACK_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/log.h"
#include "tls/tls.h"

enum callback_mode {
    CALLBACK_3PCC,  /* we call both and connect them */
    CALLBACK_REFER, /* the desk's phone is asked to call */
    CALLBACK_URL,   /* the phone system is asked to, over HTTP */
};

/* Where requests go: the next hop of the moment. */
enum callback_transport { CALLBACK_UDP, CALLBACK_TCP, CALLBACK_TLS };
struct callback_target {
    enum callback_transport transport;
    struct sockaddr_storage addr;
    socklen_t n;
    char name[TLS_NAME + 1]; /* TLS: whom it must prove to be */
};
/* Asked by the room's thread for every callback. false: nobody knows where the next hop is. */
typedef bool callback_where(void *arg, struct callback_target *ret);

/* `+390612345678` as the next hop wants it; asked by whoever starts a callback. What does not fit is no number. */
typedef void callback_written(void *arg, const char *number, struct buf *out);

/* Texts are copied. */
struct callback_options {
    enum callback_mode mode;
    const char
        *from; /* SIP URI that desk and person are called from; its host is the domain they are called in */
    const char *user,
        *password;   /* what a challenge is answered with (401, 407; HTTP's Basic); "" or NULL: nothing */
    const char *url; /* of CALLBACK_URL: `https://pbx.example/call?from={desk}&to={number}` */
    int64_t ring_s, limit_s; /* how long either side may ring; how long they may talk */
    callback_where *where;
    callback_written *written; /* NULL: as it stands */
    void *arg;                 /* of both */
    struct tls_context *tls;   /* for a next hop over TLS; taken over, NULL: none */
    struct log *log;
};

struct callback;

/* *ret_message: a sentence, to be freed. BF_EINVAL: an option; BF_EIO, BF_ENOMEM. Its thread runs when it returns. */
enum bf_err callback_create(const struct callback_options *options, struct callback **ret, char **ret_message)
    must_use;
/* Calls that are up are ended, as far as that goes without waiting. */
void callback_destroy(struct callback *c);

#define CALLBACK_TEXT 128u /* bytes of a desk, a name, a call's id, a reason; the NUL included */

/* Texts are copied. */
struct callback_request {
    const char *desk;   /* an extension or name in our domain, `201`, or its SIP URI */
    const char *number; /* the person's, from the book: `+390612345678` */
    const char *name;   /* of the person: what the desk's phone shows; "" or NULL: the number */
    const char *call;   /* the record's id of the call that is called back; "" or NULL: none */
};

enum callback_step { CALLBACK_DESK_RINGS, CALLBACK_PERSON_RINGS, CALLBACK_TALKING, CALLBACK_ENDED };
extern const char *const callback_step_words[]; /* "calling-desk", "calling-person", "talking", "ended" */

/* Who answered, by connected identity (`rsp`).                                              RFC 4916, RFC 9410 */
enum callback_reached { REACHED_UNKNOWN, REACHED_PROVEN, REACHED_ANOTHER };
extern const char *const callback_reached_words[]; /* "unknown", "proven", "another" */

struct callback_state {
    int64_t id; /* never 0 */
    enum callback_step step;
    bool connected;          /* the two have been connected, or whoever was asked to has said so */
    int sip_status;          /* that ended it, or HTTP's; 0: none */
    char why[CALLBACK_TEXT]; /* a sentence for people: what is waited for, or why it ended */
    enum callback_reached reached;
    char desk[CALLBACK_TEXT], number[CALLBACK_TEXT], name[CALLBACK_TEXT], call[CALLBACK_TEXT];
    utc_t started, connected_at, ended_at; /* 0: not yet */
};

/*
 * BF_EINVAL: a desk or a number that is none, or the desk is in a callback already; BF_ELIMIT: CALLBACK_CALLS are under way.
 * *ret_why on error: a sentence, constant; may be NULL.
 */
#define CALLBACK_CALLS 32u
enum bf_err callback_start(struct callback *c, const struct callback_request *request, int64_t *ret_id,
                           const char **ret_why) must_use;

/* false: no such callback, or it ended long ago (the last CALLBACK_KEPT are kept). */
#define CALLBACK_KEPT 128u
bool callback_look(struct callback *c, int64_t id, struct callback_state *ret);

/* CANCEL or BYE to both. BF_ENOENT: no such callback, or it has ended. */
enum bf_err callback_cancel(struct callback *c, int64_t id) must_use;

/*
 * Who is told of every change, by the room's thread, one at a time; it may call what stands above but callback_destroy.
 * NULL: nobody; when that returns, nobody is being told.
 */
typedef void callback_heard(void *arg, const struct callback_state *state);
void callback_hears(struct callback *c, callback_heard *heard, void *arg);

AUTO_DEFINE(struct callback, callback_destroy);

#endif
