/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>

struct tls_stream {
    struct tls_context *context;
    SSL *ssl;
    bool shaken, broken, insecure;
    char to[TLS_NAME + 1]; /* of a client: what the peer must be; "": nothing */
    char peer[TLS_NAME + 1];
    size_t peer_n;
    char why[160];
};

/* The BIO belongs to the SSL from here on. */
static bool bind_to(const struct tls_context *c, SSL *ssl, int fd)
{
    BIO *bio = BIO_new(c->socket);
    if (!bio)
        return false;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return true;
}

enum bf_err tls_stream_create(struct tls_context *c, int fd, const char *to, struct tls_stream **ret)
{
    auto_(tls_stream_destroy) struct tls_stream *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    atomic_fetch_add(&c->holders, 1);
    s->context = c;
    s->ssl = SSL_new(c->ctx);
    if (!s->ssl || !bind_to(c, s->ssl, fd))
        return BF_ECRYPTO;
    s->insecure = c->insecure;
    if (c->client)
        SSL_set_connect_state(s->ssl);
    else
        SSL_set_accept_state(s->ssl);
    if (to && *to) {
        if (strlen(to) > TLS_NAME)
            return BF_ECRYPTO;
        memcpy(s->to, to, strlen(to) + 1);
        const bool address = to[0] == '[' || strspn(to, "0123456789.") == strlen(to);
        if (!address && SSL_set_tlsext_host_name(s->ssl, to) != 1) /* SNI holds names only */
            return BF_ECRYPTO;
    }
    *ret = s, s = NULL;
    return BF_OK;
}

void tls_stream_destroy(struct tls_stream *s)
{
    if (!s)
        return;
    if (s->ssl && s->shaken && !s->broken)
        SSL_shutdown(s->ssl);
    ERR_clear_error();
    SSL_free(s->ssl);
    tls_context_destroy(s->context);
    free(s);
}

static enum tls_step broken(struct tls_stream *s, const char *why)
{
    s->broken = true;
    snprintf(s->why, sizeof s->why, "%s", why);
    ERR_clear_error();
    return TLS_BROKEN;
}

/* What OpenSSL wants before it goes on. */
static enum tls_step step_of(struct tls_stream *s, int result)
{
    char text[160];
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ: return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE: return TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
    case SSL_ERROR_SYSCALL: return s->shaken ? TLS_CLOSED : broken(s, "the other side hung up");
    default: break;
    }
    const long verify = SSL_get_verify_result(s->ssl);
    const unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING && s->shaken) {
        ERR_clear_error();
        return TLS_CLOSED; /* frames have lengths: a goodbye that is missing cuts nothing off */
    }
    if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verify != X509_V_OK)
        snprintf(text, sizeof text, "the certificate of the other side: %s",
                 X509_verify_cert_error_string(verify));
    else
        snprintf(text, sizeof text, "%s", reason ? reason : "the handshake failed");
    return broken(s, text);
}

static void learn_peer(struct tls_stream *s, X509 *certificate)
{
    if (certificate && SSL_get_verify_result(s->ssl) == X509_V_OK &&
        SSL_get_verify_mode(s->ssl) != SSL_VERIFY_NONE)
        s->peer_n = tls_names_first(certificate, s->peer);
}

enum tls_step tls_stream_shake(struct tls_stream *s)
{
    if (s->broken)
        return TLS_BROKEN;
    if (s->shaken)
        return TLS_DONE;
    ERR_clear_error();
    const int result = SSL_do_handshake(s->ssl);
    if (result != 1)
        return step_of(s, result);
    X509 *certificate = SSL_get1_peer_certificate(s->ssl);
    learn_peer(s, certificate);
    const bool right = !*s->to || s->insecure || (certificate && tls_names_hold(certificate, span_of(s->to)));
    X509_free(certificate);
    if (!right) {
        char text[160];
        snprintf(text, sizeof text, "the certificate of the other side does not speak for %.80s", s->to);
        return broken(s, text);
    }
    s->shaken = true;
    return TLS_DONE;
}

enum tls_step tls_stream_read(struct tls_stream *s, char *out, size_t n, size_t *ret_n)
{
    const enum tls_step step = tls_stream_shake(s);
    if (step != TLS_DONE)
        return step;
    ERR_clear_error();
    const int result = SSL_read_ex(s->ssl, out, n, ret_n);
    return result == 1 ? TLS_DONE : step_of(s, result);
}

enum tls_step tls_stream_write(struct tls_stream *s, struct span bytes, size_t *ret_n)
{
    const enum tls_step step = tls_stream_shake(s);
    if (step != TLS_DONE)
        return step;
    ERR_clear_error();
    const int result = SSL_write_ex(s->ssl, bytes.p, bytes.n, ret_n);
    return result == 1 ? TLS_DONE : step_of(s, result);
}

bool tls_stream_shaken(const struct tls_stream *s)
{
    return s->shaken;
}

bool tls_stream_pending(const struct tls_stream *s)
{
    return s->shaken && !s->broken && SSL_pending(s->ssl) > 0;
}

const char *tls_stream_why(const struct tls_stream *s)
{
    return s->why;
}

struct span tls_stream_peer(const struct tls_stream *s)
{
    return span_make(s->peer, s->peer_n);
}

bool tls_stream_is(const struct tls_stream *s, struct span name)
{
    X509 *certificate = s->peer_n ? SSL_get1_peer_certificate(s->ssl) : NULL;
    const bool holds = certificate && tls_names_hold(certificate, name);
    X509_free(certificate);
    return holds;
}
