/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd speaks TLS by GnuTLS: it takes the files as texts. Which client certificate counts is asked once a
 * connection, and kept beside its socket.
 */
#include "serve/http_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <openssl/crypto.h>

#include "serve/http_door.h"

#define FILE_MOST (1u << 20)
#define NAME_MOST 256u

/* ---- files ---- */

static enum bf_err say(char **ret_message, enum bf_err err, const char *path, const char *what)
{
    if (asprintf(ret_message, "http.tls: %s: %s", path, what) < 0)
        *ret_message = NULL;
    return err;
}

static enum bf_err read_text(const char *path, bool secret, char **ret, char **ret_message)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return say(ret_message, BF_EIO, path, strerror(errno));
    const char *wrong = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ? "no regular file"
                        : st.st_size == 0 || st.st_size > FILE_MOST ? "it is empty, or larger than 1 MiB"
                        : secret && (st.st_mode & 077)              ? "others may read this key: chmod 600"
                                                                    : NULL;
    char *text = wrong ? NULL : calloc(1, (size_t)st.st_size + 1);
    const ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
    close(fd);
    *ret = text;
    if (wrong)
        return say(ret_message, secret && (st.st_mode & 077) ? BF_EDENIED : BF_EFORM, path, wrong);
    if (!text)
        return BF_ENOMEM;
    return n == st.st_size ? BF_OK : say(ret_message, BF_EIO, path, "it changed while it was read");
}

static gnutls_datum_t datum(char *text)
{
    return (gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

/* What libmicrohttpd would only answer with a failed start. */
static enum bf_err try_out(const struct config *c, const struct http_tls *t, char **ret_message)
{
    gnutls_certificate_credentials_t credentials = NULL;
    const gnutls_datum_t cert = datum(t->cert), key = datum(t->key);
    if (gnutls_certificate_allocate_credentials(&credentials) != GNUTLS_E_SUCCESS)
        return BF_ENOMEM;
    enum bf_err err = BF_OK;
    const int pair = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (pair < 0)
        err = say(ret_message, BF_EFORM, c->http.tls_cert, gnutls_strerror(pair));
    if (!err && t->client_ca) {
        const gnutls_datum_t ca = datum(t->client_ca);
        if (gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM) < 1)
            err = say(ret_message, BF_EFORM, c->http.tls_client_ca, "no certificate can be read from it");
    }
    gnutls_certificate_free_credentials(credentials);
    return err;
}

enum bf_err http_tls_create(const struct config *c, struct http_tls **ret, char **ret_message)
{
    *ret = NULL;
    if (!c->http.on || !c->http.tls_cert)
        return BF_OK;
    auto_(http_tls_destroy) struct http_tls *t = calloc(1, sizeof *t);
    if (!t)
        return BF_ENOMEM;
    t->optional = c->http.client_optional;
    enum bf_err err = read_text(c->http.tls_cert, false, &t->cert, ret_message);
    if (!err)
        err = read_text(c->http.tls_key, true, &t->key, ret_message);
    if (!err && c->http.tls_client_ca)
        err = read_text(c->http.tls_client_ca, false, &t->client_ca, ret_message);
    if (!err)
        err = try_out(c, t, ret_message);
    if (err)
        return err;
    *ret = t, t = NULL;
    return BF_OK;
}

void http_tls_destroy(struct http_tls *t)
{
    if (!t)
        return;
    if (t->key)
        OPENSSL_cleanse(t->key, strlen(t->key));
    free(t->key);
    free(t->cert);
    free(t->client_ca);
    free(t);
}

/* ---- clients ---- */

/* What is known of a connection's client: kept until it is closed. */
struct client {
    bool asked, good;
    char name[NAME_MOST]; /* "" where it has none */
};

/* The first DNS name, else the common name. A name with a NUL in it is none. */
static bool name_of(gnutls_x509_crt_t cert, char out[static NAME_MOST])
{
    for (unsigned i = 0;; i++) {
        size_t n = NAME_MOST - 1;
        const int kind = gnutls_x509_crt_get_subject_alt_name(cert, i, out, &n, NULL);
        if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        if (kind == GNUTLS_SAN_DNSNAME) {
            out[n] = '\0';
            return strlen(out) == n;
        }
    }
    size_t n = NAME_MOST;
    out[0] = '\0';
    if (gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &n) < 0)
        out[0] = '\0';
    return true;
}

static bool verify(gnutls_session_t session, char out[static NAME_MOST])
{
    unsigned status = 0, n = 0;
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    gnutls_x509_crt_t cert = NULL;
    if (!chain || n == 0 || gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0 || status)
        return false;
    if (gnutls_x509_crt_init(&cert) != GNUTLS_E_SUCCESS)
        return false;
    const bool good = gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
                      name_of(cert, out);
    gnutls_x509_crt_deinit(cert);
    if (!good)
        out[0] = '\0';
    return good;
}

/* A connection whose client nobody can keep is one without a certificate. */
void http_connection_event(void *door, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode what)
{
    const struct http_door *d = door;
    (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*context);
        *context = NULL;
    } else if (d->http->tls && d->http->tls->client_ca) {
        *context = calloc(1, sizeof(struct client));
    }
}

/* Asked when its first request is there: the handshake is over by then. */
static const struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *at =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct client *client = at ? at->socket_context : NULL;
    if (!client || client->asked)
        return client;
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    client->asked = true;
    client->good = tls && tls->tls_session && verify(tls->tls_session, client->name);
    return client;
}

bool http_tls_admits(const struct http_door *d, struct MHD_Connection *connection, const char **ret_name)
{
    const struct http_tls *t = d->http->tls;
    if (!t || !t->client_ca)
        return true;
    const struct client *client = client_of(connection);
    if (client && client->good)
        *ret_name = client->name;
    return (client && client->good) || t->optional;
}
