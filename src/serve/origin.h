/* SPDX-License-Identifier: Apache-2.0 */
/* Through which door a message came, and where its answer goes. */
#ifndef SERVE_ORIGIN_H
#define SERVE_ORIGIN_H

#include "serve/serve.h"

struct udp_socket;
struct connection;
struct http_job;

#define LOCAL_BYTES 64u

struct origin {
    enum server_door door; /* DOOR_UDP, DOOR_TCP, DOOR_HTTP */
    enum listener_role role;
    bool stir; /* DOOR_HTTP: below /stir/v1/, role SIGN for a signing request */
    struct udp_socket *udp;
    struct connection *connection;
    uint64_t connection_number; /* still the same connection while its number is this */
    struct http_job *job;
    struct sockaddr_storage peer, to; /* who sent it; UDP: where the answer goes (RFC 3261 section 18.2.2) */
    socklen_t peer_n, to_n;
    /* UDP on an unspecified address: the control message that makes the answer leave from where the request arrived. */
    size_t local_n;
    bool secure; /* DOOR_TCP: over TLS */
    struct span
        tls_name; /* the name its verified certificate was accepted for; lives as long as the connection */
    struct span api_key; /* HTTP: the name of its key */
    char local[LOCAL_BYTES] __attribute__((aligned(8)));
};

static inline const struct sockaddr *origin_addr(const struct origin *o)
{
    return (const struct sockaddr *)&o->peer;
}

#endif
