/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to contexts of OpenSSL. A server has one for each name it goes by, picked by what the client asks for
 * (SNI); clients that ask for nothing, or for a name we do not know, get the first.
 */
#include "tls/inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/err.h>

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...) printf_(3, 4);
static enum bf_err told(enum bf_err err, char **ret_message, const char *format, ...)
{
    va_list args;
    ERR_clear_error();
    va_start(args, format);
    if (vasprintf(ret_message, format, args) < 0)
        *ret_message = NULL;
    va_end(args);
    return err;
}

static bool is_set(const char *text)
{
    return text && *text;
}

static const char *openssl_says(void)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    return why ? why : "unknown";
}

static enum bf_err key_is_private(const char *path, char **ret_message)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return told(BF_EIO, ret_message, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return told(BF_EIO, ret_message, "%s: no regular file", path);
    if (st.st_mode & 077)
        return told(BF_EDENIED, ret_message, "%s: others may read this key (mode %04o): chmod 600 %s", path,
                    (unsigned)(st.st_mode & 07777), path);
    return BF_OK;
}

/* A key with a passphrase is not asked for one: a server has nobody to ask. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the shape is OpenSSL's */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

static enum bf_err load_pair(SSL_CTX *ctx, const char *cert, const char *key, char **ret_message)
{
    struct stat st;
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (stat(cert, &st) != 0)
        return told(BF_EIO, ret_message, "%s: %s", cert, strerror(errno));
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        return told(BF_EFORM, ret_message, "%s: no certificate chain in PEM: %s", cert, openssl_says());
    enum bf_err err = key_is_private(key, ret_message);
    if (err)
        return err;
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return told(BF_EFORM, ret_message,
                    "%s: no private key in PEM without a passphrase that belongs to %s: %s", key, cert,
                    openssl_says());
    return BF_OK;
}

static enum bf_err load_anchors(SSL_CTX *ctx, const char *path, char **ret_message)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return told(BF_EIO, ret_message, "%s: %s", path, strerror(errno));
    if (SSL_CTX_load_verify_file(ctx, path) != 1)
        return told(BF_EFORM, ret_message, "%s: no certificate in PEM: %s", path, openssl_says());
    return BF_OK;
}

static SSL_CTX *make(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (!ctx)
        return NULL;
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_options(ctx,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets need no memory of ours */
    return ctx;
}

static enum bf_err ask_clients(SSL_CTX *ctx, const struct tls_server_options *o, char **ret_message)
{
    static const unsigned char here[] = "bonafide";
    if (o->clients == TLS_CLIENT_NONE)
        return BF_OK;
    if (!is_set(o->client_ca))
        return told(
            BF_EINVAL, ret_message,
            "clients are asked for certificates, and none would be believed: name their CA (client_ca)");
    const enum bf_err err = load_anchors(ctx, o->client_ca, ret_message);
    if (err)
        return err;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(o->client_ca);
    if (names)
        SSL_CTX_set_client_CA_list(ctx, names); /* taken over */
    SSL_CTX_set_session_id_context(ctx, here, sizeof here - 1);
    SSL_CTX_set_verify(
        ctx, SSL_VERIFY_PEER | (o->clients == TLS_CLIENT_REQUIRED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        NULL);
    return BF_OK;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the shape is OpenSSL's */
static int pick(SSL *ssl, int *alert, void *arg)
{
    const struct tls_context *c = arg;
    const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    for (size_t i = 0; asked && i < c->n_names; i++)
        if (span_equal_nocase(span_of(asked), span_of(c->names[i].name))) {
            SSL_set_SSL_CTX(ssl, c->names[i].ctx);
            break;
        }
    return SSL_TLSEXT_ERR_OK;
}

static enum bf_err server_one(const struct tls_server_options *o, const char *cert, const char *key,
                              SSL_CTX **ret, char **ret_message)
{
    SSL_CTX *ctx = make(TLS_server_method());
    if (!ctx)
        return told(BF_ECRYPTO, ret_message, "OpenSSL cannot make a TLS context: %s", openssl_says());
    enum bf_err err = load_pair(ctx, cert, key, ret_message);
    if (!err)
        err = ask_clients(ctx, o, ret_message);
    if (err)
        SSL_CTX_free(ctx);
    else
        *ret = ctx;
    return err;
}

static struct tls_context *context_new(void)
{
    struct tls_context *c = calloc(1, sizeof *c);
    if (c && !(c->socket = tls_socket())) {
        free(c);
        return NULL;
    }
    if (c)
        atomic_init(&c->holders, 1);
    return c;
}

enum bf_err tls_server_create(const struct tls_server_options *o, struct tls_context **ret,
                              char **ret_message)
{
    auto_(tls_context_destroy) struct tls_context *c = context_new();
    *ret_message = NULL;
    if (!c)
        return BF_ENOMEM;
    if (!is_set(o->cert) || !is_set(o->key))
        return told(BF_EINVAL, ret_message, "a TLS listener needs a certificate and its key");
    enum bf_err err = server_one(o, o->cert, o->key, &c->ctx, ret_message);
    if (err)
        return err;
    c->names = calloc(o->n_names + 1, sizeof *c->names);
    if (!c->names)
        return BF_ENOMEM;
    for (size_t i = 0; i < o->n_names; i++) {
        struct tls_context_name *name = &c->names[i];
        if (!(name->name = strdup(o->names[i].name)))
            return BF_ENOMEM;
        c->n_names++;
        err = server_one(o, o->names[i].cert, o->names[i].key, &name->ctx, ret_message);
        if (err)
            return err;
    }
    SSL_CTX_set_tlsext_servername_callback(c->ctx, pick);
    SSL_CTX_set_tlsext_servername_arg(c->ctx, c);
    *ret = c, c = NULL;
    return BF_OK;
}

enum bf_err tls_client_create(const struct tls_client_options *o, struct tls_context **ret,
                              char **ret_message)
{
    auto_(tls_context_destroy) struct tls_context *c = context_new();
    enum bf_err err = BF_OK;
    *ret_message = NULL;
    if (!c)
        return BF_ENOMEM;
    c->ctx = make(TLS_client_method());
    if (!c->ctx)
        return told(BF_ECRYPTO, ret_message, "OpenSSL cannot make a TLS context: %s", openssl_says());
    c->client = true;
    c->insecure = o->insecure;
    SSL_CTX_set_verify(c->ctx, o->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (is_set(o->ca))
        err = load_anchors(c->ctx, o->ca, ret_message);
    else if (SSL_CTX_set_default_verify_paths(c->ctx) != 1)
        err = told(BF_EIO, ret_message, "the system has no certificates to believe: name a CA");
    if (!err && is_set(o->cert))
        err = load_pair(c->ctx, o->cert, is_set(o->key) ? o->key : o->cert, ret_message);
    if (err)
        return err;
    *ret = c, c = NULL;
    return BF_OK;
}

void tls_context_destroy(struct tls_context *c)
{
    if (!c || atomic_fetch_sub(&c->holders, 1) != 1)
        return;
    for (size_t i = 0; i < c->n_names; i++) {
        SSL_CTX_free(c->names[i].ctx);
        free(c->names[i].name);
    }
    free(c->names);
    SSL_CTX_free(c->ctx);
    BIO_meth_free(c->socket);
    free(c);
}
