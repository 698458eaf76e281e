/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of the HTTP listener: its files, read once, and whose client certificates count. */
#ifndef SERVE_HTTP_TLS_H
#define SERVE_HTTP_TLS_H

#include "serve/config.h"

struct http_tls {
    char *cert, *key, *client_ca; /* PEM; client_ca NULL: no certificate is asked for */
    bool optional;
};

/* *ret NULL: the listener speaks without TLS. *ret_message names the file: a key that others may read, one of another certificate. */
enum bf_err http_tls_create(const struct config *config, struct http_tls **ret, char **ret_message) must_use;
void http_tls_destroy(struct http_tls *t);

AUTO_DEFINE(struct http_tls, http_tls_destroy);

#endif
