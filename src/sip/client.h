/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking: one client transaction at a time over one socket.      RFC 3261 sections 17.1, 18.1, 13.2.2.4; UDP, TCP and TLS, IPv4 and IPv6
 *
 * Two ways to use it. Blocking: client_ask, with a deadline. Or in somebody's event loop: client_begin, then
 * client_turn whenever client_fd is ready for client_events or client_next has come.
 * Retransmits over UDP (timers A and E, from 500 ms on), acknowledges final answers to INVITE, also repeated ones.
 * A client belongs to one thread at a time. It resolves no names and keeps no dialog.
 */
#ifndef SIP_CLIENT_H
#define SIP_CLIENT_H

#include <sys/socket.h>

#include "base/clock.h"
#include "base/fault.h"
#include "sip/message.h"
#include "tls/tls.h"

struct client;

struct client_options {
    const struct sockaddr *to;
    socklen_t to_n;
    const struct sockaddr *from; /* address to send from, port 0 for any; NULL: the system's choice */
    socklen_t from_n;
    bool tcp;
    struct tls_context
        *tls;         /* TLS over TCP, whatever `tcp` says; borrowed until client_open returns; NULL: none */
    const char *name; /* what its certificate must speak for (RFC 5922), and its SNI; NULL: nothing */
};

/* A socket that hears only `to`. TCP, TLS: connecting begins, and is waited for by the first request. BF_EIO (errno), BF_ENOMEM, BF_ECRYPTO. */
enum bf_err client_open(const struct client_options *options, struct client **ret) must_use;
void client_close(struct client *c);

/* `192.0.2.1:40123`, `[::1]:40123`: what Via and Contact name. Valid as long as the client. */
const char *client_local(const struct client *c);
/* "UDP", "TCP", "TLS" */
const char *client_transport(const struct client *c);

/* A branch, tag or Call-ID nobody used before: `z9hG4bK` and the like are put in front by the caller. */
#define CLIENT_WORD 16u
char *client_word(char out[static CLIENT_WORD + 1]);

enum client_state {
    CLIENT_WAITING, /* nothing new */
    CLIENT_EARLY,   /* a provisional answer: client_answer */
    CLIENT_DONE,    /* a final answer: client_answer; an INVITE's has been acknowledged */
    CLIENT_LOST,    /* no answer by the deadline, or the other side is gone: client_error */
};

/*
 * Sends a request: a whole message whose top Via names client_local and a new branch; it is copied. What was asked
 * before is forgotten (but for its ACK). deadline: monotonic. BF_EFORM: it is no request; BF_EIO; BF_ELIMIT;
 * BF_EINVAL: the stream holds half of an earlier request, open another client.
 */
enum bf_err client_begin(struct client *c, struct span request, mono_t now, mono_t deadline) must_use;

enum client_state client_turn(struct client *c, mono_t now);

/* The answer that client_turn spoke of; valid until the next call. */
const struct sip_message *client_answer(const struct client *c);
enum bf_err client_error(const struct client *c); /* BF_ETIME; BF_EIO: errno of client_errno */
int client_errno(const struct client *c);
const char *client_why(const struct client *c); /* what TLS has against the other side; NULL: nothing */

int client_fd(const struct client *c);
short client_events(const struct client *c); /* POLLIN, POLLOUT */
mono_t client_next(const struct client *c);  /* when client_turn wants to be called at the latest */

/*
 * Asks and waits. *ret: the final answer, valid until the next call. early may be NULL.
 * BF_ETIME after timeout_ms (an INVITE that rings is cancelled), BF_EIO, BF_EFORM.
 */
typedef void client_early(void *arg, const struct sip_message *answer);
enum bf_err client_ask(struct client *c, struct span request, int timeout_ms, client_early *early, void *arg,
                       const struct sip_message **ret) must_use;

/* Ends the call that the last INVITE set up (its final answer was 2xx): BYE, and its answer is waited for. */
enum bf_err client_hang_up(struct client *c, int timeout_ms) must_use;

AUTO_DEFINE(struct client, client_close);

#endif
