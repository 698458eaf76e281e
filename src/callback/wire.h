/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket of one callback: a UDP port of its own, or a connection to the next hop (TCP, TLS), which answers and requests
 * of the other side come back on. Nothing here waits. Internal to the room.
 */
#ifndef CALLBACK_WIRE_H
#define CALLBACK_WIRE_H

#include "callback/callback.h"
#include "sip/message.h"

struct wire;

/* tls: for a target over TLS; borrowed until it returns. BF_EIO (errno), BF_ENOMEM, BF_ECRYPTO, BF_EINVAL: TLS without a context. */
enum bf_err wire_open(const struct callback_target *to, struct tls_context *tls, struct wire **ret) must_use;
void wire_close(struct wire *w); /* what the socket does not take at once is lost */

const char *wire_local(const struct wire *w);     /* `192.0.2.1:40123`: of Via and Contact */
const char *wire_host(const struct wire *w);      /* `192.0.2.1`, `[::1]` */
const char *wire_transport(const struct wire *w); /* "UDP", "TCP", "TLS" */
bool wire_is_stream(const struct wire *w);

/*
 * to NULL: the next hop. Of a stream, everything goes to the next hop. A datagram may be lost, also here; of a stream false
 * says that it is gone, or that too much waits.
 */
bool wire_send(struct wire *w, const struct sockaddr *to, struct span bytes);

struct wire_heard {
    const struct sip_message *message; /* valid until the next call */
    const struct sockaddr_storage *from;
};
enum wire_state { WIRE_NOTHING, WIRE_MESSAGE, WIRE_GONE };
/* The next message that came. WIRE_GONE: the connection is; errno or wire_why says why. */
enum wire_state wire_next(struct wire *w, struct wire_heard *ret);
const char *wire_why(const struct wire *w); /* what TLS has against the other side; NULL: nothing */

int wire_fd(const struct wire *w);
short wire_events(const struct wire *w);

AUTO_DEFINE(struct wire, wire_close);

#endif
