/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS on a socket that does not block, both sides of it.     RFC 3261 section 26.3.1, RFC 5922, RFC 8446, RFC 5246; SIP-024
 *
 * A context is what a configuration amounts to: certificates, keys, whom to believe. It is not changed once made, so that a
 * reload makes another; streams hold on to theirs. OpenSSL 3 does the work, TLS 1.2 and 1.3 only, no renegotiation, no
 * compression, no early data.
 *
 * Who the other side is, is a question of names (RFC 5922 section 7.1): the SIP URIs of a certificate's subjectAltName,
 * else its DNS names; no wildcard counts (section 7.2); the common name only where there is no subjectAltName at all.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <sys/types.h>
#include <openssl/types.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/span.h"

#define TLS_NAME 255u /* bytes of a name, at most (RFC 1035) */

enum tls_client {
    TLS_CLIENT_NONE,     /* clients are not asked for a certificate */
    TLS_CLIENT_OPTIONAL, /* one that is shown must hold */
    TLS_CLIENT_REQUIRED,
};

/* A certificate for one server name (SNI, RFC 6066 section 3). */
struct tls_named {
    const char *name, *cert, *key;
};

struct tls_server_options {
    const char *cert, *key;  /* PEM: the chain, the leaf first; the key, readable by nobody else */
    const char *client_ca;   /* PEM anchors of clients; NULL or "": none */
    enum tls_client clients; /* other than NONE needs client_ca */
    const struct tls_named *names;
    size_t n_names;
};

struct tls_client_options {
    const char *ca;         /* PEM anchors; NULL or "": those of the system */
    const char *cert, *key; /* what we show when asked; NULL or "": nothing */
    bool insecure;          /* believe any certificate: laboratories only */
};

struct tls_context;

/* *ret_message on error: a sentence that names the file, to be freed. BF_EIO, BF_EFORM, BF_EINVAL, BF_ENOMEM, BF_ECRYPTO. */
enum bf_err tls_server_create(const struct tls_server_options *options, struct tls_context **ret,
                              char **ret_message) must_use;
enum bf_err tls_client_create(const struct tls_client_options *options, struct tls_context **ret,
                              char **ret_message) must_use;
void tls_context_destroy(struct tls_context *c); /* its streams live on */

struct tls_stream;

/*
 * Over a connected socket, which stays the caller's. to: of a client, the name or address its peer must prove by RFC 5922
 * (also its SNI); NULL for servers. BF_ENOMEM, BF_ECRYPTO.
 */
enum bf_err tls_stream_create(struct tls_context *c, int fd, const char *to, struct tls_stream **ret)
    must_use;
void tls_stream_destroy(struct tls_stream *s); /* says goodbye if the socket takes it at once */

enum tls_step {
    TLS_DONE,
    TLS_WANTS_READ,  /* go on when the socket is readable */
    TLS_WANTS_WRITE, /* ... writable */
    TLS_CLOSED,      /* the other side has said goodbye, or hung up */
    TLS_BROKEN,      /* tls_stream_why; nothing more can be said */
};

/* Goes on with the handshake; every other function does so too while it is not over. */
enum tls_step tls_stream_shake(struct tls_stream *s);

/* *ret_n bytes came or went, on TLS_DONE only. n > 0. */
enum tls_step tls_stream_read(struct tls_stream *s, char *out, size_t n, size_t *ret_n);
enum tls_step tls_stream_write(struct tls_stream *s, struct span bytes, size_t *ret_n);

bool tls_stream_shaken(const struct tls_stream *s);     /* the handshake is over */
bool tls_stream_pending(const struct tls_stream *s);    /* bytes wait inside that no poll tells of */
const char *tls_stream_why(const struct tls_stream *s); /* words; valid as long as it */

/*
 * The name its verified certificate was accepted for: of a client the first SIP domain or DNS name of it. Empty: it has
 * shown none. Valid as long as the stream.
 */
struct span tls_stream_peer(const struct tls_stream *s);
/* Does the verified certificate of the peer speak for this name, too? */
bool tls_stream_is(const struct tls_stream *s, struct span name);

/* names.c: the same question of a certificate. ip: `name` is an address. */
bool tls_names_hold(X509 *certificate, struct span name);
/* The first name of it, as text of at most TLS_NAME bytes; 0: none. */
size_t tls_names_first(X509 *certificate, char out[static TLS_NAME + 1]);

AUTO_DEFINE(struct tls_context, tls_context_destroy);
AUTO_DEFINE(struct tls_stream, tls_stream_destroy);

#endif
